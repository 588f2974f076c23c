#include "data/file_format.h"

#include "data/pnm.h"
#include "data/pretrained.h"
#include "data/readers.h"
#include "data/safetensors.h"
#include "data/text/text.h"
#include "tests/data/text/testing.h"

namespace heed::data {
namespace {

const std::string lfs_pointer =
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";

std::string error_for(const std::string& bytes) {
  return error_of([&] { check_format("op", "PATH", bytes, "a JSON file"); });
}

TEST(FileFormat, IsRecognisedByTheFirstBytes) {
  EXPECT_EQ(error_for(lfs_pointer),
            "[op] PATH: expected a JSON file, got a Git LFS pointer. Hint: run git lfs pull, or "
            "download the file itself from its page");
  const std::string tar = std::string(257, 'x') + "ustar";
  const std::pair<std::string, std::string> cases[] = {
      {"<!DOCTYPE html><html>", "an HTML page"},
      {"<!-- moved -->\n<!DOCTYPE html>", "an HTML page"},
      {"\n<BODY>", "an HTML page"},
      {"\xEF\xBB\xBF \r\n<HTML lang=ko>", "an HTML page"},
      {"<?xml version=\"1.0\"?><Error>", "an XML document"},
      {std::string("PK\3\4\0\0", 6), "a zip archive, as torch.save writes it"},
      {"\x80\2}q", "a pickle, as torch.save wrote it before version 1.6"},
      {std::string("\x80\4\x95\0\0", 5), "a pickle"},
      {"\x1F\x8B\b", "a gzip file"},
      {"BZh91AY&SY", "a bzip2 file"},
      {std::string("\xFD"
                   "7zXZ\0",
                   6),
       "an xz file"},
      {"\x28\xB5\x2F\xFD", "a zstd file"},
      {tar, "a tar archive"},
      {"GGUF\3", "a GGUF file"},
      {"\x89HDF\r\n\x1A\n", "an HDF5 file"},
      {"\x93NUMPY\1", "a NumPy array"},
      {"\x89PNG\r\n\x1A\n", "a PNG image"},
      {"\xFF\xD8\xFF\xE0", "a JPEG image"},
      {std::string("\xFF\xFE{\0", 4), "UTF-16 text"},
      {std::string("\x3A\0\0\0\0\0\0\0{\"x\"", 12), "a safetensors file"}};
  for (const auto& [bytes, name] : cases) {
    expect_contains(error_for(bytes), "[op] PATH: expected a JSON file, got " + name);
    expect_contains(error_for(bytes), ". Hint: ");
  }
}

TEST(FileFormat, OtherBytesPass) {
  for (const std::string text :
       {"", "{}", "[PAD]\n[UNK]\n", "<s>\n</s>\n", "version 1", "#version: 0.2\na b\n", "PK", "BZh",
        "a,b\n1,2\n", "P5\n1 1\n255\n1", "\x80", "\xFF", "<h", "\x80\2"})
    EXPECT_EQ(error_for(text), "") << json_string(text);
}

TEST_F(TextFiles, EveryReaderRejectsAFileInAnotherFormat) {
  const std::string page = "<!doctype html>\n<html><title>Sign in</title></html>\n";
  for (const auto& [bytes, name] :
       {std::pair{lfs_pointer, "a Git LFS pointer"}, std::pair{page, "an HTML page"}}) {
    const std::string file = write("file", bytes), start = concat(file, ": expected "),
                      end = concat(", got ", name, ". Hint: ");
    const auto expect = [&](const char* op, const std::string& expected, const std::string& error) {
      expect_contains(error, concat("[", op, "] ", start, expected, end));
    };
    expect("safetensors", "a safetensors file", error_of([&] { SafeTensors{file}; }));
    expect("config.json", "a JSON file of settings", error_of([&] { read_config(file); }));
    expect("wordpiece", "a vocabulary with one token per line (vocab.txt)",
           error_of([&] { WordPiece::load(file); }));
    expect("bpe", "a JSON file of tokens (encoder.json)",
           error_of([&] { BytePairEncoding::load(file, file); }));
    expect("table", "a table in text", error_of([&] { read_table(file); }));
    expect("read_csv", "lines of numbers (CSV)", error_of([&] { read_csv(file); }));
    expect("read_idx", "an IDX file", error_of([&] { read_idx_images(file); }));
    expect("read_pnm", "a PGM or PPM image", error_of([&] { read_pnm(file); }));

    BytePairEncoding::train({"ab ab"}, {.vocab_size = 258}).save(path("v"), path("e"));
    expect("bpe", "a list of merges (vocab.bpe)", error_of([&] { BytePairEncoding::load(file, path("e")); }));
  }
}

TEST_F(TextFiles, AnEmptyFileIsRejected) {
  const std::string file = write("file", ""), got = ", got an empty file. Hint: download it again";
  EXPECT_EQ(error_of([&] { SafeTensors{file}; }),
            "[safetensors] " + file + ": expected a safetensors file" + got);
  EXPECT_EQ(error_of([&] { read_config(file); }),
            "[config.json] " + file + ": expected a JSON file of settings" + got);
  EXPECT_EQ(error_of([&] { WordPiece::load(file); }),
            "[wordpiece] " + file + ": expected a vocabulary with one token per line (vocab.txt)" + got);
  EXPECT_EQ(error_of([&] { BytePairEncoding::load(file, file); }),
            "[bpe] " + file + ": expected a JSON file of tokens (encoder.json)" + got);
}

}  // namespace
}  // namespace heed::data
