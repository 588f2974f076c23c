// file_format.h — recognises files that are not what their names promise: Git LFS pointers, web
// pages, archives.
#pragma once

#include <string>
#include <string_view>

namespace heed::data {

// Throws if the first bytes of the file PATH show that it is of another format than `expected`, for
// example "[safetensors] PATH: expected a safetensors file, got a Git LFS pointer. Hint: …".
// Recognises Git LFS pointers, HTML and XML, zip (PyTorch's .pt and .bin), pickle, gzip and other
// compressed files, tar, safetensors, GGUF, HDF5, NumPy, PNG, JPEG and UTF-16 text. Returns if
// `bytes` are none of them, or empty.
void check_format(const char* op, const std::string& path, std::string_view bytes, const char* expected);

// read_file and check_format; an empty file is an error, too.
std::string read_file_of_format(const char* op, const std::string& path, const char* expected);

}  // namespace heed::data
