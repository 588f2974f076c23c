// checkpoint.h — a training run in one file, to go on from.
//
//   Checkpoint save;
//   save.put("model", model.state_dict());
//   save.put("optimizer", optimizer.state_dict());
//   for (const auto& [name, generator] : model.named_generators()) save.put("generator." + name, *generator);
//   save.put("step", step);
//   save.write("run.safetensors");                      // whole or not at all, at any moment of being killed
//
//   const Checkpoint saved("run.safetensors");
//   model.load_state_dict(saved.tensors("model"));
//   step = saved.number("step");
//
// The file is a safetensors file: tensors under "model.…", numbers and generators in its metadata. A schedule is a
// function of the step and needs no place here; a loader is where its epoch and batch say.
#pragma once

#include <string>

#include "autograd/random.h"
#include "data/safetensors.h"

namespace heed::data {

class Checkpoint {
 public:
  Checkpoint() = default;
  explicit Checkpoint(const std::string& path);  // throws "[checkpoint] …", "[safetensors] …"

  // Under a name of its own each. Tensors are kept by handle, not copied: write() before they change.
  void put(const std::string& prefix, const NamedTensors& tensors);
  void put(const std::string& name, std::int64_t number);
  void put(const std::string& name, const Generator& generator);
  void write(const std::string& path) const;

  // What was put there. A name that is not there is refused; tensors of a prefix that is not are none.
  NamedTensors tensors(const std::string& prefix) const;
  std::int64_t number(const std::string& name) const;
  Generator generator(const std::string& name) const;

 private:
  const std::string& text(const std::string& name) const;
  std::string path_ = "a checkpoint";
  NamedTensors tensors_;
  Metadata metadata_;
};

}  // namespace heed::data
