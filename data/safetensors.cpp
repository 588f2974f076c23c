#include "data/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

#include "autograd/graph.h"
#include "autograd/ops.h"
#include "data/file_format.h"
#include "data/json.h"
#include "data/utf8.h"

namespace heed::data {

// The format is little-endian, and heed supports only little-endian machines.
static_assert(std::endian::native == std::endian::little);

namespace {

constexpr const char* safetensors_op = "safetensors";
constexpr std::size_t max_header = 100'000'000;  // the limit of the official library

struct Type {
  const char* name;
  std::size_t size;
  bool is_float;
};
constexpr Type types[] = {{"F64", 8, true},  {"F32", 4, true},  {"F16", 2, true},  {"BF16", 2, true},
                          {"I64", 8, false}, {"I32", 4, false}, {"I16", 2, false}, {"I8", 1, false},
                          {"U64", 8, false}, {"U32", 4, false}, {"U16", 2, false}, {"U8", 1, false},
                          {"BOOL", 1, false}};

const Type* find_type(const std::string& name) {
  for (const Type& type : types)
    if (name == type.name) return &type;
  return nullptr;
}

// Reads a number from an address of any alignment.
template <class T>
T read(const std::byte* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

// bfloat16 is the upper half of a float's bits.
float from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

// IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction.
float from_f16(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16, exponent = bits >> 10 & 31U, fraction = bits & 0x3FFU;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000U | fraction << 13);  // inf, NaN
  if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float tiny = static_cast<float>(fraction) * 0x1p-24F;  // subnormal
  return sign ? -tiny : tiny;
}

// Converts one member of the header and checks every field.
TensorEntry read_entry(const std::string& path, const std::string& name, const Json& json) {
  const auto error = [&](const auto&... parts) {
    fail(safetensors_op, path, ": tensor ", Quoted{name}, ": ", parts...);
  };
  if (!json.is(Json::Kind::object)) error("expected an object");
  const Json *dtype = json.find("dtype"), *shape = json.find("shape"), *offsets = json.find("data_offsets");
  if (!dtype || !shape || !offsets || json.object().size() != 3)
    error("expected exactly the members dtype, shape and data_offsets");
  if (!dtype->is(Json::Kind::string)) error("expected dtype to be a string");
  const Type* type = find_type(dtype->string());
  if (!type) error("unsupported dtype ", Quoted{dtype->string()});

  // Returns an integer from 0 to 2^63 - 1.
  const auto natural = [&](const Json& number, const char* member) {
    std::int64_t n = -1;
    try {
      n = number.integer();
    } catch (const Error&) {
    }
    if (n < 0) error("expected ", member, " to contain integers from 0 to 2^63 - 1");
    return n;
  };
  TensorEntry entry{.name = name, .dtype = type->name, .shape = {}, .begin = 0, .end = 0};
  if (!shape->is(Json::Kind::array)) error("expected shape to be an array");
  if (shape->array().size() > max_rank)
    error("expected a shape with at most ", max_rank, " axes, got ", shape->array().size());
  for (const Json& size : shape->array()) entry.shape.push_back(natural(size, "shape"));
  try {
    check_sizes(safetensors_op, entry.shape);
  } catch (const Error&) {
    error("expected a shape whose strides fit 64 bits, got ", entry.shape);
  }
  const std::size_t bytes = static_cast<std::size_t>(entry.shape.numel()) * type->size;
  if (!offsets->is(Json::Kind::array) || offsets->array().size() != 2)
    error("expected data_offsets to be a pair");
  entry.begin = static_cast<std::size_t>(natural(offsets->array()[0], "data_offsets"));
  entry.end = static_cast<std::size_t>(natural(offsets->array()[1], "data_offsets"));
  if (entry.end < entry.begin || entry.end - entry.begin != bytes)
    error("expected data_offsets that span ", bytes, " bytes for shape ", entry.shape, " of ", type->name,
          ", got [", entry.begin, ", ", entry.end, "]");
  return entry;
}

Metadata read_metadata(const std::string& path, const Json& json) {
  check(json.is(Json::Kind::object), safetensors_op, path, ": expected __metadata__ to be an object");
  Metadata metadata;
  for (const auto& [key, value] : json.object()) {
    check(value.is(Json::Kind::string), safetensors_op, path, ": expected __metadata__ ", Quoted{key},
          " to be a string");
    metadata[key] = value.string();
  }
  return metadata;
}

}  // namespace

// Returns the header's text, without the 8 bytes of its length. Other formats are recognised only
// if this is not a valid header: the length of a header of 640 bytes starts like a pickle.
static std::string_view read_header(const std::string& path, std::span<const std::byte> bytes) {
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const char* expected = "a safetensors file";
  check_not_empty(safetensors_op, path, all, expected);
  const std::uint64_t length = all.size() < 8 ? 0 : read<std::uint64_t>(bytes.data());
  const std::string_view text = all.substr(std::min<std::size_t>(8, all.size()));
  const bool is_header = length <= max_header && text.starts_with('{');
  if (is_header && length <= text.size()) return text.substr(0, length);
  if (!is_header) check_format(safetensors_op, path, all, expected);
  check(!all.starts_with('{'), safetensors_op, path, ": expected ", expected,
        ", got JSON. Hint: an index (model.safetensors.index.json) contains the names of the files with "
        "weights");
  check(all.size() >= 8, safetensors_op, path, ": expected the header's length in 8 bytes, got ", all.size(),
        " bytes; the file is truncated");
  check(length <= max_header, safetensors_op, path, ": byte 0: expected a header of at most ", max_header,
        " bytes, got ", length);
  check(length <= text.size(), safetensors_op, path, ": expected a header of ", length, " bytes, got ",
        text.size(), "; the file is truncated");
  fail(safetensors_op, path, ": byte 8: expected '{' at the start of the header");
}

SafeTensors::SafeTensors(const std::string& path)
    : path_(path), file_(std::make_shared<MappedFile>(safetensors_op, path)) {
  const auto bytes = file_->bytes();
  const std::string_view text = read_header(path, bytes);
  start_ = 8 + text.size();

  const Json header = Json::parse(text, path + ", header");
  for (const auto& [name, json] : header.object()) {
    if (name == "__metadata__")
      metadata_ = read_metadata(path, json);
    else
      entries_.push_back(read_entry(path, name, json));
  }
  std::sort(entries_.begin(), entries_.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::size_t end = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const TensorEntry& e = entries_[i];
    check(e.begin == end, safetensors_op, path, ": tensor ", Quoted{e.name},
          ": expected data_offsets that start at ", end, ", where the previous tensor ends, got ", e.begin,
          "; gaps and overlaps are not allowed");
    end = e.end;
    index_[e.name] = i;
  }
  const std::size_t available = bytes.size() - start_;
  check(end == available, safetensors_op, path, ": expected ", end, " bytes of data after the header, got ",
        available, end > available ? "; the file is truncated" : "");
}

bool SafeTensors::contains(const std::string& name) const { return index_.contains(name); }

const TensorEntry& SafeTensors::entry(const std::string& name) const {
  const auto found = index_.find(name);
  check(found != index_.end(), safetensors_op, path_, ": no tensor ", Quoted{name});
  return entries_[found->second];
}

Tensor SafeTensors::tensor(const std::string& name) const {
  const TensorEntry& e = entry(name);
  check(find_type(e.dtype)->is_float, safetensors_op, path_, ": tensor ", Quoted{name},
        ": expected floats, got ", e.dtype, ". Hint: ids() reads integers");
  std::byte* p = file_->bytes().data() + start_ + e.begin;
  const DType dtype = e.dtype == "F64" ? f64 : f32;
  if (e.dtype == "F64" || e.dtype == "F32") {
    if (reinterpret_cast<std::uintptr_t>(p) % size_of(dtype) == 0)
      return from_memory(p, e.shape, dtype, file_);
    Tensor t = empty(e.shape, dtype);
    if (t.numel() > 0) std::memcpy(t.state()->storage->data(), p, e.end - e.begin);
    return t;
  }
  Tensor t = empty(e.shape);
  float* x = t.mutable_data<float>();
  const auto convert = e.dtype == "F16" ? from_f16 : from_bf16;
  for (index_t i = 0; i < t.numel(); ++i) x[i] = convert(read<std::uint16_t>(p + 2 * i));
  return t;
}

IntTensor SafeTensors::ids(const std::string& name) const {
  const TensorEntry& e = entry(name);
  const std::byte* p = file_->bytes().data() + start_ + e.begin;
  IntTensor result = IntTensor::zeros(e.shape);
  const auto fill = [&]<class T>(T) {
    for (std::size_t i = 0; i < result.values().size(); ++i) {
      const T value = read<T>(p + i * sizeof(T));
      check(std::in_range<index_t>(value), safetensors_op, path_, ": tensor ", Quoted{name},
            ": expected integers up to 2^63 - 1, got ", value, " at index ", i);
      result.values()[i] = static_cast<index_t>(value);  // NOLINT(bugprone-signed-char-misuse): a number
    }
  };
  if (e.dtype == "I64")
    fill(std::int64_t{});
  else if (e.dtype == "I32")
    fill(std::int32_t{});
  else if (e.dtype == "I16")
    fill(std::int16_t{});
  else if (e.dtype == "I8")
    fill(std::int8_t{});
  else if (e.dtype == "U64")
    fill(std::uint64_t{});
  else if (e.dtype == "U32")
    fill(std::uint32_t{});
  else if (e.dtype == "U16")
    fill(std::uint16_t{});
  else if (e.dtype == "U8" || e.dtype == "BOOL")
    fill(std::uint8_t{});
  else
    fail(safetensors_op, path_, ": tensor ", Quoted{name}, ": expected integers, got ", e.dtype,
         ". Hint: tensor() reads floats");
  return result;
}

NamedTensors SafeTensors::all() const {
  NamedTensors result;
  for (const TensorEntry& e : entries_) {
    if (find_type(e.dtype)->is_float) {
      result.emplace_back(e.name, tensor(e.name));
    } else {
      const IntTensor integers = ids(e.name);
      const std::vector<double> values(integers.values().begin(), integers.values().end());
      result.emplace_back(e.name, from_vector(values, e.shape, f64));
    }
  }
  return result;
}

void SafeTensors::release(const Tensor& t) const {
  const std::span<const std::byte> part(t.state()->storage->data(), t.state()->storage->bytes());
  const auto file = file_->bytes();
  // Pointers into different objects may be compared only with std::less_equal and similar function objects.
  const std::less_equal<const std::byte*> less_equal;
  if (less_equal(file.data(), part.data()) &&
      less_equal(part.data() + part.size(), file.data() + file.size()))
    file_->release(part);
}

namespace {

constexpr const char* save_op = "save_safetensors";

void check_utf8(const std::string& path, const char* kind, const std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_sequence_length(text, i);
    check(length > 0, save_op, path, ": expected ", kind, " in UTF-8, got ", Quoted{text});
    i += length;
  }
}

void check_arguments(const std::string& path, const NamedTensors& tensors, const Metadata& metadata) {
  std::set<std::string> names;
  for (const auto& [name, t] : tensors) {
    check(t.defined(), save_op, path, ": tensor ", Quoted{name}, " is undefined");
    check(name != "__metadata__", save_op, path,
          ": expected another name than __metadata__, which is reserved");
    check(names.insert(name).second, save_op, path, ": expected unique names, got ", Quoted{name}, " twice");
    check_utf8(path, "names", name);
  }
  for (const auto& [key, value] : metadata) {
    check_utf8(path, "metadata", key);
    check_utf8(path, "metadata", value);
  }
}

// Pointers to the tensors in the order of their data. The wider numbers come first, so every tensor
// is aligned.
std::vector<const NamedTensors::value_type*> data_order(const NamedTensors& tensors) {
  std::vector<const NamedTensors::value_type*> order;
  for (const DType dtype : {f64, f32})
    for (const auto& pair : tensors)
      if (pair.second.dtype() == dtype) order.push_back(&pair);
  return order;
}

std::size_t bytes_of(const Tensor& t) { return static_cast<std::size_t>(t.numel()) * size_of(t.dtype()); }

std::string make_header(const std::vector<const NamedTensors::value_type*>& order, const Metadata& metadata) {
  std::string header = "{", comma;
  if (!metadata.empty()) {
    header += "\"__metadata__\":{";
    for (const auto& [key, value] : metadata) {
      header += comma + json_string(key) + ":" + json_string(value);
      comma = ",";
    }
    header += "}";
  }
  std::size_t begin = 0;
  for (const auto* pair : order) {
    const auto& [name, t] = *pair;
    const std::size_t end = begin + bytes_of(t);
    std::string sizes;
    for (const index_t size : t.shape()) sizes += (sizes.empty() ? "" : ",") + std::to_string(size);
    header += concat(comma, json_string(name), ":{\"dtype\":\"", t.dtype() == f64 ? "F64" : "F32",
                     "\",\"shape\":[", sizes, "],\"data_offsets\":[", begin, ",", end, "]}");
    comma = ",";
    begin = end;
  }
  header += "}";
  header.append((8 - header.size() % 8) % 8, ' ');  // so that the data starts at a multiple of 8
  return header;
}

}  // namespace

void save_safetensors(const std::string& path, const NamedTensors& tensors, const Metadata& metadata) {
  check_arguments(path, tensors, metadata);
  const auto order = data_order(tensors);
  const std::string header = make_header(order, metadata);
  write_atomically(save_op, path, [&](std::ostream& out) {
    const std::uint64_t length = header.size();
    out.write(reinterpret_cast<const char*>(&length), sizeof length);
    out << header;
    const NoGrad no_grad;
    for (const auto* pair : order) {
      const Tensor t = contiguous(pair->second);
      const char* data = t.dtype() == f64 ? reinterpret_cast<const char*>(t.data<double>())
                                          : reinterpret_cast<const char*>(t.data<float>());
      if (t.numel() > 0) out.write(data, static_cast<std::streamsize>(bytes_of(t)));
    }
  });
}

}  // namespace heed::data
