// sequential.cpp — naming, copying and indexing of layers of any type.
#include "nn/sequential.h"

namespace heed::nn {

Module& Sequential::operator[](index_t i) {
  check(i >= 0 && i < size(), "Sequential", "there is no layer ", i, "; it has ", size());
  return layers_[static_cast<std::size_t>(i)]->module();
}

void Sequential::visit(Visitor& v) {
  for (std::size_t i = 0; i < layers_.size(); ++i) v.child(std::to_string(i), layers_[i]->module());
}

// Its layers are its options: it is rebuilt from clones of them. What remains is its own mode, and ties.
Sequential Sequential::clone() const {
  Sequential copy;
  for (const auto& layer : layers_) copy.layers_.push_back(layer->clone());
  copy.become_copy_of(*this);
  return copy;
}

}  // namespace heed::nn
