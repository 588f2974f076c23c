#include "data/checkpoint.h"

#include <sstream>

namespace heed::data {

static constexpr const char* op = "checkpoint";
static constexpr const char* form = "heed checkpoint 1";

Checkpoint::Checkpoint(const std::string& path) : path_(path) {
  const SafeTensors file(path);
  metadata_ = file.metadata();
  const auto found = metadata_.find("form");
  check(found != metadata_.end() && found->second == form, op, path,
        ": not a checkpoint of heed, but other weights");
  tensors_ = file.all();
}

void Checkpoint::put(const std::string& prefix, const NamedTensors& tensors) {
  for (const auto& [name, t] : tensors) tensors_.emplace_back(concat(prefix, ".", name), t);
}

void Checkpoint::put(const std::string& name, std::int64_t number) {
  metadata_[name] = std::to_string(number);
}

void Checkpoint::put(const std::string& name, const Generator& generator) {
  const auto s = generator.state();
  metadata_[name] = concat(s.seed, " ", s.stream, " ", s.counter, " ", s.forks);
}

void Checkpoint::write(const std::string& path) const {
  Metadata all = metadata_;
  all["form"] = form;
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
