// safetensors.h — reads and writes weights in the format of Hugging Face's safetensors library.
//
//   nn::Linear layer({.in = 4, .out = 8}, gen);
//   save_safetensors("layer.safetensors", layer.state_dict());
//   layer.load_state_dict(SafeTensors("layer.safetensors").all());
//
// The format (github.com/huggingface/safetensors) uses little-endian numbers throughout:
//
//   8 bytes   the length N of the header
//   N bytes   JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …,
//             "__metadata__": {…}}
//   the rest  the data of all tensors, in row-major order and without gaps
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "autograd/int_tensor.h"
#include "autograd/tensor.h"
#include "data/file.h"

namespace heed::data {

using Metadata = std::map<std::string, std::string>;

// The header's entry of one tensor.
struct TensorEntry {
  std::string name;
  std::string dtype;  // "F64", "F32", "F16", "BF16", "I64" … "I8", "U64" … "U8", "BOOL"
  Shape shape;
  std::size_t begin, end;  // the range of its bytes, relative to the end of the header
};

// An open file. The constructor reads and checks only the header; the system reads the pages of a
// tensor on first access. Throws "[safetensors] PATH: …" with the byte or the name if the header is
// invalid, or with the format of the file if it is not a safetensors file (file_format.h).
class SafeTensors {
 public:
  explicit SafeTensors(const std::string& path);

  const std::vector<TensorEntry>& entries() const { return entries_; }  // in the order of their bytes
  const Metadata& metadata() const { return metadata_; }
  bool contains(const std::string& name) const;

  // Returns a floating-point tensor. F32 and F64 tensors share memory with the mapped file if their
  // bytes are aligned; changes to them do not modify the file. F16 and BF16 are converted to f32,
  // which is exact. Throws for integers.
  Tensor tensor(const std::string& name) const;
  // Returns an integer or BOOL tensor. Throws for floats, and for U64 values above 2^63 - 1.
  IntTensor ids(const std::string& name) const;
  // Returns every tensor, for load_state_dict; integers (such as num_batches_tracked) are converted
  // to f64.
  NamedTensors all() const;
  // Releases the memory of a tensor that tensor() or all() returned. The next access reads its
  // values from the file again. Does nothing if the tensor does not share memory with the file.
  void release(const Tensor& t) const;

 private:
  const TensorEntry& entry(const std::string& name) const;
  std::string path_;
  std::shared_ptr<MappedFile> file_;
  std::size_t start_ = 0;  // the offset of the data
  std::vector<TensorEntry> entries_;
  std::map<std::string, std::size_t> index_;
  Metadata metadata_;
};

// Writes f32 and f64 tensors atomically (write_atomically). The data starts at a multiple of 8, f64
// tensors first, so every tensor is aligned. Throws "[save_safetensors] PATH: …" for an undefined
// tensor, or a name that is used twice, reserved or not UTF-8.
void save_safetensors(const std::string& path, const NamedTensors& tensors, const Metadata& metadata = {});

}  // namespace heed::data
