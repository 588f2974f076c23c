#include "data/file_format.h"

#include <algorithm>
#include <string>

#include "autograd/error.h"
#include "data/file.h"
#include "data/utf8.h"

namespace heed::data {

namespace {

using namespace std::string_view_literals;

constexpr const char* unpack = "unpack it first";
constexpr const char* from_torch =
    "convert it in Python: safetensors.torch.save_file(torch.load(path, weights_only=True), \"…\")";

struct Format {
  std::string_view signature;
  const char* name;
  const char* hint;
  std::size_t offset = 0;  // of the signature
};
constexpr Format formats[] = {
    {"version https://git-lfs.github.com/spec/"sv, "a Git LFS pointer",
     "run git lfs pull, or download the file itself from its page"},
    {"PK\x03\x04"sv, "a zip archive, as torch.save writes it (.pt, .pth, .bin)", from_torch},
    {"PK\x05\x06"sv, "an empty zip archive", "download it again"},
    {"\x1F\x8B"sv, "a gzip file", "unpack it first (gunzip)"},
    {"\x28\xB5\x2F\xFD"sv, "a zstd file", unpack},
    {"\xFD"
     "7zXZ\0"sv,
     "an xz file", unpack},
    {"7z\xBC\xAF\x27\x1C"sv, "a 7z archive", unpack},
    {"ustar"sv, "a tar archive", unpack, 257},
    {"GGUF"sv, "a GGUF file", "use the safetensors files of the same model"},
    {"\x89HDF\r\n\x1A\n"sv, "an HDF5 file (.h5)", "use the safetensors files of the same model"},
    {"\x93NUMPY"sv, "a NumPy array (.npy)", "convert it in Python: safetensors.numpy.save_file"},
    {"\x89PNG\r\n\x1A\n"sv, "a PNG image", "convert it: convert image.png image.ppm"},
    {"\xFF\xD8\xFF"sv, "a JPEG image", "convert it: convert image.jpg image.ppm"},
    {"\xFF\xFE"sv, "UTF-16 text", "save it as UTF-8"},
    {"\xFE\xFF"sv, "UTF-16 text", "save it as UTF-8"},
};

// Returns the name of the markup language, or null. Skips a byte order mark and white space;
// ignores case.
const char* markup_language(std::string_view bytes) {
  bytes.remove_prefix(byte_order_mark_length(bytes));
  bytes.remove_prefix(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
  std::string start(bytes.substr(0, 15));
  for (char& c : start)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  for (const char* html : {"<!doctype html", "<html", "<head", "<body", "<!--"})
    if (start.starts_with(html)) return "an HTML page";
  return start.starts_with("<?xml") ? "an XML document" : nullptr;
}

// A pickle starts with PROTO, a protocol from 2 to 5, and an opcode (printable, or from 0x80 to 0x97).
bool is_pickle(std::string_view bytes) {
  if (bytes.size() < 3 || bytes[0] != '\x80' || bytes[1] < 2 || bytes[1] > 5) return false;
  const auto opcode = static_cast<unsigned char>(bytes[2]);
  return (opcode > 0x20 && opcode < 0x7F) || (opcode >= 0x80 && opcode <= 0x97);
}

// A safetensors file starts with its header's length in eight bytes, the upper four of which are 0.
bool is_safetensors(std::string_view bytes) {
  return bytes.size() > 10 && bytes.substr(4, 6) == "\0\0\0\0{\""sv;
}

}  // namespace

void check_format(const char* op, const std::string& path, std::string_view bytes, const char* expected) {
  const auto got = [&](const char* name, const char* hint) {
    fail(op, path, ": expected ", expected, ", got ", name, ". Hint: ", hint);
  };
  for (const Format& format : formats)
    if (bytes.size() > format.offset && bytes.substr(format.offset).starts_with(format.signature))
      got(format.name, format.hint);
  if (bytes.size() > 9 && bytes.starts_with("BZh") && bytes.substr(4, 6) == "1AY&SY")
    got("a bzip2 file", "unpack it first (bunzip2)");
  if (is_pickle(bytes)) got("a pickle, as torch.save wrote it before version 1.6", from_torch);
  if (is_safetensors(bytes)) got("a safetensors file", "check that two paths are not swapped");
  if (const char* name = markup_language(bytes))
    got(name, "the server returned a web page; download the raw file");
}

void check_not_empty(const char* op, const std::string& path, std::string_view bytes, const char* expected) {
  check(!bytes.empty(), op, path, ": expected ", expected, ", got an empty file. Hint: download it again");
}

std::string read_file_of_format(const char* op, const std::string& path, const char* expected,
                                EmptyFile empty) {
  std::string bytes = read_file(op, path);
  if (empty == EmptyFile::reject) check_not_empty(op, path, bytes, expected);
  check_format(op, path, bytes, expected);
  return bytes;
}

}  // namespace heed::data
