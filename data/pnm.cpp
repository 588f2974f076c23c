// pnm.cpp — a header of four words, then numbers; and the way from there to what a model reads.
#include "data/pnm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/ops.h"
#include "data/file.h"
#include "data/file_format.h"

namespace heed::data {

namespace {

constexpr index_t most_pixels = index_t{1} << 28;

// Reads words and numbers, and knows where it stands.
struct Reader {
  const std::string& bytes;
  const std::string& name;
  std::size_t at = 0;

  static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  // Skips one blank or one comment: for netpbm, a comment and its line end (LF or CR) are one blank.
  bool skip_one() {
    if (at >= bytes.size() || (!is_blank(bytes[at]) && bytes[at] != '#')) return false;
    if (bytes[at] == '#') at = std::min(bytes.find_first_of("\r\n", at), bytes.size() - 1);
    ++at;
    return true;
  }
  void skip() {
    while (skip_one()) {
    }
  }
  index_t left() const { return static_cast<index_t>(bytes.size() - at); }
  index_t number(const char* what, index_t low, index_t high) {
    skip();
    const std::size_t begin = at;
    index_t value = 0;
    for (; at < bytes.size() && bytes[at] >= '0' && bytes[at] <= '9'; ++at)
      value = std::min<index_t>(10 * value + (bytes[at] - '0'), index_t{1} << 40);
    check(at > begin, "read_pnm", name, ": expected ", what, " at byte ", begin,
          begin >= bytes.size() ? ", but the file ends there" : "");
    check(value >= low && value <= high, "read_pnm", name, ": ", what, " at byte ", begin, " must be from ",
          low, " to ", high, ", got ", value >= index_t{1} << 40 ? "more than that" : std::to_string(value));
    return value;
  }
};

}  // namespace

Tensor parse_pnm(const std::string& bytes, const std::string& name) {
  const char kind = bytes.size() >= 2 && bytes[0] == 'P' ? bytes[1] : ' ';
  check(kind == '2' || kind == '3' || kind == '5' || kind == '6', "read_pnm", name,
        ": begins with none of P2, P3, P5, P6; expected a PGM or PPM picture");
  const bool in_text = kind == '2' || kind == '3';
  const index_t channels = kind == '3' || kind == '6' ? 3 : 1;
  Reader reader{bytes, name, 2};
  const index_t width = reader.number("the width", 1, most_pixels),
                height = reader.number("the height", 1, most_pixels);
  check(width <= most_pixels / height, "read_pnm", name, ": ", width, " x ", height, " pixels are more than ",
        most_pixels);
  const index_t top = reader.number("the largest level", 1, 65535);
  const index_t samples = channels * width * height, each = top > 255 ? 2 : 1;
  const std::size_t header = reader.at;
  if (!in_text) {
    check(reader.skip_one(), "read_pnm", name, ": expected one blank at byte ", header, ", after the header");
    // After a header that ends in CR LF: the file's size tells the LF from a level of 10.
    const bool line_feed = bytes[reader.at - 1] == '\r' && reader.at < bytes.size() &&
                           bytes[reader.at] == '\n' && reader.left() == each * samples + 1;
    if (line_feed) ++reader.at;
    check(reader.left() == each * samples, "read_pnm", name, ": ", width, " x ", height, " pixels need ",
          each * samples, " bytes after the header, the file holds ", reader.left());
  }
  const index_t held = reader.left();
  check(!in_text || held >= 2 * samples, "read_pnm", name, ": ", width, " x ", height, " pixels need ",
        samples, " numbers, too many for the ", held, " bytes that the file holds after the header");

  Tensor picture = empty({channels, height, width});
  float* to = picture.mutable_data<float>();
  for (index_t i = 0; i < samples; ++i) {  // the file has the channels of a pixel side by side
    const auto byte = [&](std::size_t place) { return index_t{static_cast<unsigned char>(bytes[place])}; };
    const std::size_t place = reader.at + static_cast<std::size_t>(i * each);
    const index_t level = in_text     ? reader.number("a level", 0, top)
                          : each == 1 ? byte(place)
                                      : 256 * byte(place) + byte(place + 1);
    check(level <= top, "read_pnm", name, ": level ", level, " at byte ", place, " is above the largest, ",
          top);
    to[i % channels * height * width + i / channels] =
        static_cast<float>(static_cast<double>(level) / static_cast<double>(top));
  }
  if (in_text) {
    reader.skip();
    check(reader.at >= bytes.size(), "read_pnm", name, ": more than ", samples, " levels; byte ", reader.at,
          " is too much");
  }
  return picture;
}

Tensor read_pnm(const std::string& path) {
  const std::string bytes = read_file("read_pnm", path);
  check_format("read_pnm", path, bytes, "a PGM or PPM image");
  return parse_pnm(bytes, path);
}

void write_pnm(const std::string& path, const Tensor& picture) {
  check(picture.defined() && picture.rank() == 3 && (picture.size(0) == 1 || picture.size(0) == 3),
        "write_pnm", path, ": a picture is (3, height, width) or (1, height, width), got ",
        picture.defined() ? to_string(picture.shape()) : "an undefined tensor");
  const std::vector<double> pixels = picture.permute({1, 2, 0}).to_vector();
  write_whole("write_pnm", path, [&](std::ostream& out) {
    out << (picture.size(0) == 3 ? "P6\n" : "P5\n") << picture.size(2) << " " << picture.size(1) << "\n255\n";
    for (const double x : pixels) out.put(static_cast<char>(std::lround(255 * std::clamp(x, 0.0, 1.0))));
  });
}

// Height at `x` from the middle.
static double height_of(Filter filter, double x) {
  x = std::abs(x);
  if (filter == Filter::triangle) return std::max(0.0, 1 - x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

// (n, m): row i holds the weights with which m old places along an axis make new place i. They sum to 1.
static Tensor resize_weights(index_t m, index_t n, Filter filter) {
  const double scale = static_cast<double>(m) / static_cast<double>(n), stretch = std::max(scale, 1.0);
  std::vector<double> rows;
  for (index_t i = 0; i < n; ++i) {
    const double centre =
        (static_cast<double>(i) + 0.5) * scale;  // in old pixels, whose centres are at j + 1/2
    double total = 0;
    const std::size_t begin = rows.size();
    for (index_t j = 0; j < m; ++j) {
      rows.push_back(height_of(filter, (static_cast<double>(j) + 0.5 - centre) / stretch));
      total += rows.back();
    }
    for (std::size_t j = begin; j < rows.size(); ++j) rows[j] /= total;
  }
  return from_vector(rows, {n, m});
}

Tensor resize(const Tensor& x, index_t height, index_t width, Filter filter) {
  check(x.defined() && x.rank() == 3 && height >= 1 && width >= 1, "resize",
        "x must be (C, height, width) and the new sides at least 1, got ",
        x.defined() ? to_string(x.shape()) : "an undefined tensor", ", ", height, " and ", width);
  const Tensor wide = matmul(x, resize_weights(x.size(2), width, filter).to(x.dtype()).transpose(0, 1));
  return matmul(resize_weights(x.size(1), height, filter).to(x.dtype()), wide);
}

Tensor for_imagenet(const Tensor& picture, const ImageNetForm& form) {
  check(picture.defined() && picture.rank() == 3 && (picture.size(0) == 3 || picture.size(0) == 1),
        "for_imagenet", "a picture is (3, height, width) or (1, height, width), got ",
        picture.defined() ? to_string(picture.shape()) : "an undefined tensor");
  check(form.crop >= 1 && form.crop <= form.resize, "for_imagenet", "a crop of ", form.crop,
        " pixels does not fit into ", form.resize);
  // The longer side is rounded down and the crop's corner to the nearest even, as torchvision does.
  const index_t shorter = std::min(picture.size(1), picture.size(2));
  const index_t height = picture.size(1) * form.resize / shorter,
                width = picture.size(2) * form.resize / shorter;
  const auto corner = [&](index_t side) {
    return static_cast<index_t>(std::nearbyint(static_cast<double>(side - form.crop) / 2));
  };
  const index_t top = corner(height), left = corner(width);
  const Tensor middle = resize(picture, height, width, form.filter)
                            .slice(1, top, top + form.crop)
                            .slice(2, left, left + form.crop)
                            .expand({3, form.crop, form.crop});
  const Tensor mean = tensor({0.485, 0.456, 0.406}).reshape({3, 1, 1}),
               deviation = tensor({0.229, 0.224, 0.225}).reshape({3, 1, 1});
  return ((middle - mean) / deviation).unsqueeze(0);
}

}  // namespace heed::data
