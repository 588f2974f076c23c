#include "autograd/graph_print.h"

#include <map>
#include <sstream>

#include "autograd/graph.h"

namespace heed {

// Nodes are numbered from 1, the oldest, so that the text does not depend on earlier graphs.
static std::map<const Node*, std::size_t> numbered(const std::vector<std::shared_ptr<Node>>& nodes) {
  std::map<const Node*, std::size_t> numbers;
  for (std::size_t i = 0; i < nodes.size(); ++i) numbers[nodes[i].get()] = nodes.size() - i;
  return numbers;
}

std::string graph_text(const Tensor& y) {
  const auto nodes = graph_nodes(y);
  if (nodes.empty()) return concat("leaf ", y.shape(), "\n");
  auto number = numbered(nodes);
  std::ostringstream out;
  for (const auto& node : nodes) {
    out << '#' << number[node.get()] << ' ' << node->op << ' ' << node->shape << " <- ";
    for (std::size_t i = 0; i < node->inputs.size(); ++i) {
      const Node::Input& input = node->inputs[i];
      if (i > 0) out << ", ";
      if (input.node)
        out << '#' << number[input.node.get()] << ' ' << input.node->op;
      else
        out << (input.leaf ? "leaf " : "constant ") << input.shape;
    }
    out << '\n';
  }
  return out.str();
}

std::string graph_dot(const Tensor& y) {
  const auto nodes = graph_nodes(y);
  auto number = numbered(nodes);
  std::ostringstream out, leaves;
  out << "digraph heed {\n  rankdir=BT;\n  node [shape=box, fontname=\"sans-serif\"];\n";
  for (const auto& node : nodes)
    out << "  n" << number[node.get()] << " [label=\"" << node->op << "\\n" << node->shape << "\"];\n";
  std::map<const TensorState*, std::size_t> leaf_number;
  for (const auto& node : nodes) {
    for (const Node::Input& input : node->inputs) {
      if (!input.needs_grad()) continue;
      if (input.node) {
        out << "  n" << number[input.node.get()] << " -> n" << number[node.get()] << ";\n";
        continue;
      }
      const auto [leaf, is_new] = leaf_number.try_emplace(input.leaf.get(), leaf_number.size() + 1);
      if (is_new)
        leaves << "  leaf" << leaf->second << " [label=\"leaf\\n"
               << input.shape << "\", style=filled, fillcolor=\"#deebf7\"];\n";
      out << "  leaf" << leaf->second << " -> n" << number[node.get()] << ";\n";
    }
  }
  if (nodes.empty()) out << "  leaf1 [label=\"leaf\\n" << y.shape() << "\"];\n";
  out << leaves.str() << "}\n";
  return out.str();
}

}  // namespace heed
