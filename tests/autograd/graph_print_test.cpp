#include "autograd/graph_print.h"

#include "tests/testing.h"

namespace heed {
namespace {

TEST(GraphPrint, TextListsNodesNewestFirst) {
  const Tensor x = ones({3}).set_requires_grad(), w = ones({2, 3});
  EXPECT_EQ(graph_text(sum(exp(x) * w)),
            "#3 sum () <- #2 mul\n"
            "#2 mul (2, 3) <- #1 exp, constant (2, 3)\n"
            "#1 exp (3) <- leaf (3)\n");
  EXPECT_EQ(graph_text(x), "leaf (3)\n");
  EXPECT_EQ(error_of([] { graph_text(Tensor()); }), "[graph] expected a tensor, got an undefined tensor");
}

TEST(GraphPrint, ASharedNodeIsPrintedOnce) {
  const Tensor x = ones({}).set_requires_grad();
  const Tensor u = exp(x);
  EXPECT_EQ(graph_text(u * u), "#2 mul () <- #1 exp, #1 exp\n#1 exp () <- leaf ()\n");
}

TEST(GraphPrint, DotContainsTheWholeGraph) {
  const Tensor x = ones({3}).set_requires_grad();
  EXPECT_EQ(graph_dot(sum(x * x)),
            "digraph heed {\n"
            "  rankdir=BT;\n"
            "  node [shape=box, fontname=\"sans-serif\"];\n"
            "  n2 [label=\"sum\\n()\"];\n"
            "  n1 [label=\"mul\\n(3)\"];\n"
            "  n1 -> n2;\n"
            "  leaf1 -> n1;\n"
            "  leaf1 -> n1;\n"
            "  leaf1 [label=\"leaf\\n(3)\", style=filled, fillcolor=\"#deebf7\"];\n"
            "}\n");
}

}  // namespace
}  // namespace heed
