// config.h — lesson 10: config.json, and which of its settings a model implements.
//
//   static constexpr ConfigMember table[] = {
//       {"n_embd", MemberKind::size},
//       {"activation_function", MemberKind::fixed, "'gelu_new'"},
//       {"summary_type", MemberKind::unused}};
//   const Config config = file.checked({table});     // throws for a setting that would be ignored
//   config.whole("n_embd");
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

// How from_config treats one member of config.json. A table of them is data of the model: every
// member that changes what is computed has a row, so that no setting is ignored silently.
enum class MemberKind {
  // Members that the model implements, and the values that are possible:
  size,     // an integer from 1 to 2^24
  count,    // an integer from 0 to 4096: a number of layers
  id,       // an integer from 0 to 2^24: a token
  rate,     // a probability, 0 to 1
  epsilon,  // a number from 0 to 1
  square,   // a size, or a list of two equal ones
  sizes,    // a list of sizes
  labels,   // an object with one entry for each class
  alias,    // another name of the member `values`, whose kind it has; both must have the same value
  // Members that it does not implement:
  fixed,  // changes what is computed: must have one of `values`
  // Does not change what the model computes: metadata, initialisation, the weights of the loss, and
  // generation, whose functions take options of their own.
  unused,
};

struct ConfigMember {
  const char* name;  // also covers what is nested in it: "id2label" covers "id2label.0"
  MemberKind kind;
  // fixed: the accepted values, separated by " | ", the one that the model computes first: "'gelu'
  // | 'gelu_python'", "true", "0"; "null" also accepts an empty list or object. alias: a name.
  // Others: "null" if null counts as absent.
  const char* values = "";
};

// The members of a config.json, flat: {"vision": {"depths": [2, 6]}} is vision.depths.0 = 2,
// vision.depths.1 = 6. std::monostate is an empty list or object. A getter throws "[config.json]
// FILE: …" with the member's name if the member is absent (or null) or of another kind; FILE is
// left out if it is unknown.
class Config {
 public:
  using Values = data::FlatJson;
  using Value = Values::mapped_type;
  Config() = default;
  // Implicit, so that from_config accepts the settings of data::read_config.
  Config(Values values, std::string file = {})  // NOLINT(google-explicit-constructor)
      : values_(std::move(values)), where_(file.empty() ? "" : std::move(file) + ": ") {}

  bool has(const std::string& name) const;
  index_t whole(const std::string& name) const;
  double number(const std::string& name) const;
  bool flag(const std::string& name) const;
  std::string text(const std::string& name) const;
  std::vector<index_t> wholes(const std::string& name) const;  // of a list: name.0, name.1, …
  // The same, where older files leave the member out.
  index_t whole_or(const std::string& name, index_t otherwise) const;
  double number_or(const std::string& name, double otherwise) const;
  bool flag_or(const std::string& name, bool otherwise) const;
  std::string text_or(const std::string& name, const std::string& otherwise) const;
  // One number for a square: the member itself, or a list of two equal numbers.
  index_t square(const std::string& name) const;
  // The number of classes: the entries of id2label, num_labels or num_classes, which must agree;
  // else `otherwise`.
  index_t classes(index_t otherwise) const;

  // Throws where a member that says what is computed says something else than this model computes.
  void must_be(const std::string& name, const std::string& value) const;
  // Throws unless the first member divides the second.
  void must_divide(const std::string& part, const std::string& whole) const;
  // Throws "[config.json] FILE: parts…".
  template <class... Parts>
  [[noreturn]] void reject(const Parts&... parts) const {
    fail("config.json", where_, parts...);
  }
  // The same unless `holds`.
  template <class... Parts>
  void require(bool holds, const Parts&... parts) const {
    if (!holds) reject(parts...);
  }

  // The members that the model reads, under the names of the tables: aliases renamed, nulls left
  // out. Throws if the value of a member is not one that its row allows. The first row of a name
  // counts; the last table is the one that all families share (in config.cpp). A member without a
  // row throws, too, unless it is null, empty or private ("_…"): it may change what is computed.
  // If model_type or architectures do not fit, the error names them, whatever else does not.
  Config checked(std::initializer_list<std::span<const ConfigMember>> tables) const;

 private:
  template <class T>
  const T& value(const std::string& name, const char* kind) const;
  void check_value(const ConfigMember& row, const std::string& name, const Value& value) const;
  // Checks model_type and architectures before all other members: of another family's file, any
  // member may be unknown, and its name would hide the reason.
  void check_family(std::initializer_list<std::span<const ConfigMember>> tables) const;
  Values values_;
  std::string where_;
};

}  // namespace heed::nn
