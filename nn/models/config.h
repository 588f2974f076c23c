// config.h — lesson 10: the settings in config.json, and which of them a model implements.
//
//   static constexpr ConfigMember table[] = {
//       {"n_embd", MemberKind::size},
//       {"activation_function", MemberKind::fixed, "'gelu_new'"},
//       {"summary_type", MemberKind::unused}};
//   const Config config = file.validated({table});   // throws for a setting that would be ignored
//   config.integer("n_embd");
#pragma once

#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "autograd/error.h"
#include "autograd/shape.h"
#include "data/pretrained.h"

namespace heed::nn {

// How from_config treats one member of config.json. Each model has a table of members: every member
// that changes the computation has a row, so no setting is ignored silently.
enum class MemberKind {
  // Members that the model implements, with their valid values:
  size,     // an integer from 1 to 2^24
  count,    // an integer from 0 to 4096: a number of layers
  id,       // an integer from 0 to 2^24: a token
  rate,     // a probability, 0 to 1
  epsilon,  // a number from 0 to 1
  square,   // a size, or a list of two equal ones
  sizes,    // a list of sizes
  labels,   // an object with one entry per class
  alias,    // another name of the member `values`; it has the same kind and must have the same value
  // Members that the model does not implement:
  fixed,  // changes the computation: must have one of `values`
  // Does not change the computation: metadata, initialisation, the weights of the loss, and
  // generation, which has separate options.
  unused,
};

struct ConfigMember {
  const char* name;  // also covers nested members: "id2label" covers "id2label.0"
  MemberKind kind;
  // fixed: the accepted values, separated by " | "; the first is the one that the model implements:
  // "'gelu' | 'gelu_python'", "true", "0"; "null" also accepts an empty list or object.
  // alias: a name. Others: "null" if null counts as absent.
  const char* values = "";
};

// The members of a config.json, flattened: {"vision": {"depths": [2, 6]}} becomes vision.depths.0 =
// 2, vision.depths.1 = 6. std::monostate is an empty list or object. A getter throws "[config.json]
// FILE: …" with the name of the member if the member is absent, null or of another kind; FILE is
// omitted if it is unknown.
class Config {
 public:
  using Values = data::FlatJson;
  using Value = Values::mapped_type;
  Config() = default;
  // Implicit, so that from_config accepts the settings of data::read_config.
  Config(Values values, std::string file = {})  // NOLINT(google-explicit-constructor)
      : values_(std::move(values)), where_(file.empty() ? "" : std::move(file) + ": ") {}

  bool has(const std::string& name) const;
  index_t integer(const std::string& name) const;
  double number(const std::string& name) const;
  bool boolean(const std::string& name) const;
  std::string string(const std::string& name) const;
  std::vector<index_t> integers(const std::string& name) const;  // of a list: name.0, name.1, …
  // The same with a default value, for members that older files omit.
  index_t integer_or(const std::string& name, index_t default_value) const;
  double number_or(const std::string& name, double default_value) const;
  bool boolean_or(const std::string& name, bool default_value) const;
  std::string string_or(const std::string& name, const std::string& default_value) const;
  // One number for a square: the member itself, or a list of two equal numbers.
  index_t square(const std::string& name) const;
  // The number of classes: the number of entries of id2label, num_labels or num_classes, which must
  // agree. Returns the default value if all are absent.
  index_t classes(index_t default_value) const;

  // Throws if the member is present with another value.
  void must_be(const std::string& name, const std::string& value) const;
  // Throws unless the first member divides the second.
  void must_divide(const std::string& divisor, const std::string& dividend) const;
  // Throws "[config.json] FILE: parts…".
  template <class... Parts>
  [[noreturn]] void reject(const Parts&... parts) const {
    fail("config.json", where_, parts...);
  }
  // Throws the same error unless `holds`.
  template <class... Parts>
  void require(bool holds, const Parts&... parts) const {
    if (!holds) reject(parts...);
  }

  // Returns the members that the model reads, with aliases renamed and nulls removed. Throws if a
  // row does not allow the value of a member. If several tables have a row for a name, the first
  // one is used; the last table, which all models share, is in config.cpp. A member without a row
  // also throws, unless it is null, empty or private ("_…"), because it may change the computation.
  // If model_type or architectures are wrong, the error names them first.
  Config validated(std::initializer_list<std::span<const ConfigMember>> tables) const;

 private:
  template <class T>
  const T& value(const std::string& name, const char* kind) const;
  void check_value(const ConfigMember& row, const std::string& name, const Value& value) const;
  // Checks model_type and architectures before all other members: in a file of another model
  // family, any member may be unknown, and naming it would hide the cause.
  void check_family(std::initializer_list<std::span<const ConfigMember>> tables) const;
  Values values_;
  std::string where_;
};

}  // namespace heed::nn
