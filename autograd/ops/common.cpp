#include "autograd/ops/common.h"

namespace heed::ops {

void check_tensors(const char* op, std::initializer_list<const Tensor*> arguments) {
  int place = 0;
  const Tensor* first = *arguments.begin();
  for (const Tensor* t : arguments) {
    check(t->defined(), op, "argument ", place,
          " is an undefined tensor. Hint: a default-constructed Tensor holds nothing");
    check(t->dtype() == first->dtype(), op, "argument ", place, " is ", name(t->dtype()),
          " and argument 0 is ", name(first->dtype()), "; dtypes must agree. Hint: convert one with to()");
    ++place;
  }
}

}  // namespace heed::ops
