// What other files need of graphs.
#pragma once

#include "handles.h"

namespace rpt {

// The method's graph; a copy of it with all calls inlined when asked for.
std::shared_ptr<torch::jit::Graph> graph_of(const rpt_method &method, bool inlined);

// "model.py:12", or nothing when the node does not know where it comes from.
std::string source_of(const torch::jit::Node &node);

} // namespace rpt
