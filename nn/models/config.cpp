// config.cpp — getters of config.json, and the validation against the table of a model.
#include "nn/models/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

namespace heed::nn {

// ---- config.json ------------------------------------------------------------------------------------------

// Formats a value for messages and for the comparison with a table; numbers have the shortest exact
// form.
static std::string format(const Config::Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* text = std::get_if<std::string>(&value)) return "'" + *text + "'";
  if (std::holds_alternative<std::nullptr_t>(value)) return "null";
  if (std::holds_alternative<std::monostate>(value)) return "an empty list or object";
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), std::get<double>(value)).ptr;
  return {digits.begin(), end};
}

// Formats the value only if a message is printed.
static auto shown(const Config::Value& value) {
  return [&value] { return format(value); };
}

static bool is_null(const Config::Value& value) { return std::holds_alternative<std::nullptr_t>(value); }
static bool is_empty(const Config::Value& value) {
  return is_null(value) || std::holds_alternative<std::monostate>(value);
}

bool Config::has(const std::string& name) const {
  const auto found = values_.find(name);
  return found != values_.end() && !is_empty(found->second);
}

template <class T>
const T& Config::value(const std::string& name, const char* kind) const {
  const auto found = values_.find(name);
  require(found != values_.end(), "expected '", name, "', ", kind, ", got no such member");
  const T* value = std::get_if<T>(&found->second);
  require(value != nullptr, "'", name, "' must be ", kind, ", got ", shown(found->second));
  return *value;
}

double Config::number(const std::string& name) const { return value<double>(name, "a number"); }
bool Config::boolean(const std::string& name) const { return value<bool>(name, "true or false"); }
std::string Config::string(const std::string& name) const { return value<std::string>(name, "a string"); }

static bool is_integer(double x) { return x == std::floor(x) && std::abs(x) < 0x1p53; }

index_t Config::integer(const std::string& name) const {
  const double x = value<double>(name, "an integer");
  require(is_integer(x), "'", name, "' must be an integer, got ", shown(x));
  return static_cast<index_t>(x);
}

std::vector<index_t> Config::integers(const std::string& name) const {
  std::vector<index_t> list;
  while (has(concat(name, ".", list.size()))) list.push_back(integer(concat(name, ".", list.size())));
  require(!list.empty(), "expected '", name, "', a list of integers, got no such member");
  return list;
}

index_t Config::integer_or(const std::string& name, index_t default_value) const {
  return has(name) ? integer(name) : default_value;
}
double Config::number_or(const std::string& name, double default_value) const {
  return has(name) ? number(name) : default_value;
}
bool Config::boolean_or(const std::string& name, bool default_value) const {
  return has(name) ? boolean(name) : default_value;
}
std::string Config::string_or(const std::string& name, const std::string& default_value) const {
  return has(name) ? string(name) : default_value;
}

index_t Config::square(const std::string& name) const {
  if (!has(name + ".0")) return integer(name);
  const std::vector<index_t> sides = integers(name);
  require(sides.size() == 2 && sides[0] == sides[1], "'", name, "' must be a square, got ", [&] {
    return sides.size() == 2 ? concat(sides[0], " x ", sides[1]) : concat(sides.size(), " sides");
  });
  return sides[0];
}

index_t Config::classes(index_t default_value) const {
  const auto is_label = [](const auto& member) { return member.first.starts_with("id2label."); };
  const index_t labels = std::count_if(values_.begin(), values_.end(), is_label);
  index_t classes = labels;
  std::string first = "id2label";
  for (const std::string name : {"num_labels", "num_classes"}) {
    if (!has(name)) continue;
    const index_t count = integer(name);
    require(classes == 0 || classes == count, "'", name, "' is ", count, ", but '", first, "' has ", classes,
            "; expected the same number of classes");
    classes = count;
    if (labels == 0) first = name;
  }
  return classes > 0 ? classes : default_value;
}

void Config::must_be(const std::string& name, const std::string& expected) const {
  const std::string value = string_or(name, expected);
  require(value == expected, "'", name, "' is '", value, "'; this model computes '", expected, "'");
}

void Config::must_divide(const std::string& divisor, const std::string& dividend) const {
  const index_t a = integer(dividend), b = integer(divisor);
  require(a % b == 0, "'", divisor, "' must divide '", dividend, "', got ", b, " and ", a);
}

// ---- the tables of members --------------------------------------------------------------------------------

using enum MemberKind;

// Members that every published configuration may have. A row of the same name in the table of a
// model takes precedence.
static constexpr ConfigMember common_members[] = {
    {"is_encoder_decoder", fixed, "false | null"},
    {"is_decoder", fixed, "false | null"},
    {"add_cross_attention", fixed, "false | null"},
    {"cross_attention_hidden_size", fixed, "null"},
    {"tie_encoder_decoder", fixed, "false | null"},
    {"pruned_heads", fixed, "null"},
    {"quantization_config", fixed, "null"},
    {"auto_map", fixed, "null"},  // a model with its own code
    {"per_layer_config", fixed, "null"},
    // Classes: the tables of models with a classifier have other rows.
    {"id2label", unused},
    {"label2id", unused},
    {"num_labels", unused},
    {"problem_type", unused},
    // Metadata; the form of results; precision and memory. heed always computes in float32.
    {"transformers_version", unused},
    {"name_or_path", unused},
    {"tokenizer_class", unused},
    {"finetuning_task", unused},
    {"task_specific_params", unused},
    {"language", unused},
    {"name", unused},
    {"author", unused},
    {"license", unused},
    {"created_date", unused},
    {"torch_dtype", unused},
    {"dtype", unused},
    {"use_bfloat16", unused},
    {"torchscript", unused},
    {"tf_legacy_loss", unused},
    {"xla_device", unused},
    {"attn_implementation", unused},
    {"return_dict", unused},
    {"use_return_dict", unused},
    {"output_hidden_states", unused},
    {"output_attentions", unused},
    {"output_past", unused},
    {"use_cache", unused},
    {"keys_to_ignore_at_inference", unused},
    {"gradient_checkpointing", unused},
    {"chunk_size_feed_forward", unused},
    {"initializer_range", unused},  // of weights that the file replaces
    // Generation: the functions of heed have separate options.
    {"prefix", unused},
    {"bos_token_id", unused},
    {"eos_token_id", unused},
    {"pad_token_id", unused},
    {"sep_token_id", unused},
    {"decoder_start_token_id", unused},
    {"forced_bos_token_id", unused},
    {"forced_eos_token_id", unused},
    {"forced_decoder_ids", unused},
    {"suppress_tokens", unused},
    {"begin_suppress_tokens", unused},
    {"bad_words_ids", unused},
    {"force_words_ids", unused},
    {"sequence_bias", unused},
    {"constraints", unused},
    {"max_length", unused},
    {"max_new_tokens", unused},
    {"min_length", unused},
    {"min_new_tokens", unused},
    {"max_time", unused},
    {"stop_strings", unused},
    {"early_stopping", unused},
    {"do_sample", unused},
    {"num_beams", unused},
    {"num_beam_groups", unused},
    {"num_return_sequences", unused},
    {"temperature", unused},
    {"top_k", unused},
    {"top_p", unused},
    {"min_p", unused},
    {"typical_p", unused},
    {"epsilon_cutoff", unused},
    {"eta_cutoff", unused},
    {"guidance_scale", unused},
    {"penalty_alpha", unused},
    {"diversity_penalty", unused},
    {"repetition_penalty", unused},
    {"encoder_repetition_penalty", unused},
    {"length_penalty", unused},
    {"no_repeat_ngram_size", unused},
    {"encoder_no_repeat_ngram_size", unused},
    {"exponential_decay_length_penalty", unused},
    {"renormalize_logits", unused},
    {"remove_invalid_values", unused},
    {"token_healing", unused},
    {"cache_implementation", unused},
    {"generation_config", unused},
    {"output_scores", unused},
    {"output_logits", unused},
    {"return_dict_in_generate", unused},
};

using Tables = std::initializer_list<std::span<const ConfigMember>>;

// Returns the row of exactly this name, or null.
static const ConfigMember* find_row(const Tables& tables, std::string_view name) {
  const auto find = [&](std::span<const ConfigMember> table) -> const ConfigMember* {
    const auto row =
        std::find_if(table.begin(), table.end(), [&](const ConfigMember& row) { return row.name == name; });
    return row == table.end() ? nullptr : &*row;
  };
  for (const auto& table : tables)
    if (const ConfigMember* row = find(table)) return row;
  return find(common_members);
}

// Returns the row of this name, or of the innermost enclosing object or list that has a row, or
// null.
static const ConfigMember* row_of(const Tables& tables, std::string_view name) {
  while (true) {
    if (const ConfigMember* row = find_row(tables, name)) return row;
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return nullptr;
    name = name.substr(0, dot);
  }
}

// Whether `value` is one of the values separated by " | ".
static bool is_listed(std::string_view values, std::string_view value) {
  constexpr std::string_view separator = " | ";
  while (true) {
    const std::size_t end = values.find(separator);
    if (values.substr(0, end) == value) return true;
    if (end == std::string_view::npos) return false;
    values.remove_prefix(end + separator.size());
  }
}

// The range of valid values of a kind, and whether they must be integers.
namespace {
struct Range {
  double low, high;
  bool is_integer_kind;
};
}  // namespace

static Range range_of(MemberKind kind) {
  switch (kind) {
    case MemberKind::count:
      return {0, 4096, true};
    case MemberKind::id:
      return {0, 0x1p24, true};
    case MemberKind::rate:
    case MemberKind::epsilon:
      return {0, 1, false};
    default:
      return {1, 0x1p24, true};
  }
}

// Describes the value that the model implements, the first one of a fixed row, for a message.
static std::string implemented(std::string_view value) {
  if (value == "null") return "without it";
  return concat(value.starts_with('\'') ? "" : "as if it were ", value);
}

void Config::check_value(const ConfigMember& row, const std::string& name, const Value& value) const {
  const std::string_view values = row.values;
  if (row.kind == MemberKind::unused) return;
  if (row.kind == MemberKind::fixed) {
    const bool accepted = is_listed(values, format(value)) || (is_empty(value) && is_listed(values, "null"));
    require(accepted, "'", name, "' is ", shown(value), "; this model computes ",
            [&] { return implemented(values.substr(0, values.find(" | "))); });
    return;
  }
  if (is_null(value) && is_listed(values, "null")) return;
  const bool is_nested = name != row.name;
  if (row.kind == MemberKind::labels) {
    require(is_nested || is_empty(value), "'", name,
            "' must be an object with one entry for each class, got ", shown(value));
    return;
  }
  const bool is_list = row.kind == MemberKind::sizes || row.kind == MemberKind::square;
  require(is_list || !is_nested, "'", row.name, "' must be a number, got '", name, "' = ", shown(value));
  require(is_nested || row.kind != MemberKind::sizes, "'", name, "' must be a list of integers, got ",
          shown(value));
  const Range range = range_of(row.kind);
  const auto* x = std::get_if<double>(&value);
  require(x && *x >= range.low && *x <= range.high && (!range.is_integer_kind || is_integer(*x)), "'", name,
          "' must be ", range.is_integer_kind ? "an integer" : "a number", " from ", shown(range.low), " to ",
          shown(range.high), ", got ", shown(value));
}

void Config::check_family(Tables tables) const {
  for (const char* family : {"model_type", "architectures"}) {
    const ConfigMember* row = find_row(tables, family);
    if (!row) continue;
    for (const auto& [name, value] : values_)
      if (name == family || name.starts_with(concat(family, "."))) check_value(*row, name, value);
  }
}

Config Config::validated(Tables tables) const {
  Config known;
  known.where_ = where_;
  check_family(tables);
  std::vector<std::pair<const ConfigMember*, std::string>> aliases;
  for (const auto& [name, value] : values_) {
    const ConfigMember* row = row_of(tables, name);
    require(row || is_empty(value) || name.starts_with('_'), "unknown member '", name, "' = ", shown(value),
            ", which may change what is computed. Hint: if it does not, remove it from config.json");
    if (!row) continue;
    if (row->kind == MemberKind::alias) {
      aliases.emplace_back(row, name);
      continue;
    }
    check_value(*row, name, value);
    if (row->kind != MemberKind::unused && !(is_empty(value) && name == row->name))
      known.values_.emplace(name, value);
  }
  for (const auto& [row, name] : aliases) {
    const Value& value = values_.at(name);
    if (is_null(value)) continue;
    ConfigMember renamed = *find_row(tables, row->values);
    renamed.name = row->name;
    check_value(renamed, name, value);
    const auto [same, is_new] = known.values_.emplace(row->values, value);
    require(is_new || same->second == value, "'", name, "' is ", shown(value), ", but '", row->values,
            "' is ", shown(same->second), "; expected the same value, because both name one setting");
  }
  return known;
}

}  // namespace heed::nn
