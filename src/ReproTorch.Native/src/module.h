// What other files need of modules.
#pragma once

#include "handles.h"

#include <functional>

namespace rpt {

const torch::jit::Module &module_of(const rpt_module *handle);

// The method of that name, or a failure that lists those that there are.
torch::jit::Function &find_method(const torch::jit::Module &module, const std::string &name);

// Whether the module itself, and not only one within it, has forward hooks: what calls the module runs them around its forward.
bool has_forward_hooks(const torch::jit::Module &module);

// Refuses to do what would lose them.
void require_no_forward_hooks(const torch::jit::Module &module, const char *what);

// False for a module without a `training` attribute too.
bool is_training(const torch::jit::Module &module);

// A copy with types and tensors of its own: what is registered or defined on one does not show on the other. Tied tensors
// stay tied.
torch::jit::Module clone_module(const torch::jit::Module &module);

// Calls visit(dotted name, slot value, owning module, slot number) for every attribute, a module's own before those of
// its submodules, each in declared order: the order of named_parameters() in Python.
using AttributeVisitor =
    std::function<void(const std::string &, const c10::IValue &, const torch::jit::Module &, size_t)>;
void visit_attributes(const torch::jit::Module &module, const AttributeVisitor &visit);

} // namespace rpt
