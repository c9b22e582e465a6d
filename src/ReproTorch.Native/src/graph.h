// What other files need of graphs.
#pragma once

#include "handles.h"

namespace rpt {

// A copy of the function's graph with all calls inlined.
std::shared_ptr<torch::jit::Graph> inlined_graph(torch::jit::Function &function);

// "model.py:12", or nothing when the node does not know where it comes from.
std::string source_of(const torch::jit::Node &node);

} // namespace rpt
