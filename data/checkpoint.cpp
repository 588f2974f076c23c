#include "data/checkpoint.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>
#include <utility>

namespace heed::data {

static constexpr const char* op = "checkpoint";
static constexpr const char *form_key = "form", *form = "heed checkpoint 1";

Checkpoint::Checkpoint(const std::string& path) : path_(path) {
  const SafeTensors file(path);
  metadata_ = file.metadata();
  const auto found = metadata_.find(form_key);
  check(found != metadata_.end() && found->second == form, op, path,
        ": not a checkpoint of heed, but other weights");
  tensors_ = file.all();
}

static void check_name(const std::string& name) {
  check(!name.empty(), op, "expected a name, got \"\"");
  check(name != form_key, op, "the name '", name,
        "' is reserved for the file's own mark. Hint: choose another");
}

bool Checkpoint::has_tensors_of(const std::string& prefix) const {
  return std::any_of(tensors_.begin(), tensors_.end(),
                     [&](const auto& named) { return named.first.starts_with(prefix + "."); });
}

void Checkpoint::put(const std::string& prefix, const NamedTensors& tensors) {
  check_name(prefix);
  check(prefix.find('.') == std::string::npos, op, "expected a prefix without a dot, got '", prefix,
        "'; its tensors could be taken for those of a shorter prefix");
  check(!metadata_.contains(prefix) && !has_tensors_of(prefix), op, "'", prefix, "' was put before");
  std::set<std::string> names;
  for (const auto& [name, t] : tensors) {
    check(names.insert(name).second, op, "'", prefix, "' has two tensors named '", name, "'");
    check(!metadata_.contains(concat(prefix, ".", name)), op, "'", prefix, ".", name, "' was put before");
  }
  for (const auto& [name, t] : tensors) tensors_.emplace_back(concat(prefix, ".", name), t);
}

void Checkpoint::put_text(const std::string& name, const std::string& text) {
  check_name(name);
  const bool is_tensor =
      std::any_of(tensors_.begin(), tensors_.end(), [&](const auto& named) { return named.first == name; });
  check(!is_tensor && !has_tensors_of(name) && !metadata_.contains(name), op, "'", name, "' was put before");
  metadata_[name] = text;
}

void Checkpoint::put_number(const std::string& name, std::int64_t number) {
  put_text(name, std::to_string(number));
}

// Throws because what was put as `name` would come back as another number.
template <class Number>
[[noreturn]] static void fail_number(const std::string& name, Number number) {
  fail(op, "'", name, "': expected an integer of 64 bits, got ", number,
       ". Hint: put other numbers as a tensor, scalar(x, f64)");
}

void Checkpoint::put_number(const std::string& name, std::uint64_t number) {
  if (!std::in_range<std::int64_t>(number)) fail_number(name, number);
  put_number(name, static_cast<std::int64_t>(number));
}

void Checkpoint::put_number(const std::string& name, double number) {
  const bool fits = number >= -0x1p63 && number < 0x1p63 && number == std::trunc(number);
  if (!fits) fail_number(name, number);
  put_number(name, static_cast<std::int64_t>(number));
}

void Checkpoint::put(const std::string& name, const Generator& generator) {
  const auto s = generator.state();
  put_text(name, concat(s.seed, " ", s.stream, " ", s.counter, " ", s.forks));
}

void Checkpoint::write(const std::string& path) const {
  Metadata all = metadata_;
  all[form_key] = form;
  save_safetensors(path, tensors_, all);
}

NamedTensors Checkpoint::tensors(const std::string& prefix) const {
  NamedTensors result;
  for (const auto& [name, t] : tensors_)
    if (name.starts_with(prefix + ".")) result.emplace_back(name.substr(prefix.size() + 1), t);
  return result;
}

const std::string& Checkpoint::text(const std::string& name) const {
  const auto found = metadata_.find(name);
  check(found != metadata_.end(), op, path_, ": holds no '", name, "'");
  return found->second;
}

std::int64_t Checkpoint::number(const std::string& name) const {
  std::istringstream in(text(name));
  std::int64_t value = 0;
  check(in >> value && (in >> std::ws).eof(), op, path_, ": '", name, "' is \"", text(name),
        "\", not a whole number");
  return value;
}

Generator Checkpoint::generator(const std::string& name) const {
  std::istringstream in(text(name));
  Generator::State s{};
  check(in >> s.seed >> s.stream >> s.counter >> s.forks && (in >> std::ws).eof(), op, path_, ": '", name,
        "' is \"", text(name), "\", not the state of a generator");
  Generator generator;
  generator.set_state(s);
  return generator;
}

}  // namespace heed::data
