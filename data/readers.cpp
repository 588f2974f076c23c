#include "data/readers.h"

#include <charconv>
#include <cstdio>
#include <ostream>
#include <string_view>

#include "data/file.h"
#include "data/file_format.h"
#include "data/text/lines.h"

namespace heed::data {

namespace {

// ---- IDX --------------------------------------------------------------------------------------------------

std::uint32_t big_endian(const std::string& bytes, std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
  return value;
}

// Prints as 0x and eight hexadecimal digits.
struct Hex {
  std::uint32_t value;
};
std::ostream& operator<<(std::ostream& out, const Hex& hex) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", hex.value);
  return out << text;
}

// Returns the sizes in the header after comparing them with the length of the file.
Shape idx_sizes(const std::string& path, const std::string& bytes, std::uint32_t magic, int axes) {
  const char* op = "read_idx";
  const std::size_t header = 4 + 4 * static_cast<std::size_t>(axes);
  check(bytes.size() >= 4, op, path, ": expected a magic number of 4 bytes, ", Hex{magic}, ", got ",
        bytes.size(), " bytes; the file is truncated");
  check_format(op, path, bytes, "an IDX file");
  check(big_endian(bytes, 0) == magic, op, path, ": expected magic number ", Hex{magic},
        axes == 3 ? " (images of unsigned bytes)" : " (labels of unsigned bytes)", ", got ",
        Hex{big_endian(bytes, 0)});
  check(bytes.size() >= header, op, path, ": expected a header of ", header, " bytes, got ", bytes.size(),
        "; the file is truncated");
  Shape sizes;
  std::uint64_t expected = 1;
  const std::uint64_t available = bytes.size() - header;
  for (int i = 0; i < axes; ++i) {
    const std::uint32_t size = big_endian(bytes, 4 + 4 * static_cast<std::size_t>(i));
    check(size > 0, op, path, ": byte ", 4 + 4 * i, ": expected a size of at least 1, got 0");
    sizes.push_back(size);
    // Saturates at one more than the file contains, so huge sizes neither overflow nor allocate memory.
    expected = expected > available / size ? available + 1 : expected * size;
  }
  check(expected == available, op, path, ": expected data of shape ", sizes, " after the header, got ",
        available, " bytes",
        expected > available ? "; the file is truncated, or a size in the header is wrong" : "");
  return sizes;
}

}  // namespace

Tensor read_idx_images(const std::string& path) {
  const std::string bytes = read_file("read_idx", path);
  const Shape sizes = idx_sizes(path, bytes, 0x00000803, 3);
  Tensor images = empty({sizes[0], 1, sizes[1], sizes[2]});
  float* pixels = images.mutable_data<float>();
  constexpr std::size_t header = 16;
  for (std::size_t i = header; i < bytes.size(); ++i)
    pixels[i - header] = static_cast<float>(static_cast<unsigned char>(bytes[i])) / 255.0F;
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
  Dataset dataset{read_idx_images(images_path), read_idx_labels(labels_path)};
  check(dataset.images.size(0) == dataset.labels.numel(), "read_idx", "expected one label per image, got ",
        dataset.images.size(0), " images in ", images_path, " and ", dataset.labels.numel(), " labels in ",
        labels_path);
  return dataset;
}

// ---- CSV --------------------------------------------------------------------------------------------------

namespace {

// Parses one line: `pixels` intensities, then a label.
class CsvLine {
 public:
  CsvLine(std::string_view line, const std::string& name, index_t number)
      : name_(name), number_(number), begin_(line.data()), next_(begin_), end_(begin_ + line.size()) {}

  // Parses the integer with this index among `count` and returns it if it lies in [0, limit].
  index_t integer(const char* kind, index_t index, index_t count, index_t limit) {
    index_t value = 0;
    const auto [after, error] = std::from_chars(next_, end_, value);
    require(error == std::errc(), "expected ", kind, " from 0 to ", limit, " (number ", index + 1, " of ",
            count, ")", next_ == end_ ? ", got the end of the line" : "");
    require(value >= 0 && value <= limit, "expected ", kind, " from 0 to ", limit, ", got ", value);
    next_ = after;
    return value;
  }
  void comma(index_t index, index_t count) {
    require(next_ != end_ && *next_ == ',', "expected a comma after number ", index + 1, " of ", count);
    ++next_;
  }
  void end(index_t count) {
    require(next_ == end_, "expected the end of the line after ", count, " numbers");
  }

 private:
  template <class... Parts>
  void require(bool holds, const Parts&... parts) const {
    check(holds, "read_csv", name_, ":", number_, ":", next_ - begin_ + 1, ": ", parts...);
  }

  const std::string& name_;
  index_t number_;
  const char *begin_, *next_, *end_;
};

}  // namespace

Dataset parse_csv(const std::string& text, const std::string& name, const CsvFormat& format) {
  check(format.height >= 1 && format.width >= 1 && format.max_intensity >= 1 && format.classes >= 1,
        "read_csv", "expected a format with sizes of at least 1, got height ", format.height, ", width ",
        format.width, ", max_intensity ", format.max_intensity, ", classes ", format.classes);
  const index_t pixels = format.height * format.width;
  std::vector<float> values;
  std::vector<index_t> labels;
  index_t line_number = 0;
  for (const std::string_view text_line : lines_of(text)) {
    ++line_number;
    CsvLine line(text_line, name, line_number);
    for (index_t i = 0; i < pixels; ++i) {
      const index_t intensity = line.integer("an intensity", i, pixels + 1, format.max_intensity);
      line.comma(i, pixels + 1);
      values.push_back(static_cast<float>(intensity) / static_cast<float>(format.max_intensity));
    }
    labels.push_back(line.integer("a label", pixels, pixels + 1, format.classes - 1));
    line.end(pixels + 1);
  }
  check(!labels.empty(), "read_csv", name, ": expected lines of ", pixels + 1, " numbers, got an empty file");
  const auto count = static_cast<index_t>(labels.size());
  return {from_vector(values, {count, 1, format.height, format.width}),
          IntTensor(std::move(labels), {count})};
}

Dataset read_csv(const std::string& path, const CsvFormat& format) {
  const std::string text = read_file_of_format("read_csv", path, "lines of numbers (CSV)", EmptyFile::allow);
  return parse_csv(text, path, format);
}

}  // namespace heed::data
