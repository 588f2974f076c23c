#include "autograd/graph_print.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "autograd/graph.h"

namespace heed {

namespace {

// Every node behind y, newest first.
std::vector<const Node*> nodes_behind(const Tensor& y) {
  check(y.defined(), "graph", "an undefined tensor has no graph");
  std::vector<const Node*> nodes;
  if (!y.state()->node) return nodes;
  std::set<const Node*> seen{y.state()->node.get()};
  nodes.push_back(y.state()->node.get());
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (const Node::Input& input : nodes[i]->inputs)
      if (input.node && seen.insert(input.node.get()).second) nodes.push_back(input.node.get());
  std::sort(nodes.begin(), nodes.end(), [](const Node* a, const Node* b) { return a->id > b->id; });
  return nodes;
}

}  // namespace

// Nodes are numbered from the oldest, 1, so that the text does not depend on what ran before.
std::string graph_text(const Tensor& y) {
  const auto nodes = nodes_behind(y);
  if (nodes.empty()) return concat("leaf ", y.shape(), "\n");
  std::map<const Node*, std::size_t> number;
  for (std::size_t i = 0; i < nodes.size(); ++i) number[nodes[i]] = nodes.size() - i;
  std::ostringstream out;
  for (const Node* node : nodes) {
    out << '#' << number[node] << ' ' << node->op << ' ' << node->shape << " <- ";
    for (std::size_t i = 0; i < node->inputs.size(); ++i) {
      const Node::Input& input = node->inputs[i];
      if (i) out << ", ";
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
  const auto nodes = nodes_behind(y);
  std::map<const void*, std::size_t> number;
  for (std::size_t i = 0; i < nodes.size(); ++i) number[nodes[i]] = nodes.size() - i;
  std::ostringstream out, leaves;
  out << "digraph heed {\n  rankdir=BT;\n  node [shape=box, fontname=\"sans-serif\"];\n";
  for (const Node* node : nodes)
    out << "  n" << number[node] << " [label=\"" << node->op << "\\n" << node->shape << "\"];\n";
  std::size_t leaf_count = 0;
  std::map<const void*, std::size_t> leaf_number;
  for (const Node* node : nodes) {
    for (const Node::Input& input : node->inputs) {
      if (input.node) {
        out << "  n" << number[input.node.get()] << " -> n" << number[node] << ";\n";
      } else if (input.leaf) {
        const auto [at, fresh] = leaf_number.try_emplace(input.leaf.get(), leaf_count + 1);
        if (fresh) {
          ++leaf_count;
          leaves << "  leaf" << at->second << " [label=\"leaf\\n"
                 << input.shape << "\", style=filled, fillcolor=\"#deebf7\"];\n";
        }
        out << "  leaf" << at->second << " -> n" << number[node] << ";\n";
      }
    }
  }
  if (nodes.empty()) out << "  leaf1 [label=\"leaf\\n" << y.shape() << "\"];\n";
  out << leaves.str() << "}\n";
  return out.str();
}

}  // namespace heed
