// safetensors.h — weights in the form that the whole field reads and writes.
//
//   nn::Linear layer({.in = 4, .out = 8}, gen);
//   save_safetensors("layer.safetensors", layer.state_dict());
//   layer.load_state_dict(SafeTensors("layer.safetensors").all());
//
// The form (github.com/huggingface/safetensors): 8 bytes, little-endian, the length N of the header; N bytes of
// JSON, {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …, "__metadata__": {…}}; then the
// numbers, little-endian, row by row, without holes.
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

// What the header says of one tensor.
struct TensorEntry {
  std::string name;
  std::string dtype;  // "F64", "F32", "F16", "BF16", "I64" … "I8", "U64" … "U8", "BOOL"
  Shape shape;
  std::size_t begin, end;  // bytes, from the end of the header
};

// An open file. Opening reads the header alone; a tensor's pages are read as they are touched. Everything in the
// header is checked before anything is believed: throws "[safetensors] PATH: …" with the byte or
// the name, or with the format that the file has instead (file_format.h).
class SafeTensors {
 public:
  explicit SafeTensors(const std::string& path);

  const std::vector<TensorEntry>& entries() const { return entries_; }  // in the order of their bytes
  const Metadata& metadata() const { return metadata_; }
  bool contains(const std::string& name) const;

  // F32 and F64 as they lie in the mapped file, without a copy (where their bytes are aligned); changes in place
  // stay in this process. F16 and BF16 become f32, exactly. Whole numbers are refused: ids() reads them.
  Tensor tensor(const std::string& name) const;
  // Whole numbers and BOOL. U64 beyond 2^63 - 1 is refused.
  IntTensor ids(const std::string& name) const;
  // Every tensor, for load_state_dict; whole numbers (a count of batches) as f64.
  NamedTensors all() const;
  // Gives the memory under a tensor that tensor() or all() returned back to the system; one that is no view of the
  // file is left alone. Whoever still reads the tensor finds the file's numbers again.
  void release(const Tensor& t) const;

 private:
  const TensorEntry& entry(const std::string& name) const;
  std::string path_;
  std::shared_ptr<MappedFile> file_;
  std::size_t start_ = 0;  // where the numbers begin
  std::vector<TensorEntry> entries_;
  std::map<std::string, std::size_t> places_;
  Metadata metadata_;
};

// Writes f32 and f64 tensors, whole or not at all (write_whole), the numbers of each 8-byte aligned, f64 first.
void save_safetensors(const std::string& path, const NamedTensors& tensors, const Metadata& metadata = {});

}  // namespace heed::data
