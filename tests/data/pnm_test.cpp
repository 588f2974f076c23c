// pnm_test.cpp — valid and invalid image files, and the preprocessing. tests/golden/vision_test.cpp
// compares the preprocessing with torchvision's.
#include "data/pnm.h"

#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "tests/testing.h"

namespace heed::data {

static std::string error_for(const std::string& bytes) {
  return error_of([&] { parse_pnm(bytes, "cat.ppm"); });
}

TEST(Pnm, ReadsAllFourFormats) {
  const Tensor grey = tensor({{{0, 1, 0.2}, {0.6, 0.4, 0.8}}});  // (1, 2, 3)
  expect_close(parse_pnm("P2 # a comment\n3 2\n# another\n5 0 5 1\n3 2 4", "grey.pgm"), grey);
  expect_close(parse_pnm(std::string("P5\n3 2\n5\n\0\5\1\3\2\4", 15), "grey.pgm"), grey);
  const Tensor colour = tensor({{{1, 0}}, {{0, 0.5}}, {{0.25, 1}}});  // (3, 1, 2)
  expect_close(parse_pnm("P3 2 1 4 4 0 1 0 2 4\n", "colour.ppm"), colour);
  expect_close(parse_pnm(std::string("P6 2 1 4 \4\0\1\0\2\4", 15), "colour.ppm"), colour);
  expect_close(parse_pnm(std::string("P5 1 1 1000 \1\364", 14), "deep.pgm"),
               tensor({{{0.5}}}));  // two bytes per level
}

TEST(Pnm, ACommentEndsAtLfOrCr) {
  const Tensor two = tensor({{{0.6, 1}}});  // (1, 1, 2)
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    expect_close(parse_pnm("P2\n#c" + end + "2 1 15\n9 15", "grey.pgm"), two);
    expect_close(parse_pnm("P2#c" + end + "2#c" + end + "1 15#c" + end + "9 15#c" + end, "grey.pgm"), two);
    expect_close(parse_pnm("P5" + end + "#c" + end + "2 1" + end + "15" + end + "\x09\x0F", "grey.pgm"), two);
    // A comment counts as one blank.
    expect_close(parse_pnm("P5 2 1 15#c" + end + "\x09\x0F", "grey.pgm"), two);
  }
  // The size of the file shows that the header ends in CR alone, so the LF is a level of 10.
  expect_close(parse_pnm("P5 2 1 15\r\x0A\x0F", "grey.pgm"), tensor({{{10.0 / 15, 1}}}));
  EXPECT_EQ(error_for("P5 1 1 255#c"),
            "[read_pnm] cat.ppm: expected 1 bytes after the header for 1 x 1 pixels, got 0");
}

TEST(Pnm, ReadsTheImageThatWasWritten) {
  const std::string path =
      (std::filesystem::temp_directory_path() / concat("heed_pnm_", getpid(), ".ppm")).string();
  const Tensor image = arange(0, 30).reshape({3, 2, 5}) * (8.0 / 255);
  write_pnm(path, image);
  expect_close(read_pnm(path), image);
  write_pnm(path, image.slice(0, 0, 1));
  expect_close(read_pnm(path), image.slice(0, 0, 1));
  std::filesystem::remove(path);
  EXPECT_EQ(error_of([&] { read_pnm(path); }), "[read_pnm] " + path + ": no such file");
  EXPECT_EQ(error_of([&] {
              write_pnm(path, zeros({2, 2, 2}));
            }),
            "[write_pnm] expected an image (3, height, width) or (1, height, width), got (2, 2, 2)");
}

TEST(Pnm, ErrorsContainThePosition) {
  const std::string none =
      "[read_pnm] cat.ppm: expected a PGM or PPM image, which starts with P2, P3, P5 or P6";
  EXPECT_EQ(error_for(""), none);
  EXPECT_EQ(error_for("\xff\xd8\xff\xe0"), none);
  EXPECT_EQ(error_for("P4 1 1 1"), none);
  EXPECT_EQ(error_for("P6"), "[read_pnm] cat.ppm: byte 2: expected the width, got the end of the file");
  EXPECT_EQ(error_for("P6 # no end"),
            "[read_pnm] cat.ppm: byte 11: expected the width, got the end of the file");
  EXPECT_EQ(error_for("P6 2 x"), "[read_pnm] cat.ppm: byte 5: expected the height");
  EXPECT_EQ(error_for("P6 -2 3"), "[read_pnm] cat.ppm: byte 3: expected the width");
  EXPECT_EQ(error_for("P6 0 3 255 "),
            "[read_pnm] cat.ppm: byte 3: expected the width from 1 to 268435456, got 0");
  EXPECT_EQ(error_for("P5 99999999999999999999999 1 255 "),
            "[read_pnm] cat.ppm: byte 3: expected the width from 1 to 268435456, got a larger number");
  EXPECT_EQ(error_for("P5 100000 100000 255 "),
            "[read_pnm] cat.ppm: expected at most 268435456 pixels, got 100000 x 100000");
  EXPECT_EQ(error_for("P5 1 1 65536 "),
            "[read_pnm] cat.ppm: byte 7: expected the largest level from 1 to 65535, got 65536");
  EXPECT_EQ(error_for("P5 1 1 255"), "[read_pnm] cat.ppm: byte 10: expected one blank after the header");
  EXPECT_EQ(error_for("P5 2 2 255 abc"),
            "[read_pnm] cat.ppm: expected 4 bytes after the header for 2 x 2 pixels, got 3");
  EXPECT_EQ(error_for("P5 2 2 255 abcde"),
            "[read_pnm] cat.ppm: expected 4 bytes after the header for 2 x 2 pixels, got 5");
  EXPECT_EQ(error_for("P5 1 1 10 a"), "[read_pnm] cat.ppm: byte 10: expected a level from 0 to 10, got 97");
  EXPECT_EQ(error_for("P2 9 9 10 1 2 3"),
            "[read_pnm] cat.ppm: expected 81 numbers for 9 x 9 pixels, got only 6 bytes after the header");
  EXPECT_EQ(error_for("P2 2 1 10 1 12"),
            "[read_pnm] cat.ppm: byte 12: expected a level from 0 to 10, got 12");
  EXPECT_EQ(error_for("P2 2 1 10 1 y"), "[read_pnm] cat.ppm: byte 12: expected a level");
  EXPECT_EQ(error_for("P2 1 1 10 1 2"),
            "[read_pnm] cat.ppm: byte 12: expected the end of the file after 1 levels");
}

TEST(Pnm, ResizesByWeightedMeansOfNearbyPixels) {
  const Tensor x = tensor({{{1, 3, 5, 7}, {2, 4, 6, 8}}});
  expect_close(resize(x, 2, 4), x);
  expect_close(resize(ones({3, 7, 5}), 4, 9), ones({3, 4, 9}));
  // Half the width: around the new centre at 1, the old centres 1/2, 3/2, 5/2 have the weights 3/4,
  // 3/4, 1/4.
  expect_close(resize(x.slice(1, 0, 1), 1, 2), tensor({{{(3 + 9 + 5) / 7.0, (3 + 15 + 21) / 7.0}}}));
  expect_close(resize(tensor({{{0, 4}}}), 1, 4), tensor({{{0, 1, 3, 4}}}));
  EXPECT_EQ(error_of([] {
              resize(zeros({2, 2}), 1, 1);
            }),
            "[resize] expected x (C, height, width) and new sides of at least 1, got (2, 2), 1 and 1");
}

TEST(Pnm, ForImagenetCropsTheCentreAndNormalises) {
  const Tensor grey = for_imagenet(ones({1, 30, 50}) * 0.5, {.resize = 12, .crop = 8});
  EXPECT_EQ(grey.shape(), (Shape{1, 3, 8, 8}));
  EXPECT_NEAR(grey.at({0, 0, 3, 3}), (0.5 - 0.485) / 0.229, 1e-6);
  EXPECT_NEAR(grey.at({0, 2, 0, 7}), (0.5 - 0.406) / 0.225, 1e-6);
  // The result has the precision of the image.
  expect_close(resize(tensor({{{0, 3}}}, f64), 1, 3), tensor({{{0, 1.5, 3}}}, f64), 1e-15);
  const Tensor precise = for_imagenet(ones({1, 30, 50}, f64) * 0.5, {.resize = 12, .crop = 8});
  EXPECT_EQ(precise.dtype(), f64);
  EXPECT_NEAR(precise.at({0, 0, 3, 3}), (0.5 - 0.485) / 0.229, 1e-14);
  EXPECT_EQ(error_of([] {
              for_imagenet(zeros({3, 9, 9}), {.resize = 7, .crop = 8});
            }),
            "[for_imagenet] expected a crop from 1 to 7 pixels (the resized side), got 8");
  EXPECT_EQ(error_of([] {
              for_imagenet(zeros({1, 3, 9, 9}));
            }),
            "[for_imagenet] expected an image (3, height, width) or (1, height, width), got (1, 3, 9, 9)");
}

// The reference: resizes the whole image with one large matrix per axis, then crops it.
static Tensor resize_then_crop(const Tensor& x, const ImageNetTransform& transform) {
  const auto weights = [&](index_t m, index_t n) {
    const double scale = static_cast<double>(m) / static_cast<double>(n), stretch = std::max(scale, 1.0);
    std::vector<double> rows;
    for (index_t i = 0; i < n; ++i) {
      double total = 0;
      const std::size_t begin = rows.size();
      for (index_t j = 0; j < m; ++j) {
        const double centre = (static_cast<double>(i) + 0.5) * scale;
        const double d = std::abs((static_cast<double>(j) + 0.5 - centre) / stretch);
        rows.push_back(transform.filter == Filter::triangle ? std::max(0.0, 1 - d)
                       : d < 1                              ? (1.5 * d - 2.5) * d * d + 1
                       : d < 2                              ? ((-0.5 * d + 2.5) * d - 4) * d + 2
                                                            : 0);
        total += rows.back();
      }
      for (std::size_t j = begin; j < rows.size(); ++j) rows[j] /= total;
    }
    return from_vector(rows, {n, m}).to(x.dtype());
  };
  const index_t shorter = std::min(x.size(1), x.size(2));
  const index_t height = x.size(1) * transform.resize / shorter,
                width = x.size(2) * transform.resize / shorter;
  const Tensor all = matmul(weights(x.size(1), height), matmul(x, weights(x.size(2), width).transpose(0, 1)));
  const auto corner = [&](index_t side) {
    return static_cast<index_t>(std::nearbyint(static_cast<double>(side - transform.crop) / 2));
  };
  const Tensor mean = tensor({0.485, 0.456, 0.406}).reshape({3, 1, 1}),
               deviation = tensor({0.229, 0.224, 0.225}).reshape({3, 1, 1});
  const Tensor middle = all.slice(1, corner(height), corner(height) + transform.crop)
                            .slice(2, corner(width), corner(width) + transform.crop);
  return ((middle.expand({3, transform.crop, transform.crop}) - mean) / deviation).unsqueeze(0);
}

TEST(Pnm, TheCropHasTheSameBitsAsResizingTheWholeImage) {
  const std::vector<Shape> images{{3, 300, 400}, {1, 333, 250}, {3, 480, 640}, {3, 1100, 530},
                                  {3, 40, 100},  {1, 7, 90},    {3, 256, 256}};
  for (const Shape& shape : images)
    for (const ImageNetTransform& transform :
         {vit_b_16_transform, swin_t_transform, ImageNetTransform{.resize = 31, .crop = 17}}) {
      const Tensor image = noise(shape);
      expect_same_bits(for_imagenet(image, transform), resize_then_crop(image, transform));
    }
}

TEST(Pnm, OnlyTheCropOfALongImageIsComputed) {
  // Resized as a whole, it would have 256 x 512,000,000 pixels.
  const Tensor wide = arange(0, 2'000'000).reshape({1, 1, -1}) / 2e6;
  const Tensor tall = wide.transpose(1, 2);
  const Tensor ready = for_imagenet(wide);
  expect_same_bits(for_imagenet(tall), ready.transpose(2, 3));
  EXPECT_NEAR(ready.at({0, 0, 100, 112}), (0.5 - 0.485) / 0.229, 1e-5);
  EXPECT_EQ(for_imagenet(noise({3, 2, 400})).shape(), (Shape{1, 3, 224, 224}));
}

// The axis is summed in blocks of at most 512 pixels, which must not change the result.
TEST(Pnm, ResizingToTheSameSizeChangesNothing) {
  for (const index_t n : {1, 511, 512, 513, 1025, 1537, 100'003}) {
    const Tensor x = noise({1, 1, n});
    expect_same_bits(resize(x, 1, n), x);
    expect_same_bits(resize(x.transpose(1, 2), n, 1), x.transpose(1, 2));
  }
}

TEST(Pnm, AnEmptyImageOrASideOutOfRangeIsRejected) {
  EXPECT_EQ(error_of([] {
              resize(zeros({3, 0, 4}), 2, 2);
            }),
            "[resize] expected an image with at least one pixel, got (3, 0, 4)");
  EXPECT_EQ(error_of([] {
              for_imagenet(zeros({3, 0, 4}));
            }),
            "[for_imagenet] expected an image with at least one pixel, got (3, 0, 4)");
  EXPECT_EQ(error_of([] {
              for_imagenet(zeros({3, 4, 4}), {.resize = index_t{1} << 60});
            }),
            "[for_imagenet] expected a resized side of at most 268435456 pixels, got 1152921504606846976");
}

}  // namespace heed::data
