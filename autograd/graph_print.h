// graph_print.h — the graph behind a tensor, to look at.
#pragma once

#include <string>

#include "autograd/tensor.h"

namespace heed {

// One line a node, newest first: "#7 mul (2, 3) <- #5 exp, leaf (2, 3)".
std::string graph_text(const Tensor& y);
// The same for Graphviz: dot -Tsvg graph.dot -o graph.svg
std::string graph_dot(const Tensor& y);

}  // namespace heed
