// The opaque types: each is one object of libtorch and nothing more.
#pragma once

#include "error.h"

#include <vector>

struct rpt_tensor {
    at::Tensor tensor;
};

struct rpt_value {
    c10::IValue value;
};

struct rpt_module {
    torch::jit::Module module;
};

struct rpt_method {
    torch::jit::Module owner; // keeps the function alive
    torch::jit::Function *function;
    // How many tensors rpt_method_run_tensors may pass without looking at types: all declared arguments are plain
    // tensors. Otherwise both are -1.
    int64_t fewest_tensors;
    int64_t most_tensors;
    // forward of a module with hooks: they run before and after it.
    bool has_hooks;
};

struct rpt_generator {
    at::Generator generator;
};

namespace rpt {

inline rpt_tensor *new_tensor(at::Tensor tensor) { return new rpt_tensor{std::move(tensor)}; }
inline rpt_value *new_value(c10::IValue value) { return new rpt_value{std::move(value)}; }

// Checks a count that comes with an array.
void require_array(const void *items, int64_t count, const char *name);

// The values behind an array of handles.
std::vector<c10::IValue> values_of(rpt_value *const *items, int64_t count, const char *name);

} // namespace rpt
