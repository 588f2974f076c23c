// graph_print.h — the graph of a tensor as text, and for Graphviz.
#pragma once

#include <string>

#include "autograd/tensor.h"

namespace heed {

// Returns one line per node, newest first: "#7 mul (2, 3) <- #5 exp, leaf (2, 3)".
std::string graph_text(const Tensor& y);
// Returns the same graph in the language of Graphviz: dot -Tsvg graph.dot -o graph.svg
std::string graph_dot(const Tensor& y);

}  // namespace heed
