#include "autograd/ops/common.h"

namespace heed::ops {

void check_tensors(const char* op, std::initializer_list<const Tensor*> arguments) {
  const Tensor* first = *arguments.begin();
  int position = 0;
  for (const Tensor* t : arguments) {
    check(t->defined(), op, "expected a tensor as argument ", position, ", got ", *t,
          ". Hint: a default-constructed Tensor is undefined");
    check(t->dtype() == first->dtype(), op, "expected arguments of one dtype, got ", name(first->dtype()),
          " for argument 0 and ", name(t->dtype()), " for argument ", position,
          ". Hint: convert one of them with to()");
    ++position;
  }
}

}  // namespace heed::ops
