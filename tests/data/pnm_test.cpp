// pnm_test.cpp — pictures from files, good and broken; the way to a model's input is held to torchvision's in
// tests/golden/vision_test.cpp.
#include "data/pnm.h"

#include <unistd.h>

#include <filesystem>

#include "tests/testing.h"

namespace heed::data {

static std::string refused(const std::string& bytes) {
  return error_of([&] { parse_pnm(bytes, "cat.ppm"); });
}

TEST(Pnm, ReadsAllFourForms) {
  const Tensor grey = tensor({{{0, 1, 0.2}, {0.6, 0.4, 0.8}}});  // (1, 2, 3)
  expect_close(parse_pnm("P2 # a comment\n3 2\n# another\n5 0 5 1\n3 2 4", "grey.pgm"), grey);
  expect_close(parse_pnm(std::string("P5\n3 2\n5\n\0\5\1\3\2\4", 15), "grey.pgm"), grey);
  const Tensor colour = tensor({{{1, 0}}, {{0, 0.5}}, {{0.25, 1}}});  // (3, 1, 2)
  expect_close(parse_pnm("P3 2 1 4 4 0 1 0 2 4\n", "colour.ppm"), colour);
  expect_close(parse_pnm(std::string("P6 2 1 4 \4\0\1\0\2\4", 15), "colour.ppm"), colour);
  expect_close(parse_pnm(std::string("P5 1 1 1000 \1\364", 14), "deep.pgm"),
               tensor({{{0.5}}}));  // two bytes a level
}

TEST(Pnm, ACommentEndsAtLfOrCr) {
  const Tensor two = tensor({{{0.6, 1}}});  // (1, 1, 2)
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    expect_close(parse_pnm("P2\n#c" + end + "2 1 15\n9 15", "grey.pgm"), two);
    expect_close(parse_pnm("P2#c" + end + "2#c" + end + "1 15#c" + end + "9 15#c" + end, "grey.pgm"), two);
    expect_close(parse_pnm("P5" + end + "#c" + end + "2 1" + end + "15" + end + "\x09\x0F", "grey.pgm"), two);
    // A comment is one blank.
    expect_close(parse_pnm("P5 2 1 15#c" + end + "\x09\x0F", "grey.pgm"), two);
  }
  // A level of 10 after CR is a level, if the size is that of CR alone.
  expect_close(parse_pnm("P5 2 1 15\r\x0A\x0F", "grey.pgm"), tensor({{{10.0 / 15, 1}}}));
  EXPECT_EQ(refused("P5 1 1 255#c"),
            "[read_pnm] cat.ppm: 1 x 1 pixels need 1 bytes after the header, the file holds 0");
}

TEST(Pnm, ComesBackAsItWasWritten) {
  const std::string path =
      (std::filesystem::temp_directory_path() / concat("heed_pnm_", getpid(), ".ppm")).string();
  const Tensor picture = arange(0, 30).reshape({3, 2, 5}) * (8.0 / 255);
  write_pnm(path, picture);
  expect_close(read_pnm(path), picture);
  write_pnm(path, picture.slice(0, 0, 1));
  expect_close(read_pnm(path), picture.slice(0, 0, 1));
  std::filesystem::remove(path);
  EXPECT_EQ(error_of([&] { read_pnm(path); }), "[read_pnm] " + path + ": no such file");
  EXPECT_EQ(error_of([&] {
              write_pnm(path, zeros({2, 2, 2}));
            }),
            "[write_pnm] " + path + ": a picture is (3, height, width) or (1, height, width), got (2, 2, 2)");
}

TEST(Pnm, ErrorsNameThePlace) {
  const std::string none =
      "[read_pnm] cat.ppm: begins with none of P2, P3, P5, P6; expected a PGM or PPM picture";
  EXPECT_EQ(refused(""), none);
  EXPECT_EQ(refused("\xff\xd8\xff\xe0"), none);
  EXPECT_EQ(refused("P4 1 1 1"), none);
  EXPECT_EQ(refused("P6"), "[read_pnm] cat.ppm: expected the width at byte 2, but the file ends there");
  EXPECT_EQ(refused("P6 # no end"),
            "[read_pnm] cat.ppm: expected the width at byte 11, but the file ends there");
  EXPECT_EQ(refused("P6 2 x"), "[read_pnm] cat.ppm: expected the height at byte 5");
  EXPECT_EQ(refused("P6 -2 3"), "[read_pnm] cat.ppm: expected the width at byte 3");
  EXPECT_EQ(refused("P6 0 3 255 "),
            "[read_pnm] cat.ppm: the width at byte 3 must be from 1 to 268435456, got 0");
  EXPECT_EQ(refused("P5 99999999999999999999999 1 255 "),
            "[read_pnm] cat.ppm: the width at byte 3 must be from 1 to 268435456, got more than that");
  EXPECT_EQ(refused("P5 100000 100000 255 "),
            "[read_pnm] cat.ppm: 100000 x 100000 pixels are more than 268435456");
  EXPECT_EQ(refused("P5 1 1 65536 "),
            "[read_pnm] cat.ppm: the largest level at byte 7 must be from 1 to 65535, got 65536");
  EXPECT_EQ(refused("P5 1 1 255"), "[read_pnm] cat.ppm: expected one blank at byte 10, after the header");
  EXPECT_EQ(refused("P5 2 2 255 abc"),
            "[read_pnm] cat.ppm: 2 x 2 pixels need 4 bytes after the header, the file holds 3");
  EXPECT_EQ(refused("P5 2 2 255 abcde"),
            "[read_pnm] cat.ppm: 2 x 2 pixels need 4 bytes after the header, the file holds 5");
  EXPECT_EQ(refused("P5 1 1 10 a"), "[read_pnm] cat.ppm: level 97 at byte 10 is above the largest, 10");
  EXPECT_EQ(
      refused("P2 9 9 10 1 2 3"),
      "[read_pnm] cat.ppm: 9 x 9 pixels need 81 numbers, too many for the 6 bytes that the file holds after "
      "the header");
  EXPECT_EQ(refused("P2 2 1 10 1 12"), "[read_pnm] cat.ppm: a level at byte 12 must be from 0 to 10, got 12");
  EXPECT_EQ(refused("P2 2 1 10 1 y"), "[read_pnm] cat.ppm: expected a level at byte 12");
  EXPECT_EQ(refused("P2 1 1 10 1 2"), "[read_pnm] cat.ppm: more than 1 levels; byte 12 is too much");
}

TEST(Pnm, ResizesByMeansOfWhatLiesAround) {
  const Tensor x = tensor({{{1, 3, 5, 7}, {2, 4, 6, 8}}});
  expect_close(resize(x, 2, 4), x);
  expect_close(resize(ones({3, 7, 5}), 4, 9), ones({3, 4, 9}));
  // Halved: old centres 1/2, 3/2, 5/2 around the new one at 1 weigh 3/4, 3/4, 1/4.
  expect_close(resize(x.slice(1, 0, 1), 1, 2), tensor({{{(3 + 9 + 5) / 7.0, (3 + 15 + 21) / 7.0}}}));
  expect_close(resize(tensor({{{0, 4}}}), 1, 4), tensor({{{0, 1, 3, 4}}}));
  EXPECT_EQ(error_of([] {
              resize(zeros({2, 2}), 1, 1);
            }),
            "[resize] x must be (C, height, width) and the new sides at least 1, got (2, 2), 1 and 1");
}

TEST(Pnm, TheModelsInputIsTheMiddleNormalised) {
  const Tensor grey = for_imagenet(ones({1, 30, 50}) * 0.5, {.resize = 12, .crop = 8});
  EXPECT_EQ(grey.shape(), (Shape{1, 3, 8, 8}));
  EXPECT_NEAR(grey.at({0, 0, 3, 3}), (0.5 - 0.485) / 0.229, 1e-6);
  EXPECT_NEAR(grey.at({0, 2, 0, 7}), (0.5 - 0.406) / 0.225, 1e-6);
  EXPECT_EQ(error_of([] {
              for_imagenet(zeros({3, 9, 9}), {.resize = 7, .crop = 8});
            }),
            "[for_imagenet] a crop of 8 pixels does not fit into 7");
  EXPECT_EQ(error_of([] {
              for_imagenet(zeros({1, 3, 9, 9}));
            }),
            "[for_imagenet] a picture is (3, height, width) or (1, height, width), got (1, 3, 9, 9)");
}

}  // namespace heed::data
