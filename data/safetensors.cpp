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
#include "data/text/unicode.h"

namespace heed::data {

// The form is little-endian, and so is every machine that heed runs on.
static_assert(std::endian::native == std::endian::little);

namespace {

constexpr const char* op = "safetensors";
constexpr std::size_t longest_header = 100'000'000;  // the limit of the published reader

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

// A number of `T` at an address of any alignment.
template <class T>
T read(const std::byte* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

// The upper half of a float's bits.
float from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

// IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction.
float from_f16(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16, exponent = bits >> 10 & 31U, fraction = bits & 0x3FFU;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000U | fraction << 13);  // inf, NaN
  if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float tiny = static_cast<float>(fraction) * 0x1p-24F;  // subnormal
  return sign ? -tiny : tiny;
}

// One member of the header as an entry; every field is checked.
TensorEntry read_entry(const std::string& path, const std::string& name, const Json& json) {
  const auto wrong = [&](const auto&... what) {
    fail(op, path, ": tensor ", json_string(name), ": ", what...);
  };
  if (!json.is(Json::Kind::object)) wrong("expected an object");
  const Json *dtype = json.find("dtype"), *shape = json.find("shape"), *offsets = json.find("data_offsets");
  if (!dtype || !shape || !offsets || json.object().size() != 3)
    wrong("expected dtype, shape and data_offsets, and nothing else");
  if (!dtype->is(Json::Kind::string)) wrong("dtype is not a string");
  const Type* type = find_type(dtype->string());
  if (!type) wrong("dtype ", json_string(dtype->string()), " is none that heed reads");

  // A whole number from 0 to 2^63 - 1, however it is written wrong.
  const auto natural = [&](const Json& number, const char* where) {
    std::int64_t n = -1;
    try {
      n = number.integer();
    } catch (const Error&) {
    }
    if (n < 0) wrong(where, " holds something else than whole numbers from 0");
    return n;
  };
  TensorEntry entry{.name = name, .dtype = type->name, .shape = {}, .begin = 0, .end = 0};
  if (!shape->is(Json::Kind::array)) wrong("shape is not an array");
  if (shape->array().size() > max_rank)
    wrong("shape has ", shape->array().size(), " axes, and at most ", max_rank, " can be read");
  for (const Json& size : shape->array()) entry.shape.push_back(natural(size, "shape"));
  try {
    check_sizes(op, entry.shape);
  } catch (const Error&) {
    wrong("shape ", entry.shape, " overflows");
  }
  const std::size_t bytes = static_cast<std::size_t>(entry.shape.numel()) * type->size;
  if (!offsets->is(Json::Kind::array) || offsets->array().size() != 2) wrong("data_offsets is not a pair");
  entry.begin = static_cast<std::size_t>(natural(offsets->array()[0], "data_offsets"));
  entry.end = static_cast<std::size_t>(natural(offsets->array()[1], "data_offsets"));
  if (entry.end < entry.begin || entry.end - entry.begin != bytes)
    wrong("shape ", entry.shape, " of ", type->name, " is ", bytes, " bytes, but data_offsets are [",
          entry.begin, ", ", entry.end, "]");
  return entry;
}

Metadata read_metadata(const std::string& path, const Json& json) {
  check(json.is(Json::Kind::object), op, path, ": __metadata__ is not an object");
  Metadata metadata;
  for (const auto& [key, value] : json.object()) {
    check(value.is(Json::Kind::string), op, path, ": __metadata__ ", json_string(key), " is not a string");
    metadata[key] = value.string();
  }
  return metadata;
}

}  // namespace

// The header's text, without the 8 bytes that give its length. Only a file that is not a
// safetensors file can be recognised as another one: a good header of 640 bytes begins as a pickle
// does.
static std::string_view read_header(const std::string& path, std::span<const std::byte> bytes) {
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const char* expected = "a safetensors file";
  check(!all.empty(), op, path, ": expected ", expected, ", got an empty file. Hint: download it again");
  const std::uint64_t length = all.size() < 8 ? 0 : read<std::uint64_t>(bytes.data());
  const std::string_view text = all.substr(std::min<std::size_t>(8, all.size()));
  const bool is_header = length <= longest_header && text.starts_with('{');
  if (is_header && length <= text.size()) return text.substr(0, length);
  if (!is_header) check_format(op, path, all, expected);
  check(!all.starts_with('{'), op, path, ": expected ", expected,
        ", got a JSON text. Hint: an index (model.safetensors.index.json) names the files with the weights");
  check(all.size() >= 8, op, path, ": cut off at byte ", all.size(),
        " inside the header's length, which takes 8");
  check(length <= longest_header, op, path, ": byte 0: a header of ", length, " bytes; at most ",
        longest_header, " are allowed");
  check(length <= text.size(), op, path, ": cut off at byte ", all.size(), " inside the header of ", length,
        " bytes");
  fail(op, path, ": byte 8: the header does not begin with '{'");
}

SafeTensors::SafeTensors(const std::string& path)
    : path_(path), file_(std::make_shared<MappedFile>(op, path)) {
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
  std::size_t at = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const TensorEntry& e = entries_[i];
    check(e.begin == at, op, path, ": tensor ", json_string(e.name), " begins at ", e.begin,
          ", and the one before it ends at ", at, "; there must be no hole and no overlap");
    at = e.end;
    places_[e.name] = i;
  }
  const std::size_t held = bytes.size() - start_;
  check(at == held, op, path, ": the header describes ", at, " bytes of numbers, the file holds ", held,
        at > held ? "; it is cut off" : "; what is the rest?");
}

bool SafeTensors::contains(const std::string& name) const { return places_.contains(name); }

const TensorEntry& SafeTensors::entry(const std::string& name) const {
  const auto found = places_.find(name);
  check(found != places_.end(), op, path_, ": no tensor ", json_string(name));
  return entries_[found->second];
}

Tensor SafeTensors::tensor(const std::string& name) const {
  const TensorEntry& e = entry(name);
  check(find_type(e.dtype)->is_float, op, path_, ": tensor ", json_string(name), " is ", e.dtype,
        ". Hint: ids() reads whole numbers");
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
      check(std::in_range<index_t>(value), op, path_, ": tensor ", json_string(name), ": ", value,
            " at place ", i, " is beyond 64 bits with a sign");
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
    fail(op, path_, ": tensor ", json_string(name), " is ", e.dtype, ". Hint: tensor() reads floats");
  return result;
}

NamedTensors SafeTensors::all() const {
  NamedTensors result;
  for (const TensorEntry& e : entries_) {
    if (find_type(e.dtype)->is_float) {
      result.emplace_back(e.name, tensor(e.name));
    } else {
      const IntTensor whole = ids(e.name);
      result.emplace_back(
          e.name,
          from_vector(std::vector<double>(whole.values().begin(), whole.values().end()), e.shape, f64));
    }
  }
  return result;
}

void SafeTensors::release(const Tensor& t) const {
  const std::span<const std::byte> part(t.state()->storage->data(), t.state()->storage->bytes());
  const auto whole = file_->bytes();
  const std::less_equal<const std::byte*> before;  // of addresses that may belong to different objects
  if (before(whole.data(), part.data()) && before(part.data() + part.size(), whole.data() + whole.size()))
    file_->release(part);
}

void save_safetensors(const std::string& path, const NamedTensors& tensors, const Metadata& metadata) {
  const char* saving = "save_safetensors";
  std::set<std::string> names;
  const auto check_text = [&](const std::string& text, const char* what) {
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t n = utf8_length(text, i);
      check(n > 0, saving, path, ": ", what, " ", json_string(text), " is not UTF-8");
      i += n;
    }
  };
  for (const auto& [name, t] : tensors) {
    check(t.defined(), saving, path, ": tensor ", json_string(name), " is undefined");
    check(name != "__metadata__", saving, path, ": __metadata__ is no name for a tensor");
    check(names.insert(name).second, saving, path, ": the name ", json_string(name), " stands twice");
    check_text(name, "the name");
  }
  for (const auto& [key, value] : metadata) check_text(key, "metadata"), check_text(value, "metadata");

  // Wider numbers first: then each is aligned whatever the sizes before it.
  std::vector<const std::pair<std::string, Tensor>*> order;
  for (const DType dtype : {f64, f32})
    for (const auto& pair : tensors)
      if (pair.second.dtype() == dtype) order.push_back(&pair);

  std::string header = "{", comma;
  if (!metadata.empty()) {
    header += "\"__metadata__\":{";
    for (const auto& [key, value] : metadata) {
      header += comma + json_string(key) + ":" + json_string(value);
      comma = ",";
    }
    header += "}";
  }
  std::size_t at = 0;
  for (const auto* pair : order) {
    const auto& [name, t] = *pair;
    const std::size_t bytes = static_cast<std::size_t>(t.numel()) * size_of(t.dtype());
    std::string sizes;
    for (const index_t size : t.shape()) sizes += (sizes.empty() ? "" : ",") + std::to_string(size);
    header += concat(comma, json_string(name), ":{\"dtype\":\"", t.dtype() == f64 ? "F64" : "F32",
                     "\",\"shape\":[", sizes, "],\"data_offsets\":[", at, ",", at + bytes, "]}");
    comma = ",";
    at += bytes;
  }
  header += "}";
  header.append((8 - header.size() % 8) % 8, ' ');  // so that the numbers begin at a multiple of 8

  write_whole(saving, path, [&](std::ostream& out) {
    const std::uint64_t length = header.size();
    out.write(reinterpret_cast<const char*>(&length), sizeof length);
    out << header;
    const NoGrad no_grad;
    for (const auto* pair : order) {
      const Tensor dense = contiguous(pair->second);
      const auto bytes =
          static_cast<std::streamsize>(static_cast<std::size_t>(dense.numel()) * size_of(dense.dtype()));
      const char* data = dense.dtype() == f64 ? reinterpret_cast<const char*>(dense.data<double>())
                                              : reinterpret_cast<const char*>(dense.data<float>());
      if (bytes > 0) out.write(data, bytes);
    }
  });
}

}  // namespace heed::data
