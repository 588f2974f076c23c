// checkpoint.h — saves a training run in one file and resumes it.
//
//   Checkpoint save;
//   save.put("model", model.state_dict());
//   save.put("optimizer", optimizer.state_dict());
//   for (const auto& [name, generator] : model.named_generators()) save.put("generator." + name, *generator);
//   save.put("step", step);
//   save.write("run.safetensors");  // atomic, even if the process is killed
//
//   const Checkpoint saved("run.safetensors");
//   model.load_state_dict(saved.tensors("model"));
//   step = saved.number("step");
//
// The file is a safetensors file: tensors are stored under "model.…", numbers and generators in the
// metadata. A learning-rate schedule is a function of the step and needs no entry. To resume a
// DataLoader, save its epoch and the index of the batch.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "autograd/random.h"
#include "data/safetensors.h"

namespace heed::data {

class Checkpoint {
 public:
  Checkpoint() = default;
  explicit Checkpoint(const std::string& path);  // throws "[checkpoint] …", "[safetensors] …"

  // Store an entry under a name. Tensors are not copied, so call write() before they change. Throws
  // "[checkpoint] …" and stores nothing for an entry that could not be restored exactly: a name
  // that is empty, reserved ("form") or already used, a prefix with a dot, two tensors with the
  // same name, or a number that is not an integer of 64 bits.
  void put(const std::string& prefix, const NamedTensors& tensors);
  void put(const std::string& name, const Generator& generator);
  template <class Number>
  requires std::is_arithmetic_v<Number>
  void put(const std::string& name, Number number) {
    using Integer = std::conditional_t<std::is_signed_v<Number>, std::int64_t, std::uint64_t>;
    using Widest = std::conditional_t<std::is_floating_point_v<Number>, double, Integer>;
    put_number(name, static_cast<Widest>(number));
  }
  void write(const std::string& path) const;

  // Return an entry. number() and generator() throw if there is none; tensors() returns an empty list.
  NamedTensors tensors(const std::string& prefix) const;
  std::int64_t number(const std::string& name) const;
  Generator generator(const std::string& name) const;

 private:
  void put_number(const std::string& name, std::int64_t number);
  void put_number(const std::string& name, std::uint64_t number);
  void put_number(const std::string& name, double number);
  void put_text(const std::string& name, const std::string& text);
  bool has_tensors_of(const std::string& prefix) const;
  const std::string& text(const std::string& name) const;
  std::string path_ = "a checkpoint";
  NamedTensors tensors_;
  Metadata metadata_;
};

}  // namespace heed::data
