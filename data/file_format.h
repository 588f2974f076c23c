// file_format.h — recognises files in another format than expected: Git LFS pointers, web pages, archives.
#pragma once

#include <string>
#include <string_view>

namespace heed::data {

// Throws if the first bytes of the file PATH show another format than `expected`, for example
// "[safetensors] PATH: expected a safetensors file, got a Git LFS pointer. Hint: …". Recognises Git
// LFS pointers, HTML and XML, zip (PyTorch's .pt and .bin), pickle, gzip and other compressed
// files, tar, safetensors, GGUF, HDF5, NumPy, PNG, JPEG and UTF-16 text. Accepts all other bytes,
// including none.
void check_format(const char* op, const std::string& path, std::string_view bytes, const char* expected);

// Throws "[op] PATH: expected …, got an empty file" if there are no bytes.
void check_not_empty(const char* op, const std::string& path, std::string_view bytes, const char* expected);

enum class EmptyFile { reject, allow };

// Reads a file and checks its format; by default, an empty file is an error, too.
std::string read_file_of_format(const char* op, const std::string& path, const char* expected,
                                EmptyFile empty = EmptyFile::reject);

}  // namespace heed::data
