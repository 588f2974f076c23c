// pnm.cpp — PNM files (a short header, then the levels), and the preprocessing of images for a model.
#include "data/pnm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/ops.h"
#include "data/file.h"
#include "data/file_format.h"

namespace heed::data {

namespace {

constexpr index_t max_pixels = index_t{1} << 28;

// Parses the header, and the levels of the plain-text formats.
struct Reader {
  const std::string& bytes;
  const std::string& name;
  std::size_t position = 0;

  static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  // Skips one blank or one comment. As in netpbm, a comment with its line ending (LF or CR) counts
  // as one blank.
  bool skip_one() {
    if (position >= bytes.size() || (!is_blank(bytes[position]) && bytes[position] != '#')) return false;
    if (bytes[position] == '#') position = std::min(bytes.find_first_of("\r\n", position), bytes.size() - 1);
    ++position;
    return true;
  }
  void skip() {
    while (skip_one()) {
    }
  }
  index_t remaining() const { return static_cast<index_t>(bytes.size() - position); }
  index_t byte(std::size_t offset) const { return static_cast<unsigned char>(bytes[offset]); }
  // Reads a number in [low, high]. `kind` describes it in errors.
  index_t number(const char* kind, index_t low, index_t high) {
    constexpr index_t too_large = index_t{1} << 40;
    skip();
    const std::size_t begin = position;
    index_t value = 0;
    for (; position < bytes.size() && bytes[position] >= '0' && bytes[position] <= '9'; ++position)
      value = std::min<index_t>(10 * value + (bytes[position] - '0'), too_large);
    check(position > begin, "read_pnm", name, ": byte ", begin, ": expected ", kind,
          begin >= bytes.size() ? ", got the end of the file" : "");
    check(value >= low && value <= high, "read_pnm", name, ": byte ", begin, ": expected ", kind, " from ",
          low, " to ", high, ", got ",
          [&] { return value == too_large ? "a larger number" : std::to_string(value); });
    return value;
  }
};

struct Header {
  bool is_text;
  index_t channels, width, height;
  index_t max_level;
  index_t bytes_per_sample() const { return max_level > 255 ? 2 : 1; }
  index_t samples() const { return channels * width * height; }
};

// Reads the header up to its last number.
Header read_header(Reader& reader) {
  const std::string& bytes = reader.bytes;
  const char kind = bytes.size() >= 2 && bytes[0] == 'P' ? bytes[1] : ' ';
  check(kind == '2' || kind == '3' || kind == '5' || kind == '6', "read_pnm", reader.name,
        ": expected a PGM or PPM image, which starts with P2, P3, P5 or P6");
  reader.position = 2;
  Header header{};
  header.is_text = kind == '2' || kind == '3';
  header.channels = kind == '3' || kind == '6' ? 3 : 1;
  header.width = reader.number("the width", 1, max_pixels);
  header.height = reader.number("the height", 1, max_pixels);
  check(header.width <= max_pixels / header.height, "read_pnm", reader.name, ": expected at most ",
        max_pixels, " pixels, got ", header.width, " x ", header.height);
  header.max_level = reader.number("the largest level", 1, 65535);
  return header;
}

// Skips the blank after the header and checks that the file can contain all samples, before memory
// is allocated.
void check_size(Reader& reader, const Header& header) {
  if (header.is_text) {
    check(reader.remaining() >= 2 * header.samples(), "read_pnm", reader.name, ": expected ",
          header.samples(), " numbers for ", header.width, " x ", header.height, " pixels, got only ",
          reader.remaining(), " bytes after the header");
    return;
  }
  const index_t size = header.bytes_per_sample() * header.samples();
  const std::size_t end = reader.position;
  check(reader.skip_one(), "read_pnm", reader.name, ": byte ", end, ": expected one blank after the header");
  // After a header that ends in CR LF, the size of the file distinguishes the LF from a level of 10.
  const bool is_line_feed = reader.bytes[reader.position - 1] == '\r' &&
                            reader.position < reader.bytes.size() && reader.bytes[reader.position] == '\n' &&
                            reader.remaining() == size + 1;
  if (is_line_feed) ++reader.position;
  check(reader.remaining() == size, "read_pnm", reader.name, ": expected ", size,
        " bytes after the header for ", header.width, " x ", header.height, " pixels, got ",
        reader.remaining());
}

void check_image(const char* op, const Tensor& image) {
  check(image.defined() && image.rank() == 3 && (image.size(0) == 3 || image.size(0) == 1), op,
        "expected an image (3, height, width) or (1, height, width), got ", image);
}

}  // namespace

Tensor parse_pnm(const std::string& bytes, const std::string& name) {
  Reader reader{bytes, name};
  const Header header = read_header(reader);
  check_size(reader, header);
  const index_t samples = header.samples(), pixels = header.width * header.height;
  Tensor image = empty({header.channels, header.height, header.width});
  float* data = image.mutable_data<float>();
  // The file interleaves the channels of each pixel; the tensor stores one channel after the other.
  for (index_t i = 0; i < samples; ++i) {
    index_t level = 0;
    if (header.is_text) {
      level = reader.number("a level", 0, header.max_level);
    } else {
      const std::size_t offset = reader.position;
      const bool wide = header.bytes_per_sample() == 2;
      level = wide ? 256 * reader.byte(offset) + reader.byte(offset + 1) : reader.byte(offset);
      reader.position += wide ? 2 : 1;
      check(level <= header.max_level, "read_pnm", name, ": byte ", offset, ": expected a level from 0 to ",
            header.max_level, ", got ", level);
    }
    data[i % header.channels * pixels + i / header.channels] =
        static_cast<float>(static_cast<double>(level) / static_cast<double>(header.max_level));
  }
  if (header.is_text) {
    reader.skip();
    check(reader.position >= bytes.size(), "read_pnm", name, ": byte ", reader.position,
          ": expected the end of the file after ", samples, " levels");
  }
  return image;
}

Tensor read_pnm(const std::string& path) {
  return parse_pnm(read_file_of_format("read_pnm", path, "a PGM or PPM image", EmptyFile::allow), path);
}

void write_pnm(const std::string& path, const Tensor& image) {
  check_image("write_pnm", image);
  const std::vector<double> pixels = image.permute({1, 2, 0}).to_vector();
  write_atomically("write_pnm", path, [&](std::ostream& out) {
    out << (image.size(0) == 3 ? "P6\n" : "P5\n") << image.size(2) << " " << image.size(1) << "\n255\n";
    for (const double x : pixels) out.put(static_cast<char>(std::lround(255 * std::clamp(x, 0.0, 1.0))));
  });
}

// The value of the filter at distance `x` from its centre.
static double filter_value(Filter filter, double x) {
  x = std::abs(x);
  if (filter == Filter::triangle) return std::max(0.0, 1 - x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

namespace {

// One axis that is resized from m pixels to n; only the new pixels [first, last) are computed.
struct Axis {
  index_t m, n, first, last;
  Filter filter;

  double scale() const { return static_cast<double>(m) / static_cast<double>(n); }
  double stretch() const { return std::max(scale(), 1.0); }
  // The centre of new pixel i in the coordinates of the old pixels, whose centres are at j + 1/2.
  double centre(index_t i) const { return (static_cast<double>(i) + 0.5) * scale(); }
};

struct Interval {
  index_t begin, end;
};

// Returns the old pixels that contribute to new pixels [first, last). A few at the ends may have
// weight 0.
Interval support(const Axis& axis, index_t first, index_t last) {
  const double reach = (axis.filter == Filter::triangle ? 1 : 2) * axis.stretch() + 1;
  const auto begin = static_cast<index_t>(std::floor(axis.centre(first) - reach));
  const auto end = static_cast<index_t>(std::ceil(axis.centre(last - 1) + reach));
  return {std::max<index_t>(begin, 0), std::min(end, axis.m)};
}

// Returns the weights (last - first, pixels): row i contains the weights of the old pixels for new
// pixel first + i. Each row sums to 1.
Tensor resize_weights(const Axis& axis, index_t first, index_t last, const Interval& pixels, DType dtype) {
  const index_t width = pixels.end - pixels.begin;
  std::vector<double> weights(static_cast<std::size_t>((last - first) * width), 0.0);
  double* row = weights.data();
  for (index_t i = first; i < last; ++i, row += width) {
    const Interval interval = support(axis, i, i + 1);
    double total = 0;
    for (index_t j = interval.begin; j < interval.end; ++j) {
      const double weight =
          filter_value(axis.filter, (static_cast<double>(j) + 0.5 - axis.centre(i)) / axis.stretch());
      row[j - pixels.begin] = weight;
      total += weight;
    }
    for (index_t j = interval.begin; j < interval.end; ++j) row[j - pixels.begin] /= total;
  }
  return from_vector(weights, {last - first, width}, dtype);
}

// Sums the products with `pixels` in the same order as a matrix product over all m pixels: in
// blocks of at most 512 that depend only on m (gemm.cpp). The result therefore has the same bits as
// a product with one large matrix. Blocks without any of the pixels are skipped, because a long
// axis has many of them.
template <class Product>
Tensor sum_in_blocks(const Axis& axis, const Interval& pixels, const Product& product) {
  constexpr index_t longest = 512;
  const index_t count = (axis.m + longest - 1) / longest, base = axis.m / count, longer = axis.m % count;
  const index_t in_longer = longer * (base + 1);  // pixels in the first blocks, which have one more
  Tensor sum;
  index_t block =
      pixels.begin < in_longer ? pixels.begin / (base + 1) : longer + (pixels.begin - in_longer) / base;
  for (index_t begin = pixels.begin; begin < pixels.end; ++block) {
    const index_t start = block * base + std::min(block, longer);
    const index_t end = std::min(start + base + (block < longer), pixels.end);
    const Tensor part = product(begin, end);
    begin = end;
    sum = sum.defined() ? sum + part : part;
  }
  return sum;
}

// Resizes dimension `dim` of x (C, rows, columns), a few new pixels at a time. Each step reads only
// the old pixels that contribute to them, so the work is proportional to the number of new pixels.
// x contains the old pixels from `offset` on.
Tensor resize_axis(const Tensor& x, index_t dim, const Axis& axis, index_t offset) {
  constexpr index_t pixels_per_step = 16;
  std::vector<Tensor> steps;
  for (index_t first = axis.first; first < axis.last; first += pixels_per_step) {
    const index_t last = std::min(first + pixels_per_step, axis.last);
    const Interval pixels = support(axis, first, last);
    const Tensor weights = resize_weights(axis, first, last, pixels, x.dtype());
    steps.push_back(sum_in_blocks(axis, pixels, [&](index_t begin, index_t end) {
      const Tensor from = x.slice(dim, begin - offset, end - offset);
      const Tensor part = weights.slice(1, begin - pixels.begin, end - pixels.begin);
      return dim == 2 ? matmul(from, part.transpose(0, 1)) : matmul(part, from);
    }));
  }
  return cat(steps, dim);
}

// Computes a window of the resized image: first the columns of the rows that contribute to it, then
// its rows.
Tensor resize_window(const Tensor& x, const Axis& rows, const Axis& columns) {
  const Interval needed = support(rows, rows.first, rows.last);
  const Tensor wide = resize_axis(x.slice(1, needed.begin, needed.end), 2, columns, 0);
  return resize_axis(wide, 1, rows, needed.begin);
}

}  // namespace

Tensor resize(const Tensor& x, index_t height, index_t width, Filter filter) {
  check(x.defined() && x.rank() == 3 && height >= 1 && width >= 1, "resize",
        "expected x (C, height, width) and new sides of at least 1, got ", x, ", ", height, " and ", width);
  check(x.numel() > 0, "resize", "expected an image with at least one pixel, got ", x);
  return resize_window(x, {x.size(1), height, 0, height, filter}, {x.size(2), width, 0, width, filter});
}

Tensor for_imagenet(const Tensor& image, const ImageNetTransform& transform) {
  check_image("for_imagenet", image);
  const index_t side = transform.resize, crop = transform.crop;
  check(crop >= 1 && crop <= side, "for_imagenet", "expected a crop from 1 to ", side,
        " pixels (the resized side), got ", crop);
  check(image.numel() > 0, "for_imagenet", "expected an image with at least one pixel, got ", image);
  check(side <= max_pixels, "for_imagenet", "expected a resized side of at most ", max_pixels,
        " pixels, got ", side);
  // The longer side is rounded down and the crop's corner to the nearest even integer, as
  // torchvision does.
  const index_t shorter = std::min(image.size(1), image.size(2));
  const index_t height = image.size(1) * side / shorter, width = image.size(2) * side / shorter;
  const auto corner = [&](index_t size) {
    return static_cast<index_t>(std::nearbyint(static_cast<double>(size - crop) / 2));
  };
  const index_t top = corner(height), left = corner(width);
  const Tensor window = resize_window(image, {image.size(1), height, top, top + crop, transform.filter},
                                      {image.size(2), width, left, left + crop, transform.filter})
                            .expand({3, crop, crop});
  const Tensor mean = tensor({0.485, 0.456, 0.406}, image.dtype()).reshape({3, 1, 1}),
               deviation = tensor({0.229, 0.224, 0.225}, image.dtype()).reshape({3, 1, 1});
  return ((window - mean) / deviation).unsqueeze(0);
}

}  // namespace heed::data
