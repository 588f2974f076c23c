// readers.h — data from files. A file that is not what it should be is refused with its name, the place, and
// what was expected there; sizes are compared with the file's own size before any memory is asked for.
#pragma once

#include <string>

#include "data/dataset.h"

namespace heed::data {

// IDX, the form of MNIST: unsigned bytes with a big-endian header. Throws "[read_idx] PATH: …".
//   images  magic 0x00000803, count, height, width, then one byte a pixel -> (N, 1, height, width), 0 … 1
//   labels  magic 0x00000801, count, then one byte a label -> (N)
Tensor read_idx_images(const std::string& path);
IntTensor read_idx_labels(const std::string& path);
// Both, with equal counts.
Dataset read_idx(const std::string& images_path, const std::string& labels_path);

// CSV in the form of the digits: height · width intensities from 0 to `top`, then a label in [0, classes). No
// header line; lines end in LF, CR LF or CR, the last one may lack its end. Throws "[read_csv]
// PATH:LINE:COLUMN: …" (columns count from 1).
struct CsvForm {
  index_t height = 8, width = 8, top = 16, classes = 10;
};
Dataset read_csv(const std::string& path, const CsvForm& form = {});
// The same from text in memory; `name` stands for the path in errors.
Dataset parse_csv(const std::string& text, const std::string& name, const CsvForm& form = {});

}  // namespace heed::data
