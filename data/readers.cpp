#include "data/readers.h"

#include <charconv>
#include <cstdio>
#include <string_view>

#include "data/file.h"
#include "data/file_format.h"
#include "data/text/lines.h"

namespace heed::data {

namespace {

// ---- IDX --------------------------------------------------------------------------------------------------

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

std::string hex(std::uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", value);
  return text;
}

// The sizes in the header, checked against the length of the file.
Shape idx_sizes(const std::string& path, const std::string& bytes, std::uint32_t magic, int axes) {
  const char* op = "read_idx";
  const std::size_t header = 4 + 4 * static_cast<std::size_t>(axes);
  check(bytes.size() >= 4, op, path, ": cut off at byte ", bytes.size(),
        " inside the magic number; expected 4 bytes, ", hex(magic));
  check_format(op, path, bytes, "an IDX file");
  check(big_endian(bytes, 0) == magic, op, path, ": magic number ", hex(big_endian(bytes, 0)),
        " at byte 0, expected ", hex(magic),
        axes == 3 ? " (images of unsigned bytes)" : " (labels of unsigned bytes)");
  check(bytes.size() >= header, op, path, ": cut off at byte ", bytes.size(), " inside the header of ",
        header, " bytes");
  Shape sizes;
  std::uint64_t expected = 1;
  const std::uint64_t held = bytes.size() - header;
  for (int i = 0; i < axes; ++i) {
    const std::uint32_t size = big_endian(bytes, 4 + 4 * static_cast<std::size_t>(i));
    check(size > 0, op, path, ": size 0 at byte ", 4 + 4 * i, "; a set is not empty");
    sizes.push_back(size);
    // Never multiplied further than the file could hold: a huge claim neither overflows nor allocates.
    expected = expected > held / size ? held + 1 : expected * size;
  }
  check(expected <= held, op, path, ": the header claims ", sizes, ", but after it the file holds only ",
        held, " bytes; it is cut off, or the count at byte 4 is wrong");
  check(expected == held, op, path, ": ", held - expected, " bytes too many after byte ", header + expected,
        "; the header claims ", sizes);
  return sizes;
}

}  // namespace

Tensor read_idx_images(const std::string& path) {
  const std::string bytes = read_file("read_idx", path);
  const Shape sizes = idx_sizes(path, bytes, 0x00000803, 3);
  Tensor images = empty({sizes[0], 1, sizes[1], sizes[2]});
  float* pixel = images.mutable_data<float>();
  for (std::size_t i = 16; i < bytes.size(); ++i)
    *pixel++ = static_cast<float>(static_cast<unsigned char>(bytes[i])) / 255.0F;
  return images;
}

IntTensor read_idx_labels(const std::string& path) {
  const std::string bytes = read_file("read_idx", path);
  const Shape sizes = idx_sizes(path, bytes, 0x00000801, 1);
  std::vector<index_t> labels;
  for (std::size_t i = 8; i < bytes.size(); ++i) labels.push_back(static_cast<unsigned char>(bytes[i]));
  return {std::move(labels), sizes};
}

Dataset read_idx(const std::string& images_path, const std::string& labels_path) {
  Dataset set{read_idx_images(images_path), read_idx_labels(labels_path)};
  check(set.images.size(0) == set.labels.numel(), "read_idx", images_path, " holds ", set.images.size(0),
        " images and ", labels_path, " ", set.labels.numel(), " labels; every image has one label");
  return set;
}

// ---- CSV --------------------------------------------------------------------------------------------------

Dataset parse_csv(const std::string& text, const std::string& name, const CsvForm& form) {
  const char* op = "read_csv";
  check(form.height >= 1 && form.width >= 1 && form.top >= 1 && form.classes >= 1, op,
        "the form has a size below 1");
  const index_t pixels = form.height * form.width;
  std::vector<float> values;
  std::vector<index_t> labels;
  index_t line_number = 0;
  for (const std::string_view line : lines_of(text)) {
    ++line_number;
    const char* at = line.data();
    const char* end = at + line.size();
    for (index_t i = 0; i <= pixels; ++i) {
      const auto place = [&] { return concat(name, ":", line_number, ":", at - line.data() + 1, ": "); };
      const index_t limit = i < pixels ? form.top : form.classes - 1;
      const char* what = i < pixels ? "an intensity" : "a label";
      index_t value = 0;
      const auto [after, error] = std::from_chars(at, end, value);
      check(error == std::errc(), op, place(), "expected ", what, " from 0 to ", limit, " (number ", i + 1,
            " of ", pixels + 1, ")", at == end ? ", the line ends here" : "");
      check(value >= 0 && value <= limit, op, place(), value, " is not ", what, " from 0 to ", limit);
      at = after;
      if (i < pixels) {
        check(at != end && *at == ',', op, place(), "expected a comma after number ", i + 1, " of ",
              pixels + 1);
        ++at;
        values.push_back(static_cast<float>(value) / static_cast<float>(form.top));
      } else {
        check(at == end, op, place(), "the line goes on after its ", pixels + 1, " numbers");
        labels.push_back(value);
      }
    }
  }
  check(!labels.empty(), op, name, ": the file is empty; expected lines of ", pixels + 1, " numbers");
  const auto count = static_cast<index_t>(labels.size());
  return {from_vector(values, {count, 1, form.height, form.width}), IntTensor(std::move(labels), {count})};
}

Dataset read_csv(const std::string& path, const CsvForm& form) {
  const std::string text = read_file("read_csv", path);
  check_format("read_csv", path, text, "lines of numbers (CSV)");
  return parse_csv(text, path, form);
}

}  // namespace heed::data
