#include <iostream>

#include "data/data.h"

int main() {
  const auto [train, test] = heed::data::digits_split();
  std::cout << train.size() << " and " << test.size() << " digits\n";
}
