// What other files need of graphs.
#pragma once

#include "handles.h"

namespace rpt {

// A copy of the function's graph with all calls inlined.
std::shared_ptr<torch::jit::Graph> inlined_graph(torch::jit::Function &function);

// "model.py:12", or nothing when the node does not know where it comes from.
std::string source_of(const torch::jit::Node &node);

// The text of that line, or nothing.
std::string line_of(const torch::jit::Node &node);

// The dotted name of the submodule whose method the node comes from; "" for the module itself.
std::string scope_of(const torch::jit::Node &node);

bool is_tensor_constant(const torch::jit::Node &node);

// What the module, as it is now, says about values of one of its methods' inlined graphs.
class KnownValues {
public:
    KnownValues(const torch::jit::Graph &graph, const torch::jit::Module &module) : _graph(graph), _module(module) {}

    // What the module holds at a chain of attributes that begins at self.
    optional<c10::IValue> attribute(const torch::jit::Value *value) const;
    // A condition that does not hang on the input but on the module, such as `self.training and self.track_running_stats`, or
    // on an argument that the code itself gives as None.
    optional<bool> condition(const torch::jit::Value *value) const;

private:
    static optional<bool> is_none(const torch::jit::Value *value);

    const torch::jit::Graph &_graph;
    const torch::jit::Module &_module;
};

} // namespace rpt
