#include "data/safetensors.h"

#include <sys/resource.h>
#include <unistd.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "tests/testing.h"

namespace heed::data {
namespace {

namespace fs = std::filesystem;

class SafeTensorsFile : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  const fs::path folder_ = fs::temp_directory_path() / concat("heed_safetensors_", getpid());
  const std::string path_ = (folder_ / "file.safetensors").string();

  void write(const std::string& bytes) { std::ofstream(path_, std::ios::binary) << bytes; }
  // A file with this header, its length in front, and these numbers.
  void write(const std::string& header, const std::string& numbers) {
    std::string length;
    for (int i = 0; i < 8; ++i) length += static_cast<char>(header.size() >> (8 * i) & 255);
    write(length + header + numbers);
  }
  std::string refusal() {
    const std::string text = error_of([&] { SafeTensors{path_}; });
    const std::string start = "[safetensors] " + path_ + ": ";
    return text.starts_with(start) ? text.substr(start.size()) : text;
  }
};

std::string bytes_of(const auto&... numbers) {
  std::string out;
  ((out.append(reinterpret_cast<const char*>(&numbers), sizeof numbers)), ...);
  return out;
}

TEST_F(SafeTensorsFile, WhatIsWrittenIsReadBitByBit) {
  const NamedTensors state = {{"a", noise({2, 3})},
                              {"dotted.name", noise({5}, 2, f64)},
                              {"number", scalar(7)},
                              {"empty", zeros({0, 4})},
                              {"view", noise({3, 4}, 3).transpose(0, 1)},
                              {"이름 \"\\", tensor({-0.0, INFINITY})}};
  save_safetensors(path_, state, {{"format", "pt"}, {"note", "한글 \n"}});
  const SafeTensors file(path_);
  EXPECT_EQ(file.entries().size(), 6U);
  EXPECT_EQ(file.metadata(), (Metadata{{"format", "pt"}, {"note", "한글 \n"}}));
  for (const auto& [name, t] : state) {
    EXPECT_EQ(file.tensor(name).dtype(), t.dtype());
    expect_same_bits(file.tensor(name), t);
  }
  EXPECT_EQ(file.all().size(), 6U);
  EXPECT_TRUE(std::signbit(file.tensor("이름 \"\\").at({0})));
  save_safetensors(path_, {});
  EXPECT_TRUE(SafeTensors(path_).entries().empty());
}

// The example of the published form, byte by byte.
TEST_F(SafeTensorsFile, TheFormIsThePublishedOne) {
  save_safetensors(path_, {{"x", tensor({{1, 2}})}});
  const std::string header = R"({"x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})";
  EXPECT_EQ(read_file("test", path_), bytes_of(std::uint64_t{56}) + header + bytes_of(1.0F, 2.0F));
}

TEST_F(SafeTensorsFile, EveryTypeIsRead) {
  write(
      R"({"f64":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"i64":{"dtype":"I64","shape":[2],"data_offsets":[8,24]},)"
      R"("u64":{"dtype":"U64","shape":[1],"data_offsets":[24,32]},"i32":{"dtype":"I32","shape":[1],"data_offsets":[32,36]},)"
      R"("u32":{"dtype":"U32","shape":[1],"data_offsets":[36,40]},"i16":{"dtype":"I16","shape":[1],"data_offsets":[40,42]},)"
      R"("u16":{"dtype":"U16","shape":[1],"data_offsets":[42,44]},"i8":{"dtype":"I8","shape":[1],"data_offsets":[44,45]},)"
      R"("u8":{"dtype":"U8","shape":[1],"data_offsets":[45,46]},"bool":{"dtype":"BOOL","shape":[2],"data_offsets":[46,48]},)"
      R"("f16":{"dtype":"F16","shape":[7],"data_offsets":[48,62]},"bf16":{"dtype":"BF16","shape":[3],"data_offsets":[62,68]}})",
      bytes_of(0.1, std::int64_t{-3}, INT64_MAX, std::uint64_t{5}, std::int32_t{-7},
               std::uint32_t{0xFFFFFFFF}, std::int16_t{-9}, std::uint16_t{65535}, std::int8_t{-128},
               std::uint8_t{255}, std::uint8_t{1}, std::uint8_t{0}) +
          bytes_of(std::uint16_t{0x3C00}, std::uint16_t{0xC100}, std::uint16_t{0x7BFF}, std::uint16_t{0x0001},
                   std::uint16_t{0x8000}, std::uint16_t{0x7C00}, std::uint16_t{0x7E00}) +
          bytes_of(std::uint16_t{0x3F80}, std::uint16_t{0xC049}, std::uint16_t{0x7F80}));
  const SafeTensors file(path_);
  EXPECT_EQ(file.tensor("f64").item(), 0.1);
  EXPECT_EQ(file.ids("i64"), IntTensor(std::vector<index_t>({-3, INT64_MAX}), {2}));
  EXPECT_EQ(file.ids("u64").item(), 5);
  EXPECT_EQ(file.ids("i32").item(), -7);
  EXPECT_EQ(file.ids("u32").item(), 4294967295);
  EXPECT_EQ(file.ids("i16").item(), -9);
  EXPECT_EQ(file.ids("u16").item(), 65535);
  EXPECT_EQ(file.ids("i8").item(), -128);
  EXPECT_EQ(file.ids("u8").item(), 255);
  EXPECT_EQ(file.ids("bool"), IntTensor({1, 0}));
  const auto half = file.tensor("f16").to_vector();
  EXPECT_EQ(std::vector<double>(half.begin(), half.begin() + 6),
            (std::vector<double>{1, -2.5, 65504, 0x1p-24, -0.0, INFINITY}));
  EXPECT_TRUE(std::isnan(half[6]));
  EXPECT_EQ(file.tensor("bf16").to_vector(), (std::vector<double>{1, -3.140625, INFINITY}));
  EXPECT_EQ(file.all().size(), 12U);
  EXPECT_EQ(file.all()[1].second.to_vector()[0], -3) << "whole numbers come as f64";
  EXPECT_EQ(error_of([&] { file.tensor("i64"); }),
            "[safetensors] " + path_ + ": tensor \"i64\" is I64. Hint: ids() reads whole numbers");
  EXPECT_EQ(error_of([&] { file.ids("f64"); }),
            "[safetensors] " + path_ + ": tensor \"f64\" is F64. Hint: tensor() reads floats");
  EXPECT_EQ(error_of([&] { file.tensor("nowhere"); }), "[safetensors] " + path_ + ": no tensor \"nowhere\"");
  EXPECT_TRUE(file.contains("f16"));
  EXPECT_FALSE(file.contains("nowhere"));
}

TEST_F(SafeTensorsFile, AWholeNumberThatDoesNotFitIsRefusedByItsPlace) {
  write(R"({"u64":{"dtype":"U64","shape":[2],"data_offsets":[0,16]}})",
        bytes_of(std::uint64_t{5}, UINT64_MAX));
  EXPECT_EQ(error_of([&] { SafeTensors(path_).ids("u64"); }),
            "[safetensors] " + path_ +
                ": tensor \"u64\": 18446744073709551615 at place 1 is beyond 64 bits with a sign");
}

TEST_F(SafeTensorsFile, NumbersThatAreNotAlignedAreCopied) {
  write(
      R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}} )",
      "!" + bytes_of(1.5F, 2.5F));
  EXPECT_EQ(SafeTensors(path_).tensor("x").to_vector(), (std::vector<double>{1.5, 2.5}));
}

TEST_F(SafeTensorsFile, BrokenFilesAreRefusedByPlace) {
  write("");
  EXPECT_EQ(refusal(), "expected a safetensors file, got an empty file. Hint: download it again");
  write("abc");
  EXPECT_EQ(refusal(), "cut off at byte 3 inside the header's length, which takes 8");
  write(bytes_of(std::uint64_t{1} << 60));
  EXPECT_EQ(refusal(), "byte 0: a header of 1152921504606846976 bytes; at most 100000000 are allowed");
  write(bytes_of(std::uint64_t{50}) + "{}");
  EXPECT_EQ(refusal(), "cut off at byte 10 inside the header of 50 bytes");
  write(bytes_of(std::uint64_t{50}) + "{\"x\":{\"dtype\"");
  EXPECT_EQ(refusal(), "cut off at byte 21 inside the header of 50 bytes");
  write(" {}", "");
  EXPECT_EQ(refusal(), "byte 8: the header does not begin with '{'");
  write("{", "");
  EXPECT_EQ(refusal(), "[json] " + path_ + ", header: byte 1: expected '\"', the text ends here");
  write("{} x", "");
  EXPECT_EQ(refusal(), "[json] " + path_ + ", header: byte 3: the text goes on after its value");
  write(std::string("{\"") + std::string(70, '['), "");
  EXPECT_NE(refusal(), "");
  write("{}", "abc");
  EXPECT_EQ(refusal(), "the header describes 0 bytes of numbers, the file holds 3; what is the rest?");

  const auto tensor_refusal = [&](const std::string& body, const std::string& numbers = "") {
    write("{\"x\":" + body + "}", numbers);
    const std::string text = refusal(), start = "tensor \"x\"";
    return text.starts_with(start) ? text.substr(start.size() + (text[start.size()] == ':' ? 2 : 1)) : text;
  };
  EXPECT_EQ(tensor_refusal("1"), "expected an object");
  EXPECT_EQ(tensor_refusal(R"({"dtype":"F32","shape":[1]})"),
            "expected dtype, shape and data_offsets, and nothing else");
  EXPECT_EQ(tensor_refusal(R"({"dtype":"F32","shape":[],"data_offsets":[0,4],"more":1})"),
            "expected dtype, shape and data_offsets, and nothing else");
  EXPECT_EQ(tensor_refusal(R"({"dtype":"F31","shape":[1],"data_offsets":[0,4]})"),
            "dtype \"F31\" is none that heed reads");
  EXPECT_EQ(tensor_refusal(R"({"dtype":4,"shape":[1],"data_offsets":[0,4]})"), "dtype is not a string");
  EXPECT_EQ(tensor_refusal(R"({"dtype":"F32","shape":3,"data_offsets":[0,4]})"), "shape is not an array");
  EXPECT_EQ(tensor_refusal(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})"),
            "shape holds something else than whole numbers from 0");
  EXPECT_EQ(tensor_refusal(R"({"dtype":"F32","shape":[1.5],"data_offsets":[0,4]})"),
            "shape holds something else than whole numbers from 0");
  EXPECT_EQ(tensor_refusal(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]})"),
            "shape (4294967296, 4294967296) overflows");
  EXPECT_EQ(tensor_refusal(R"({"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]})"),
            "shape (0, 4294967296, 4294967296) overflows")
      << "there are no numbers, but their strides would be";
  EXPECT_EQ(tensor_refusal(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]})", "abcd"),
            "shape has 9 axes, and at most 8 can be read");
  EXPECT_EQ(tensor_refusal(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})", "abcd"),
            "shape (2) of F32 is 8 bytes, but data_offsets are [0, 4]");
  EXPECT_EQ(tensor_refusal(R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})", "abcd"),
            "shape (1) of F32 is 4 bytes, but data_offsets are [4, 0]");
  EXPECT_EQ(tensor_refusal(R"({"dtype":"F32","shape":[1],"data_offsets":[0]})"),
            "data_offsets is not a pair");
  EXPECT_EQ(tensor_refusal(R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})", "abcdefgh"),
            "begins at 4, and the one before it ends at 0; there must be no hole and no overlap");
  EXPECT_EQ(tensor_refusal(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})", "abc"),
            "the header describes 4 bytes of numbers, the file holds 3; it is cut off");

  write(
      R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
      "abc");
  EXPECT_EQ(
      refusal(),
      "tensor \"y\" begins at 1, and the one before it ends at 2; there must be no hole and no overlap");
  write(
      R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
      "ab");
  expect_contains(refusal(), "the name \"x\" stands twice");
  write(R"({"__metadata__":{"a":1}})", "");
  EXPECT_EQ(refusal(), "__metadata__ \"a\" is not a string");
  write(R"({"__metadata__":[]})", "");
  EXPECT_EQ(refusal(), "__metadata__ is not an object");
  write("{\"\xFF\":1}", "");
  expect_contains(refusal(), "this is not UTF-8");
  fs::remove(path_);
  EXPECT_EQ(refusal(), "no such file");
}

TEST_F(SafeTensorsFile, AFileOfAnotherFormatIsNamed) {
  const auto named = [&](const std::string& bytes) {
    write(bytes);
    const std::string text = refusal();
    return text.substr(0, text.find(". Hint: "));
  };
  const std::string got = "expected a safetensors file, got ";
  EXPECT_EQ(named("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"),
            got + "a Git LFS pointer");
  EXPECT_EQ(named("\n<!DOCTYPE html>\n<html></html>"), got + "an HTML page");
  EXPECT_EQ(named(std::string("PK\3\4\x14\0\0\0\b\0", 10)),
            got + "a zip archive, as torch.save writes it (.pt, .pth, .bin)");
  EXPECT_EQ(named("\x80\2\x8A\nl\xFC\x9C\x46\xF9"),
            got + "a pickle, as torch.save wrote it before version 1.6");
  EXPECT_EQ(named("\x1F\x8B\b"), got + "a gzip file") << "however short";
  EXPECT_EQ(named(R"({"metadata": {"total_size": 1}, "weight_map": {}})"), got + "a JSON text");
}

TEST_F(SafeTensorsFile, AHeaderThatBeginsAsAnotherFormatIsRead) {
  // 0x0280 bytes of header: 0x80 0x02, as a pickle.
  std::string header = R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
  header.resize(0x280, ' ');
  write(header, "!");
  EXPECT_EQ(SafeTensors(path_).ids("x").item(), '!');
  // 0x7D0280: with a pickle's opcode after it
  header.resize(0x7D0280, ' ');
  write(header, "!");
  EXPECT_EQ(SafeTensors(path_).ids("x").item(), '!');
}

// Every cut of a good file, and every single changed byte of its header, is refused or still a good file: never a
// crash, an over-read (the sanitizers look) or a large allocation.
TEST_F(SafeTensorsFile, NoDamageIsWorseThanAnError) {
  save_safetensors(path_, {{"a", ones({2, 2})}, {"b", ones({3}, f64)}}, {{"k", "v"}});
  const std::string good = read_file("test", path_);
  reset_peak_memory();
  const auto before = memory_stats().peak_bytes;
  int refused = 0;
  const auto survive = [&] {
    try {
      const SafeTensors file(path_);
      for (const TensorEntry& e : file.entries())
        if (e.dtype.starts_with("F")) (void)file.tensor(e.name).to_vector();
    } catch (const Error&) {
      ++refused;
    }
  };
  for (std::size_t n = 0; n < good.size(); ++n) {
    write(good.substr(0, n));
    survive();
  }
  EXPECT_EQ(refused, static_cast<int>(good.size())) << "every cut";
  for (std::size_t i = 0; i < good.size() - 40; ++i)
    for (const char c : {'\0', '9', '"', '}', '\xFF'}) {
      std::string bad = good;
      bad[i] = c;
      write(bad);
      survive();
    }
  EXPECT_GT(refused, 800);
  EXPECT_LT(memory_stats().peak_bytes - before, 1'000'000);
}

TEST_F(SafeTensorsFile, ALargeFileOpensWithoutBeingRead) {
  // 1 GB, sparse: it takes no room on the disk.
  const std::string header = R"({"big":{"dtype":"F32","shape":[250000000],"data_offsets":[0,1000000000]},)"
                             R"("last":{"dtype":"F32","shape":[4],"data_offsets":[1000000000,1000000016]}})";
  write(header, "");
  fs::resize_file(path_, 8 + header.size() + 1'000'000'016);
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  const auto before = usage.ru_maxrss;
  const auto start = std::chrono::steady_clock::now();
  const Tensor last = SafeTensors(path_).tensor("last");
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_EQ(last.to_vector(), (std::vector<double>(4, 0)));
  getrusage(RUSAGE_SELF, &usage);
  EXPECT_LT(usage.ru_maxrss - before, 100'000) << "kilobytes more than before";
  RecordProperty("seconds", std::to_string(seconds));
}

TEST_F(SafeTensorsFile, ATensorOutlivesTheFileAndChangesStayHere) {
  save_safetensors(path_, {{"x", tensor({1, 2})}});
  Tensor x = SafeTensors(path_).tensor("x");
  x.fill_(9);
  EXPECT_EQ(x.to_vector(), (std::vector<double>{9, 9}));
  EXPECT_EQ(SafeTensors(path_).tensor("x").to_vector(), (std::vector<double>{1, 2}));
  save_safetensors(path_, {{"x", tensor({5, 6})}});
  EXPECT_EQ(x.to_vector(), (std::vector<double>{9, 9})) << "replaced by rename, not written into";
}

TEST_F(SafeTensorsFile, WhatCannotBeWrittenIsRefusedAndNothingIs) {
  EXPECT_EQ(error_of([&] {
              save_safetensors(path_, {{"x", Tensor()}});
            }),
            "[save_safetensors] " + path_ + ": tensor \"x\" is undefined");
  EXPECT_EQ(error_of([&] {
              save_safetensors(path_, {{"x", ones({1})}, {"x", ones({1})}});
            }),
            "[save_safetensors] " + path_ + ": the name \"x\" stands twice");
  EXPECT_EQ(error_of([&] {
              save_safetensors(path_, {{"__metadata__", ones({1})}});
            }),
            "[save_safetensors] " + path_ + ": __metadata__ is no name for a tensor");
  expect_contains(error_of([&] { save_safetensors(path_, {{"\xFF", ones({1})}}); }), "is not UTF-8");
  EXPECT_FALSE(fs::exists(path_));
}

}  // namespace
}  // namespace heed::data
