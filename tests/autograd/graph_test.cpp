// graph_test.cpp — reverse mode: order, accumulation, versions, lifetime. AG-… are the ids of
// mistakes in lessons/00_autograd: each of them would change a result here.
#include "autograd/graph.h"

#include <cmath>
#include <functional>
#include <memory>
#include <vector>

#include "tests/testing.h"

namespace heed {
namespace {

Tensor leaf(double value) { return scalar(value, f64).set_requires_grad(); }

TEST(Graph, ATensorUsedTwiceAccumulatesBothGradients) {  // AG-01
  const Tensor x = leaf(3);
  (x + x).backward();
  EXPECT_EQ(x.grad().item(), 2);
}

TEST(Graph, ANodeRunsAfterAllItsConsumers) {  // AG-02, AG-03, AG-04
  const Tensor x = leaf(2);
  const Tensor u = x * x, v = u * 3.0, w = u + v;
  w.backward();
  EXPECT_EQ(x.grad().item(), 16);
}

TEST(Graph, GradientsAccumulateUntilTheyAreZeroed) {  // AG-05
  Tensor x = leaf(1);
  (x * 3.0).backward();
  (x * 3.0).backward();
  EXPECT_EQ(x.grad().item(), 6);
  x.zero_grad();
  EXPECT_FALSE(x.grad().defined());
  (x * 3.0).backward();
  EXPECT_EQ(x.grad().item(), 3);
}

TEST(Graph, ASecondBackwardStartsFromZeroInnerGradients) {  // AG-06
  const Tensor x = leaf(1);
  const Tensor b = (x * 2.0) * 3.0;
  b.backward({.retain_graph = true});
  b.backward();
  EXPECT_EQ(x.grad().item(), 12);
}

TEST(Graph, BroadcastingIsUndone) {  // AG-07
  const Tensor x = ones({2, 3}).set_requires_grad(), b = ones({3}).set_requires_grad();
  sum(x + b).backward();
  EXPECT_EQ(b.grad().to_vector(), (std::vector<double>{2, 2, 2}));
}

TEST(Graph, GradientsOfOverlappingSlicesAddUp) {  // AG-13
  const Tensor x = zeros({3}).set_requires_grad();
  (sum(x.slice(0, 0, 2)) + sum(x.slice(0, 1, 3))).backward();
  EXPECT_EQ(x.grad().to_vector(), (std::vector<double>{1, 2, 1}));
}

TEST(Graph, ModifyingASavedTensorIsDetected) {  // AG-20
  Tensor a = tensor({1, 2});
  const Tensor w = tensor({3, 4}).set_requires_grad();
  const Tensor y = sum(w * a);
  a.fill_(0);
  expect_contains(
      error_of([&] { y.backward(); }),
      "[backward] mul saved a tensor (2) that was changed in place after the forward ran (version");
  // Modifying a view modifies its base.
  Tensor base = ones({4});
  const Tensor z = sum(w * base.slice(0, 0, 2));
  base.slice(0, 2, 4).fill_(5);
  expect_contains(error_of([&] { z.backward(); }), "was changed in place after the forward ran");
  // A tensor that is not saved may be modified: add saves nothing.
  Tensor b = tensor({1, 2});
  const Tensor fine = sum(w + b);
  b.fill_(0);
  EXPECT_NO_THROW(fine.backward());
}

TEST(Graph, NoGradRecordsNothing) {  // AG-21
  const Tensor w = ones({2}).set_requires_grad();
  const auto before = live_nodes();
  {
    const NoGrad outer;
    { const NoGrad inner; }
    EXPECT_FALSE(grad_enabled());
    const Tensor y = sum(exp(w * w));
    EXPECT_FALSE(y.requires_grad());
    EXPECT_EQ(live_nodes(), before);
    expect_contains(error_of([&] { y.backward(); }), "does not require grad and nothing was recorded");
  }
  EXPECT_TRUE(grad_enabled());
}

TEST(Graph, AChainOf200000NodesIsBuiltRunAndDestroyedWithoutRecursion) {  // AG-22, AG-24
  const auto before = live_nodes();
  const Tensor x = leaf(0);
  {
    Tensor y = x;
    for (int i = 0; i < 200'000; ++i) y = y + 1.0;
    EXPECT_EQ(live_nodes(), before + 200'000);
    y.backward();
    EXPECT_EQ(x.grad().item(), 1);
    EXPECT_EQ(y.item(), 200'000);
  }
  EXPECT_EQ(live_nodes(), before);
  {
    Tensor dropped = x;  // never run
    for (int i = 0; i < 200'000; ++i) dropped = dropped + 1.0;
  }
  EXPECT_EQ(live_nodes(), before);
}

TEST(Graph, NoNodeOutlivesItsTensors) {  // AG-23
  const auto before = live_nodes();
  {
    const Tensor q = ones({2, 3, 4}).set_requires_grad(), w = ones({4, 4}).set_requires_grad();
    Generator gen(1);
    const Tensor y = layer_norm(softmax(scaled_dot_product_attention(q, matmul(q, w), gelu(q)), -1));
    const Tensor loss =
        cross_entropy(dropout(y, 0.1, gen), IntTensor{{0, 1, 2}, {1, 2, 3}}) + max(q) + var(y);
    loss.backward({.retain_graph = true});
    EXPECT_GT(live_nodes(), before);
  }
  EXPECT_EQ(live_nodes(), before);
}

TEST(Graph, AGraphCanBeUsedOnceUnlessItIsRetained) {
  const Tensor x = leaf(2);
  const Tensor y = x * x;
  y.backward();
  EXPECT_EQ(error_of([&] { y.backward(); }),
            "[backward] the graph of mul () has already been used and released. Hint: "
            "backward({.retain_graph = true}) keeps it for another backward");
  EXPECT_EQ(x.grad().item(), 4) << "a rejected backward does not change gradients";
}

TEST(Graph, BackwardReleasesTheMemoryOfTheGraph) {
  const Tensor x = ones({1000}).set_requires_grad();
  const Tensor y = sum(exp(x));
  const auto during = memory_stats().live_bytes;
  y.backward();
  // The saved exp(x) was released, and the gradient of x allocated.
  EXPECT_LE(memory_stats().live_bytes, during + 64);
}

TEST(Graph, RetainGradStoresTheGradientOfANonLeaf) {
  const Tensor x = leaf(3);
  Tensor u = x * 2.0;
  u.retain_grad();
  const Tensor v = x * 5.0;
  (u * v).backward();
  EXPECT_EQ(u.grad().item(), 15);
  EXPECT_FALSE(v.grad().defined());
}

TEST(Graph, DetachDropsTheHistoryAndSharesStorage) {
  const Tensor x = leaf(3);
  const Tensor u = x * 2.0;
  (u.detach() * x).backward();
  EXPECT_EQ(x.grad().item(), 6);
  Tensor same = u.detach();
  same.fill_(1);
  EXPECT_EQ(u.item(), 1);
  EXPECT_FALSE(same.requires_grad());
}

TEST(Graph, TheGradientOfALeafIsUnshared) {
  const Tensor a = ones({2}).set_requires_grad(), b = ones({2}).set_requires_grad();
  sum(a + b).backward();
  Tensor g = a.grad();
  g.fill_(100);
  EXPECT_EQ(b.grad().to_vector(), (std::vector<double>{1, 1}));
  EXPECT_TRUE(a.grad().is_contiguous());
}

// Whether two tensors share their storage.
bool share(const Tensor& a, const Tensor& b) { return a.state()->storage == b.state()->storage; }

TEST(Graph, BackwardOfALeafCopiesTheGradient) {
  const Tensor x = zeros({2}).set_requires_grad(), g = ones({2});
  for (int i = 1; i <= 4; ++i) {
    x.backward(g);
    EXPECT_EQ(x.grad().to_vector(), (std::vector<double>(2, i)));
    EXPECT_EQ(g.to_vector(), (std::vector<double>{1, 1}));
    EXPECT_FALSE(share(x.grad(), g));
  }
}

TEST(Graph, OpsThatForwardTheirGradientDoNotModifyTheCallersOne) {
  const std::vector<std::function<Tensor(const Tensor&)>> ops = {
      [](const Tensor& x) { return x + 1.0; },
      [](const Tensor& x) { return x.reshape({4}); },
      [](const Tensor& x) { return x.unsqueeze(0); },
      [](const Tensor& x) { return x.transpose(0, 1); },
      [](const Tensor& x) { return x.clone(); },
      [](const Tensor& x) { return x.transpose(0, 1).contiguous(); },
      [](const Tensor& x) {
        return x + zeros({2, 2});
      },
      [](const Tensor& x) {
        return zeros({2, 2}) + x;
      },
      [](const Tensor& x) {
        return x - zeros({2, 2});
      },
      [](const Tensor& x) { return cat({x}); },
      [](const Tensor& x) {
        return x.expand({2, 2}) + 0.0;
      },
      [](const Tensor& x) { return stack(unbind(x)); },
      [](const Tensor& x) { return pad(x, {}) + x; },
      [](const Tensor& x) { return x.reshape({4}) + x.reshape({4}); },
  };
  for (std::size_t i = 0; i < ops.size(); ++i) {
    Tensor x = zeros({2, 2}).set_requires_grad();
    const Tensor y = ops[i](x), g = ones(y.shape());
    y.backward(g, {.retain_graph = true});
    const auto once = x.grad().to_vector();
    EXPECT_FALSE(share(x.grad(), g)) << i;
    y.backward(g, {.retain_graph = true});
    y.backward(g, {.retain_graph = true});
    for (std::size_t k = 0; k < 4; ++k) EXPECT_EQ(x.grad().to_vector()[k], 3 * once[k]) << i;
    EXPECT_EQ(g.to_vector(), std::vector<double>(4, 1)) << i;
    x.zero_grad();
    y.backward(g);
    EXPECT_EQ(x.grad().to_vector(), once) << i;
    EXPECT_EQ(g.to_vector(), std::vector<double>(4, 1)) << i;
  }
}

TEST(Graph, SetGradCopiesAGradientUnlessItIsUnshared) {
  Tensor x = zeros({2}).set_requires_grad(), y = zeros({2}).set_requires_grad();
  const Tensor g = ones({2});
  x.set_grad(g);
  y.set_grad(g);
  EXPECT_FALSE(share(x.grad(), g));
  EXPECT_FALSE(share(x.grad(), y.grad()));
  sum(x * 2.0).backward();
  EXPECT_EQ(x.grad().to_vector(), (std::vector<double>{3, 3}));
  EXPECT_EQ(y.grad().to_vector(), (std::vector<double>{1, 1}));
  EXPECT_EQ(g.to_vector(), (std::vector<double>{1, 1}));
  x.set_grad(y.grad());
  EXPECT_FALSE(share(x.grad(), y.grad()));
  x.set_grad(x.grad());
  EXPECT_EQ(x.grad().to_vector(), (std::vector<double>{1, 1}));
  // A view with strides, a tensor with history, external memory: each becomes a plain
  // copy.
  const Tensor recorded = ones({2}).set_requires_grad() * 3.0;
  const auto numbers = std::make_shared<std::vector<float>>(std::vector<float>{5, 6});
  for (const Tensor& odd : {scalar(7).expand({2}), recorded,
                            from_memory(reinterpret_cast<std::byte*>(numbers->data()), {2}, f32, numbers)}) {
    x.set_grad(odd);
    EXPECT_TRUE(x.grad().is_contiguous() && x.grad().is_leaf() && !x.grad().requires_grad());
    const double first = odd.at({0});
    x.backward(ones({2}));
    EXPECT_EQ(x.grad().at({0}), first + 1);
    EXPECT_EQ(odd.at({0}), first);
  }
  x.set_grad(from_memory(reinterpret_cast<std::byte*>(numbers->data()), {2}, f32, numbers));
  x.backward(ones({2}));
  EXPECT_EQ((*numbers)[0], 5);
}

TEST(Graph, AGradientMayBePassedToTheNextBackward) {
  const Tensor x = zeros({2}).set_requires_grad();
  x.backward(ones({2}));
  (x + x).backward(x.grad());
  EXPECT_EQ(x.grad().to_vector(), (std::vector<double>{3, 3}));
  x.backward(x.grad());
  EXPECT_EQ(x.grad().to_vector(), (std::vector<double>{6, 6}));
  const Tensor before = x.grad();
  x.backward(before);
  EXPECT_EQ(before.to_vector(), (std::vector<double>{6, 6}));
  EXPECT_EQ(x.grad().to_vector(), (std::vector<double>{12, 12}));
}

TEST(Graph, SavedAndRetainedGradientsShareNoMemory) {
  const Tensor x = ones({2}).set_requires_grad(), w = tensor({5, 6});
  // The gradient of this op is a tensor that it saved.
  const Tensor y = record("saved", {x}, x * 1.0, [w = Saved(w)](const Tensor&, Gradients& d) { d[0] = w(); });
  y.backward(ones({2}), {.retain_graph = true});
  y.backward(ones({2}));
  EXPECT_EQ(x.grad().to_vector(), (std::vector<double>{10, 12}));
  EXPECT_EQ(w.to_vector(), (std::vector<double>{5, 6}));
  const Tensor a = ones({2}).set_requires_grad();
  Tensor u = a + 1.0, v = u + 1.0;
  u.retain_grad();
  v.retain_grad();
  const Tensor g = ones({2});
  v.backward(g);
  EXPECT_FALSE(share(u.grad(), v.grad()) || share(u.grad(), g) || share(v.grad(), g) ||
               share(a.grad(), u.grad()));
  Tensor changed = u.grad();
  changed.fill_(9);
  EXPECT_EQ(a.grad().to_vector(), (std::vector<double>{1, 1}));
  EXPECT_EQ(g.to_vector(), (std::vector<double>{1, 1}));
}

TEST(Graph, BackwardStartsFromThePassedGradient) {
  const Tensor x = tensor({1, 2, 3}).set_requires_grad();
  (x * 2.0).backward(tensor({1, 0, -1}));
  EXPECT_EQ(x.grad().to_vector(), (std::vector<double>{2, 0, -2}));
  x.backward(tensor({1, 1, 1}));  // a leaf itself
  EXPECT_EQ(x.grad().to_vector(), (std::vector<double>{3, 1, -1}));
}

TEST(Graph, BackwardRejectsInvalidStarts) {
  const Tensor x = ones({2}).set_requires_grad();
  EXPECT_EQ(error_of([&] { (x * 1.0).backward(); }),
            "[backward] expected a tensor with one element, got (2). Hint: reduce it with sum or mean, or "
            "pass backward(gradient)");
  EXPECT_EQ(error_of([&] { (x * 1.0).backward(ones({3})); }),
            "[backward] expected a gradient (2) f32, got (3) f32; a gradient has the shape and dtype of its "
            "tensor");
  EXPECT_EQ(error_of([&] { (x * 1.0).backward(ones({2}, f64)); }),
            "[backward] expected a gradient (2) f32, got (2) f64; a gradient has the shape and dtype of its "
            "tensor");
  EXPECT_EQ(error_of([] { Tensor().backward(); }), "[backward] expected a tensor, got an undefined tensor");
  expect_contains(error_of([] { ones({}).backward(); }), "[backward] this tensor () does not require grad");
}

// The error names the op whose backward did not undo its broadcast.
TEST(Graph, AGradientOfTheWrongShapeThrowsWithTheNameOfItsOp) {
  const Tensor b = ones({3}).set_requires_grad();
  const Tensor y = record("careless", {b}, ones({2, 3}), [](const Tensor& dy, Gradients& d) { d[0] = dy; });
  EXPECT_EQ(error_of([&] {
              y.backward(ones({2, 3}));
            }),
            "[backward] expected a gradient (3) f32 from careless, got (2, 3) f32; a gradient has the shape "
            "and dtype of its input. Hint: sum_to undoes broadcasting");
}

TEST(Graph, AnomalyModeNamesTheOpThatFirstProducedANaN) {
  const Tensor x = tensor({-1, 1}).set_requires_grad();
  EXPECT_NO_THROW(exp(log(x)) * 2.0);
  {
    const AnomalyMode anomaly;
    EXPECT_EQ(error_of([&] { exp(log(x)) * 2.0; }),
              "[log] produced a NaN: the output (2) contains one and no input does. Hint: check the "
              "arguments of this op");
    const Tensor zero = zeros({1}).set_requires_grad();
    const Tensor y = sqrt(zero) * 0.0;  // 0 · inf in backward
    EXPECT_EQ(error_of([&] { y.backward(); }),
              "[sqrt] produced a NaN in its backward: the gradient (1) of input 0 contains one");
  }
  EXPECT_NO_THROW(log(x));
}

TEST(Graph, IntermediateResultsAreFreedDuringBackward) {
  const Tensor x = ones({100'000}).set_requires_grad();
  Tensor y = x;
  for (int i = 0; i < 20; ++i) y = y * 1.01;
  const Tensor loss = sum(y);
  y = Tensor();
  reset_peak_memory();
  const auto before = memory_stats().live_bytes;
  loss.backward();
  // Gradients are freed as soon as they have been used: a few are alive at a time, not twenty.
  EXPECT_LT(memory_stats().peak_bytes - before, 5 * 400'000);
}

}  // namespace
}  // namespace heed
