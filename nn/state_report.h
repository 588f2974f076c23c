// state_report.h — the list of mismatches between a module and the tensors to be loaded into it.
#pragma once

#include <ostream>
#include <string>

#include "autograd/tensor.h"

namespace heed::nn {

// load_state_dict and load_published collect every mismatch in one and throw a single error that
// prints it.
class StateReport {
 public:
  void missing(const std::string& name);
  // `hint` follows the name, for example " (near 'norm1.weight')".
  void unexpected(const std::string& name, const std::string& hint = {});
  void repeated(const std::string& name);
  // An undefined tensor has no shape and is reported as such.
  void wrong_shape(const std::string& name, const Tensor& received, const Shape& expected);

  bool empty() const;
  // One line per kind of mismatch that occurred: "\n  missing: 'a' 'b'".
  friend std::ostream& operator<<(std::ostream& out, const StateReport& report);

 private:
  std::string missing_, unexpected_, repeated_, wrong_shape_;
};

}  // namespace heed::nn
