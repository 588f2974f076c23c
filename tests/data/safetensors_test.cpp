#include "data/safetensors.h"

#include <sys/resource.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "tests/data/testing.h"

namespace heed::data {
namespace {

namespace fs = std::filesystem;

class SafeTensorsFile : public TemporaryFolder {
 protected:
  const std::string path_ = path("file.safetensors");

  void write(const std::string& bytes) { TemporaryFolder::write("file.safetensors", bytes); }
  // Writes the length of the header, the header and the data.
  void write(const std::string& header, const std::string& data) {
    std::string length;
    for (int i = 0; i < 8; ++i) length += static_cast<char>(header.size() >> (8 * i) & 255);
    write(length + header + data);
  }
  std::string open_error() {
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

TEST_F(SafeTensorsFile, ReadsTheSameBitsThatWereWritten) {
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

// The example in the specification, byte by byte.
TEST_F(SafeTensorsFile, TheFormatFollowsTheSpecification) {
  save_safetensors(path_, {{"x", tensor({{1, 2}})}});
  const std::string header = R"({"x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})";
  EXPECT_EQ(read_file("test", path_), bytes_of(std::uint64_t{56}) + header + bytes_of(1.0F, 2.0F));
}

TEST_F(SafeTensorsFile, EveryDtypeIsRead) {
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
  EXPECT_EQ(file.all()[1].second.to_vector()[0], -3) << "all() converts integers to f64";
  EXPECT_EQ(
      error_of([&] { file.tensor("i64"); }),
      "[safetensors] " + path_ + ": tensor \"i64\": expected floats, got I64. Hint: ids() reads integers");
  EXPECT_EQ(
      error_of([&] { file.ids("f64"); }),
      "[safetensors] " + path_ + ": tensor \"f64\": expected integers, got F64. Hint: tensor() reads floats");
  EXPECT_EQ(error_of([&] { file.tensor("nowhere"); }), "[safetensors] " + path_ + ": no tensor \"nowhere\"");
  EXPECT_TRUE(file.contains("f16"));
  EXPECT_FALSE(file.contains("nowhere"));
}

TEST_F(SafeTensorsFile, AnIntegerThatDoesNotFitIsRejectedWithItsIndex) {
  write(R"({"u64":{"dtype":"U64","shape":[2],"data_offsets":[0,16]}})",
        bytes_of(std::uint64_t{5}, UINT64_MAX));
  EXPECT_EQ(error_of([&] { SafeTensors(path_).ids("u64"); }),
            "[safetensors] " + path_ +
                ": tensor \"u64\": expected integers up to 2^63 - 1, got 18446744073709551615 at index 1");
}

TEST_F(SafeTensorsFile, UnalignedDataIsCopied) {
  write(
      R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}} )",
      "!" + bytes_of(1.5F, 2.5F));
  EXPECT_EQ(SafeTensors(path_).tensor("x").to_vector(), (std::vector<double>{1.5, 2.5}));
}

TEST_F(SafeTensorsFile, InvalidFilesAreRejectedWithThePosition) {
  write("");
  EXPECT_EQ(open_error(), "expected a safetensors file, got an empty file. Hint: download it again");
  write("abc");
  EXPECT_EQ(open_error(), "expected the header's length in 8 bytes, got 3 bytes; the file is truncated");
  write(bytes_of(std::uint64_t{1} << 60));
  EXPECT_EQ(open_error(), "byte 0: expected a header of at most 100000000 bytes, got 1152921504606846976");
  write(bytes_of(std::uint64_t{50}) + "{}");
  EXPECT_EQ(open_error(), "expected a header of 50 bytes, got 2; the file is truncated");
  write(bytes_of(std::uint64_t{50}) + "{\"x\":{\"dtype\"");
  EXPECT_EQ(open_error(), "expected a header of 50 bytes, got 13; the file is truncated");
  write(" {}", "");
  EXPECT_EQ(open_error(), "byte 8: expected '{' at the start of the header");
  write("{", "");
  EXPECT_EQ(open_error(), "[json] " + path_ + ", header: byte 1: expected '\"', got the end of the text");
  write("{} x", "");
  EXPECT_EQ(open_error(),
            "[json] " + path_ + ", header: byte 3: expected the end of the text after the value");
  write(std::string("{\"") + std::string(70, '['), "");
  EXPECT_NE(open_error(), "");
  write("{}", "abc");
  EXPECT_EQ(open_error(), "expected 0 bytes of data after the header, got 3");

  const auto tensor_error = [&](const std::string& body, const std::string& data = "") {
    write("{\"x\":" + body + "}", data);
    const std::string text = open_error(), start = "tensor \"x\"";
    return text.starts_with(start) ? text.substr(start.size() + (text[start.size()] == ':' ? 2 : 1)) : text;
  };
  EXPECT_EQ(tensor_error("1"), "expected an object");
  EXPECT_EQ(tensor_error(R"({"dtype":"F32","shape":[1]})"),
            "expected exactly the members dtype, shape and data_offsets");
  EXPECT_EQ(tensor_error(R"({"dtype":"F32","shape":[],"data_offsets":[0,4],"more":1})"),
            "expected exactly the members dtype, shape and data_offsets");
  EXPECT_EQ(tensor_error(R"({"dtype":"F31","shape":[1],"data_offsets":[0,4]})"), "unsupported dtype \"F31\"");
  EXPECT_EQ(tensor_error(R"({"dtype":4,"shape":[1],"data_offsets":[0,4]})"), "expected dtype to be a string");
  EXPECT_EQ(tensor_error(R"({"dtype":"F32","shape":3,"data_offsets":[0,4]})"),
            "expected shape to be an array");
  EXPECT_EQ(tensor_error(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})"),
            "expected shape to contain integers from 0 to 2^63 - 1");
  EXPECT_EQ(tensor_error(R"({"dtype":"F32","shape":[1.5],"data_offsets":[0,4]})"),
            "expected shape to contain integers from 0 to 2^63 - 1");
  EXPECT_EQ(tensor_error(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]})"),
            "expected a shape whose strides fit 64 bits, got (4294967296, 4294967296)");
  EXPECT_EQ(tensor_error(R"({"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]})"),
            "expected a shape whose strides fit 64 bits, got (0, 4294967296, 4294967296)")
      << "there is no data, but the strides would overflow";
  EXPECT_EQ(tensor_error(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]})", "abcd"),
            "expected a shape with at most 8 axes, got 9");
  EXPECT_EQ(tensor_error(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})", "abcd"),
            "expected data_offsets that span 8 bytes for shape (2) of F32, got [0, 4]");
  EXPECT_EQ(tensor_error(R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})", "abcd"),
            "expected data_offsets that span 4 bytes for shape (1) of F32, got [4, 0]");
  EXPECT_EQ(tensor_error(R"({"dtype":"F32","shape":[1],"data_offsets":[0]})"),
            "expected data_offsets to be a pair");
  EXPECT_EQ(tensor_error(R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})", "abcdefgh"),
            "expected data_offsets that start at 0, where the previous tensor ends, got 4; gaps and overlaps "
            "are not allowed");
  EXPECT_EQ(tensor_error(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})", "abc"),
            "expected 4 bytes of data after the header, got 3; the file is truncated");

  write(
      R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
      "abc");
  EXPECT_EQ(open_error(),
            "tensor \"y\": expected data_offsets that start at 2, where the previous tensor ends, got 1; "
            "gaps and overlaps are not allowed");
  write(
      R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
      "ab");
  expect_contains(open_error(), "expected unique names, got \"x\" twice");
  write(R"({"__metadata__":{"a":1}})", "");
  EXPECT_EQ(open_error(), "expected __metadata__ \"a\" to be a string");
  write(R"({"__metadata__":[]})", "");
  EXPECT_EQ(open_error(), "expected __metadata__ to be an object");
  write("{\"\xFF\":1}", "");
  expect_contains(open_error(), "expected UTF-8");
  fs::remove(path_);
  EXPECT_EQ(open_error(), "no such file");
}

TEST_F(SafeTensorsFile, AFileInAnotherFormatIsRecognised) {
  const auto named = [&](const std::string& bytes) {
    write(bytes);
    const std::string text = open_error();
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
  EXPECT_EQ(named("\x1F\x8B\b"), got + "a gzip file") << "even if the file is short";
  EXPECT_EQ(named(R"({"metadata": {"total_size": 1}, "weight_map": {}})"), got + "JSON");
}

TEST_F(SafeTensorsFile, AHeaderThatStartsLikeAnotherFormatIsRead) {
  // The length 0x0280 is stored as 0x80 0x02, like the start of a pickle.
  std::string header = R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
  header.resize(0x280, ' ');
  write(header, "!");
  EXPECT_EQ(SafeTensors(path_).ids("x").item(), '!');
  // The length 0x7D0280 also contains an opcode of a pickle.
  header.resize(0x7D0280, ' ');
  write(header, "!");
  EXPECT_EQ(SafeTensors(path_).ids("x").item(), '!');
}

// A file that is truncated anywhere, or has any one byte of its header changed, is either rejected
// or still valid. It never causes a crash, a large allocation or, which the sanitizers check, a
// read out of bounds.
TEST_F(SafeTensorsFile, DamagedFilesAreRejectedWithoutACrash) {
  save_safetensors(path_, {{"a", ones({2, 2})}, {"b", ones({3}, f64)}}, {{"k", "v"}});
  const std::string valid = read_file("test", path_);
  reset_peak_memory();
  const auto before = memory_stats().peak_bytes;
  int rejected = 0;
  const auto read_all = [&] {
    try {
      const SafeTensors file(path_);
      for (const TensorEntry& e : file.entries())
        if (e.dtype.starts_with("F")) (void)file.tensor(e.name).to_vector();
    } catch (const Error&) {
      ++rejected;
    }
  };
  for (std::size_t n = 0; n < valid.size(); ++n) {
    write(valid.substr(0, n));
    read_all();
  }
  EXPECT_EQ(rejected, static_cast<int>(valid.size())) << "every truncated file";
  for (std::size_t i = 0; i < valid.size() - 40; ++i)
    for (const char c : {'\0', '9', '"', '}', '\xFF'}) {
      std::string damaged = valid;
      damaged[i] = c;
      write(damaged);
      read_all();
    }
  EXPECT_GT(rejected, 800);
  EXPECT_LT(memory_stats().peak_bytes - before, 1'000'000);
}

TEST_F(SafeTensorsFile, ALargeFileOpensWithoutBeingRead) {
  // 1 GB, but sparse, so it occupies no disk space.
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
  EXPECT_LT(usage.ru_maxrss - before, 100'000) << "kilobytes";
  RecordProperty("seconds", std::to_string(seconds));
}

TEST_F(SafeTensorsFile, ATensorOutlivesTheFileAndChangesStayInMemory) {
  save_safetensors(path_, {{"x", tensor({1, 2})}});
  Tensor x = SafeTensors(path_).tensor("x");
  x.fill_(9);
  EXPECT_EQ(x.to_vector(), (std::vector<double>{9, 9}));
  EXPECT_EQ(SafeTensors(path_).tensor("x").to_vector(), (std::vector<double>{1, 2}));
  save_safetensors(path_, {{"x", tensor({5, 6})}});
  EXPECT_EQ(x.to_vector(), (std::vector<double>{9, 9})) << "the file is replaced by rename";
}

TEST_F(SafeTensorsFile, InvalidArgumentsWriteNothing) {
  EXPECT_EQ(error_of([&] {
              save_safetensors(path_, {{"x", Tensor()}});
            }),
            "[save_safetensors] " + path_ + ": tensor \"x\" is undefined");
  EXPECT_EQ(error_of([&] {
              save_safetensors(path_, {{"x", ones({1})}, {"x", ones({1})}});
            }),
            "[save_safetensors] " + path_ + ": expected unique names, got \"x\" twice");
  EXPECT_EQ(error_of([&] {
              save_safetensors(path_, {{"__metadata__", ones({1})}});
            }),
            "[save_safetensors] " + path_ + ": expected another name than __metadata__, which is reserved");
  expect_contains(error_of([&] {
                    save_safetensors(path_, {{"\xFF", ones({1})}});
                  }),
                  "expected names in UTF-8, got ");
  EXPECT_FALSE(fs::exists(path_));
}

}  // namespace
}  // namespace heed::data
