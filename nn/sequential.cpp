#include "nn/sequential.h"

namespace heed::nn {

Module& Sequential::operator[](index_t i) {
  check(i >= 0 && i < size(), "Sequential", "expected an index in [0, ", size(), "), got ", i);
  return layers_[static_cast<std::size_t>(i)]->module();
}

void Sequential::visit(Visitor& v) {
  for (std::size_t i = 0; i < layers_.size(); ++i) v.child(std::to_string(i), layers_[i]->module());
}

// A Sequential has no options, so it is rebuilt from clones of its layers. copy_from then copies
// its training mode and restores tied parameters.
Sequential Sequential::clone() const {
  Sequential copy;
  for (const auto& layer : layers_) copy.layers_.push_back(layer->clone());
  copy.copy_from(*this);
  return copy;
}

}  // namespace heed::nn
