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

namespace {

// One axis that is brought from m pixels to n, of which [first, last) are computed.
struct Axis {
  index_t m, n, first, last;
  Filter filter;

  double scale() const { return static_cast<double>(m) / static_cast<double>(n); }
  double stretch() const { return std::max(scale(), 1.0); }
  // Of new pixel i, in old pixels, whose centres are at j + 1/2.
  double centre(index_t i) const { return (static_cast<double>(i) + 0.5) * scale(); }
};

struct Interval {
  index_t begin, end;
};

// The old pixels that new pixels [first, last) are made of. It may contain a few with a weight of
// 0.
Interval support(const Axis& axis, index_t first, index_t last) {
  const double reach = (axis.filter == Filter::triangle ? 1 : 2) * axis.stretch() + 1;
  const auto begin = static_cast<index_t>(std::floor(axis.centre(first) - reach));
  const auto end = static_cast<index_t>(std::ceil(axis.centre(last - 1) + reach));
  return {std::max<index_t>(begin, 0), std::min(end, axis.m)};
}

// (last - first, pixels): row i holds the weights with which these old pixels make new pixel first
// + i. They sum to 1.
Tensor resize_weights(const Axis& axis, index_t first, index_t last, const Interval& pixels, DType dtype) {
  const index_t width = pixels.end - pixels.begin;
  std::vector<double> weights(static_cast<std::size_t>((last - first) * width), 0.0);
  double* row = weights.data();
  for (index_t i = first; i < last; ++i, row += width) {
    const Interval own = support(axis, i, i + 1);
    double total = 0;
    for (index_t j = own.begin; j < own.end; ++j) {
      const double height =
          height_of(axis.filter, (static_cast<double>(j) + 0.5 - axis.centre(i)) / axis.stretch());
      row[j - pixels.begin] = height;
      total += height;
    }
    for (index_t j = own.begin; j < own.end; ++j) row[j - pixels.begin] /= total;
  }
  return from_vector(weights, {last - first, width}, dtype);
}

// Sums the products with `pixels` in the order in which a matrix product sums all m of them: in
// pieces of at most 512 (gemm.cpp), which depend on m alone. So the bits are those of a product
// with one large matrix. Pieces before and after `pixels` are not visited: an axis has m / 512.
template <class Product>
Tensor in_pieces(const Axis& axis, const Interval& pixels, const Product& product) {
  constexpr index_t longest = 512;
  const index_t count = (axis.m + longest - 1) / longest, base = axis.m / count, longer = axis.m % count;
  const index_t in_longer = longer * (base + 1);  // pixels in the first pieces, which have one more
  Tensor sum;
  index_t piece =
      pixels.begin < in_longer ? pixels.begin / (base + 1) : longer + (pixels.begin - in_longer) / base;
  for (index_t begin = pixels.begin; begin < pixels.end; ++piece) {
    const index_t start = piece * base + std::min(piece, longer);
    const index_t end = std::min(start + base + (piece < longer), pixels.end);
    const Tensor part = product(begin, end);
    begin = end;
    sum = sum.defined() ? sum + part : part;
  }
  return sum;
}

// Resizes dimension `dim` of x (C, rows, columns), a few new pixels at a time. Each block reads
// only the old pixels that it is made of, so the work grows with the new pixels. x holds the old
// pixels from `offset` on.
Tensor resize_axis(const Tensor& x, index_t dim, const Axis& axis, index_t offset) {
  constexpr index_t at_once = 16;
  std::vector<Tensor> blocks;
  for (index_t first = axis.first; first < axis.last; first += at_once) {
    const index_t last = std::min(first + at_once, axis.last);
    const Interval pixels = support(axis, first, last);
    const Tensor weights = resize_weights(axis, first, last, pixels, x.dtype());
    blocks.push_back(in_pieces(axis, pixels, [&](index_t begin, index_t end) {
      const Tensor from = x.slice(dim, begin - offset, end - offset);
      const Tensor part = weights.slice(1, begin - pixels.begin, end - pixels.begin);
      return dim == 2 ? matmul(from, part.transpose(0, 1)) : matmul(part, from);
    }));
  }
  return cat(blocks, dim);
}

// Computes the window of the resized image: columns first, of the rows that the window is made of.
Tensor resize_window(const Tensor& x, const Axis& rows, const Axis& columns) {
  const Interval needed = support(rows, rows.first, rows.last);
  const Tensor wide = resize_axis(x.slice(1, needed.begin, needed.end), 2, columns, 0);
  return resize_axis(wide, 1, rows, needed.begin);
}

}  // namespace

Tensor resize(const Tensor& x, index_t height, index_t width, Filter filter) {
  check(x.defined() && x.rank() == 3 && height >= 1 && width >= 1, "resize",
        "x must be (C, height, width) and the new sides at least 1, got ",
        x.defined() ? to_string(x.shape()) : "an undefined tensor", ", ", height, " and ", width);
  check(x.numel() > 0, "resize", "expected an image with at least one pixel, got ", x.shape());
  return resize_window(x, {x.size(1), height, 0, height, filter}, {x.size(2), width, 0, width, filter});
}

Tensor for_imagenet(const Tensor& picture, const ImageNetForm& form) {
  check(picture.defined() && picture.rank() == 3 && (picture.size(0) == 3 || picture.size(0) == 1),
        "for_imagenet", "a picture is (3, height, width) or (1, height, width), got ",
        picture.defined() ? to_string(picture.shape()) : "an undefined tensor");
  check(form.crop >= 1 && form.crop <= form.resize, "for_imagenet", "a crop of ", form.crop,
        " pixels does not fit into ", form.resize);
  check(picture.numel() > 0, "for_imagenet", "expected an image with at least one pixel, got ",
        picture.shape());
  check(form.resize <= most_pixels, "for_imagenet", "expected a resized side of at most ", most_pixels,
        " pixels, got ", form.resize);
  // The longer side is rounded down and the crop's corner to the nearest even, as torchvision does.
  const index_t shorter = std::min(picture.size(1), picture.size(2));
  const index_t height = picture.size(1) * form.resize / shorter,
                width = picture.size(2) * form.resize / shorter;
  const auto corner = [&](index_t side) {
    return static_cast<index_t>(std::nearbyint(static_cast<double>(side - form.crop) / 2));
  };
  const index_t top = corner(height), left = corner(width);
  const Tensor middle = resize_window(picture, {picture.size(1), height, top, top + form.crop, form.filter},
                                      {picture.size(2), width, left, left + form.crop, form.filter})
                            .expand({3, form.crop, form.crop});
  const Tensor mean = tensor({0.485, 0.456, 0.406}, picture.dtype()).reshape({3, 1, 1}),
               deviation = tensor({0.229, 0.224, 0.225}, picture.dtype()).reshape({3, 1, 1});
  return ((middle - mean) / deviation).unsqueeze(0);
}

}  // namespace heed::data
