// readers.h — reads datasets from IDX and CSV files. Errors contain the path, the position and the
// expected value. Sizes in a header are compared with the size of the file before any memory is allocated.
#pragma once

#include <string>

#include "data/dataset.h"

namespace heed::data {

// IDX, the format of MNIST: a big-endian header and unsigned bytes. Throws "[read_idx] PATH: …".
//   images  magic 0x00000803, count, height, width, one byte per pixel -> (N, 1, height, width) in [0, 1]
//   labels  magic 0x00000801, count, one byte per label -> (N)
Tensor read_idx_images(const std::string& path);
IntTensor read_idx_labels(const std::string& path);
// Reads both files; throws if the numbers of images and labels differ.
Dataset read_idx(const std::string& images_path, const std::string& labels_path);

// CSV in the format of the digits: each line has height · width intensities from 0 to
// max_intensity, then a label in [0, classes). There is no header line. Lines end in LF, CR LF or
// CR; the last line may lack its ending. Throws "[read_csv] PATH:LINE:COLUMN: …" (columns count
// from 1).
struct CsvFormat {
  index_t height = 8, width = 8, max_intensity = 16, classes = 10;
};
Dataset read_csv(const std::string& path, const CsvFormat& format = {});
// Parses text in memory; `name` replaces the path in errors.
Dataset parse_csv(const std::string& text, const std::string& name, const CsvFormat& format = {});

}  // namespace heed::data
