// digits.h — 1,797 handwritten digits of 8 x 8 pixels, embedded in the library.
//
// Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning
// Repository, 1998. CC BY 4.0.
#pragma once

#include <utility>

#include "data/dataset.h"

namespace heed::data {

// Returns images (1797, 1, 8, 8) with intensities in [0, 1], and labels (1797) from 0 to 9.
Dataset digits();

// Returns a training set of 1,437 digits and a test set of 360; the split is always the same. It is
// random over images, so the people who wrote the test digits also wrote training digits. Its
// accuracy therefore does not measure how well a model generalises to the handwriting of other people.
std::pair<Dataset, Dataset> digits_split();

}  // namespace heed::data
