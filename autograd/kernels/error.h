// error.h — the exception type of heed. autograd/error.h adds check(), which formats the messages.
#pragma once

#include <stdexcept>

namespace heed {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace heed
