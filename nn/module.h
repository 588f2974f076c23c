// module.h — what every layer and model is built from.
//
//   struct Linear : ModuleOf<Linear> {
//     LinearOptions options;                                        // options by name, kept
//     Tensor weight, bias;                                          // parameters and children: plain members
//     Linear(LinearOptions options, Generator& gen);                // randomness is passed in
//     Tensor forward(const Tensor& x) const { return linear(x, weight, bias); }
//     void visit(Visitor& v) override { v.parameter("weight", weight), v.parameter("bias", bias); }
//     std::string type() const override { return "Linear"; }
//   };
//
// `visit` is the one place that names things. From it come named_parameters, state_dict, train/eval, to,
// clone and printing: all of them flatten the tree into dotted names ("layers.0.self_attn.in_proj_weight"),
// which are PyTorch's. A module is never copied by accident: it moves, or it is asked to clone().
#pragma once

#include <concepts>
#include <iosfwd>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autograd/graph.h"
#include "autograd/random.h"
#include "autograd/tensor.h"

namespace heed::nn {

struct Module;

// A parameter to be initialised: zeros that require grad (unwritten ones under NoInit, init.h).
Tensor parameter(const Shape& shape);

// What visit() talks to. Name own parameters and buffers first, then children, as PyTorch orders them. An
// undefined tensor (no bias) or empty optional is passed over. Names: not empty, no dot, each once.
class Visitor {
 public:
  void parameter(const std::string& name, Tensor& t) { tensor(name, t, true); }
  void buffer(const std::string& name, Tensor& t) { tensor(name, t, false); }  // saved, but never trained
  void generator(const std::string& name, Generator& g);
  void child(const std::string& name, Module& m);
  template <std::derived_from<Module> M>
  void child(const std::string& name, std::optional<M>& m) {
    if (m) child(name, *m);
  }
  template <std::derived_from<Module> M>
  void child(const std::string& name, std::vector<M>& list) {  // "layers" names layers.0, layers.1, …
    for (std::size_t i = 0; i < list.size(); ++i) enter(own(name) + "." + std::to_string(i), list[i]);
  }

 private:
  friend struct Module;
  friend class EvaluationMode;
  struct TensorSlot {
    std::string name;
    Tensor* tensor;
    bool is_parameter;
  };
  struct ModuleSlot {
    std::string name;
    Module* module;
    int depth;  // 0: the module that was asked
  };
  void tensor(const std::string& name, Tensor& t, bool is_parameter);
  void enter(const std::string& full_name, Module& m);
  std::string own(const std::string& name) const;  // with the path before it; refuses a bad name
  std::vector<std::string> names() const;

  std::vector<TensorSlot> tensors;
  std::vector<std::pair<std::string, Generator*>> generators;
  std::vector<ModuleSlot> modules;
};

struct Module {
  Module() = default;
  Module(Module&&) = default;
  Module& operator=(Module&&) = default;
  virtual ~Module() = default;

  virtual void visit(Visitor& v) = 0;
  virtual std::string type() const = 0;               // "Linear"
  virtual std::string details() const { return ""; }  // "in=4, out=8": what stands in the printed brackets

  // A tensor under two names (tied weights) is one parameter, listed under its first name and counted once.
  NamedTensors named_parameters() const;
  std::vector<Tensor> parameters() const;
  NamedTensors named_buffers() const;
  std::vector<std::pair<std::string, Generator*>> named_generators() const;  // for checkpoints
  index_t parameter_count() const;
  std::vector<std::pair<std::string, const Module*>> children() const;  // direct ones; lists as "layers.0"

  // Parameters and buffers, detached. They share their numbers with the module: clone() those to be kept.
  NamedTensors state_dict() const;
  // Copies the numbers in (converting the dtype). Strict: throws one Error that names every missing,
  // unexpected (with the nearest name), repeated and wrongly shaped entry, and then nothing has changed.
  void load_state_dict(const NamedTensors& state);

  void train(bool on = true);  // of the whole tree; a new module is in training mode
  void eval() { train(false); }
  bool training() const { return training_; }
  void to(DType dtype);  // in place: optimizers and tied weights that hold the same tensors see the change
  void zero_grad();

  // Throws where the graph behind y uses a tensor that requires grad but that visit() does not name: it would
  // be neither trained nor saved. For the test of a new module.
  void check_all_named(const Tensor& y) const;

 protected:
  void become_copy_of(const Module& other);

 private:
  friend class Visitor;
  friend class EvaluationMode;
  Visitor flatten() const;
  bool training_ = true;
};

// In its scope, all submodules of a module are in evaluation mode and this thread records nothing:
// for generation and beam search. The destructor restores the mode of each submodule, also if an
// exception is thrown.
class [[nodiscard]] EvaluationMode {
 public:
  explicit EvaluationMode(Module& module);
  ~EvaluationMode();
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  std::vector<std::pair<Module*, bool>> before_;
  NoGrad no_grad_;
};

// The base of a module: adds what depends on the type itself.
template <class Self>
struct ModuleOf : Module {
  // The call operator is forward: encoder(x). Options in braces need forward(x, {…}) by name.
  template <class... Args>
  decltype(auto) operator()(Args&&... args) {
    return static_cast<Self&>(*this).forward(std::forward<Args>(args)...);
  }
  template <class... Args>
  decltype(auto) operator()(Args&&... args) const {
    return static_cast<const Self&>(*this).forward(std::forward<Args>(args)...);
  }

  // An independent twin: parameters, buffers, generators and training modes are copied, ties between
  // parameters are kept, gradients are not. Builds from the same options, then copies what visit() names.
  Self clone() const {
    Self copy = rebuild();
    copy.become_copy_of(*this);
    return copy;
  }

 private:
  Self rebuild() const {
    const Self& self = static_cast<const Self&>(*this);
    [[maybe_unused]] Generator unused;
    if constexpr (requires { Self(self.options, unused); })
      return Self(self.options, unused);
    else if constexpr (requires { Self(self.options); })
      return Self(self.options);
    else if constexpr (requires { Self(unused); })
      return Self(unused);
    else
      return Self();
  }
};

// The tree, as PyTorch prints it, with the number of parameters of each part.
std::ostream& operator<<(std::ostream& out, const Module& module);

}  // namespace heed::nn
