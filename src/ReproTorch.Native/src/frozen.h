// What a trace takes for fixed although the method computes it from its inputs.
#pragma once

#include "handles.h"

namespace rpt {

// The JSON array of out_frozen in rpt_module_trace.
std::string describe_frozen(const torch::jit::Module &module, torch::jit::Function &method);

} // namespace rpt
