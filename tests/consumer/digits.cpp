#include <heed/data/data.h>

#include <iostream>

int main() {
  const auto [train, test] = heed::data::digits_split();
  std::cout << train.size() << " and " << test.size() << " digits\n";
}
