// digits.h — 1,797 handwritten digits of 8 x 8 pixels, embedded in the library.
//
// Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository,
// 1998. CC BY 4.0.
#pragma once

#include <utility>

#include "data/dataset.h"

namespace heed::data {

// images (1797, 1, 8, 8) from 0 to 1, labels (1797) from 0 to 9.
Dataset digits();
// 1,437 to train and 360 to test, always the same ones. The split is random over pictures: the writers of the
// test digits also wrote training digits, so an accuracy on it is for known writers.
std::pair<Dataset, Dataset> digits_split();

}  // namespace heed::data
