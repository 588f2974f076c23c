// module.h — the base of every layer and model.
//
//   struct Linear : ModuleOf<Linear> {
//     LinearOptions options;                            // named options; clone() uses them
//     Tensor weight, bias;                              // parameters and children: plain members
//     Linear(LinearOptions options, Generator& gen);    // the random generator is passed in
//     Tensor forward(const Tensor& x) const { return linear(x, weight, bias); }
//     void visit(Visitor& v) override;                  // v.parameter("weight", weight); …
//     std::string type() const override { return "Linear"; }
//   };
//
// `visit` is the only function that names parameters and children. named_parameters, state_dict,
// train/eval, to, clone and printing all use it: they flatten the tree into dotted names
// ("layers.0.self_attn.in_proj_weight"), which equal PyTorch's. A module can be moved but not
// copied; clone() makes an explicit copy.
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

// Returns a tensor of zeros that requires grad, to be initialised by the caller. Under NoInit
// (init.h) its memory is uninitialised.
Tensor parameter(const Shape& shape);

// The argument of visit(), which names first the module's own parameters and buffers, then its
// children, in PyTorch's order. Undefined tensors (no bias) and empty optionals are skipped. Throws
// "[visit] …" if a name is empty, contains a dot or is used twice.
class Visitor {
 public:
  void parameter(const std::string& name, Tensor& t) { tensor(name, t, true); }
  // A buffer is saved but never trained.
  void buffer(const std::string& name, Tensor& t) { tensor(name, t, false); }
  void generator(const std::string& name, Generator& g);
  void child(const std::string& name, Module& m);
  template <std::derived_from<Module> M>
  void child(const std::string& name, std::optional<M>& m) {
    if (m) child(name, *m);
  }
  template <std::derived_from<Module> M>
  // "layers" names layers.0, layers.1, …
  void child(const std::string& name, std::vector<M>& list) {
    for (std::size_t i = 0; i < list.size(); ++i) enter(full_name(name) + "." + std::to_string(i), list[i]);
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
    int depth;  // 0 for the root
  };
  void tensor(const std::string& name, Tensor& t, bool is_parameter);
  void enter(const std::string& full_name, Module& m);
  // Returns the name with its path. Throws if the name is not valid.
  std::string full_name(const std::string& name) const;
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
  virtual std::string details() const { return ""; }  // "in=4, out=8"; printed in brackets

  // A tensor with two names (tied weights) is one parameter: it is listed under its first name and
  // counted once.
  NamedTensors named_parameters() const;
  std::vector<Tensor> parameters() const;
  NamedTensors named_buffers() const;
  std::vector<std::pair<std::string, Generator*>> named_generators() const;  // saved in checkpoints
  index_t parameter_count() const;
  // The direct children. Elements of a list are named "layers.0".
  std::vector<std::pair<std::string, const Module*>> children() const;

  // Returns parameters and buffers, detached. They share storage with the module; clone() them to
  // keep the values.
  NamedTensors state_dict() const;
  // Copies the values into the module and converts the dtype. Throws one Error that lists every
  // missing, unexpected (with the nearest name), repeated and wrongly shaped entry; the module is
  // then unchanged.
  void load_state_dict(const NamedTensors& state);

  // Sets the mode of the whole tree. A new module is in training mode.
  void train(bool on = true);
  void eval() { train(false); }
  bool training() const { return training_; }
  // Converts in place: optimizers and tied weights that share a tensor see the change.
  void to(DType dtype);
  void zero_grad();

  // Throws if the graph of y uses a tensor that requires grad but that visit() does not name: it
  // would be neither trained nor saved. Use it in the test of a new module.
  void check_all_named(const Tensor& y) const;

 protected:
  void copy_from(const Module& other);

 private:
  friend class Visitor;
  friend class EvaluationMode;
  // Returns all members of the tree. flatten() also checks that their names are unique.
  Visitor collect() const;
  Visitor flatten() const;
  bool training_ = true;
};

// While one is alive, all submodules of a module are in evaluation mode and this thread records no
// graph. Generation and beam search use it. The destructor restores the mode of each submodule,
// also after an exception.
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

// The base class of a module of type Self: adds the call operator and clone().
template <class Self>
struct ModuleOf : Module {
  // encoder(x) calls encoder.forward(x). Options in braces need the explicit form forward(x, {…}).
  template <class... Args>
  decltype(auto) operator()(Args&&... args) {
    return static_cast<Self&>(*this).forward(std::forward<Args>(args)...);
  }
  template <class... Args>
  decltype(auto) operator()(Args&&... args) const {
    return static_cast<const Self&>(*this).forward(std::forward<Args>(args)...);
  }

  // Returns an independent copy with the same parameters, buffers, generators and training modes.
  // Tied parameters stay tied; gradients are not copied. It is built from the same options, then
  // filled with everything that visit() names.
  Self clone() const {
    Self copy = rebuild();
    copy.copy_from(*this);
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

// Prints the tree in PyTorch's format, with the number of parameters of each module.
std::ostream& operator<<(std::ostream& out, const Module& module);

}  // namespace heed::nn
