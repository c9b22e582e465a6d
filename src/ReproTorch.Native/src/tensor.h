// What other files need of tensors.
#pragma once

#include "handles.h"

namespace rpt {

// The tensor of a handle that must not be null.
const at::Tensor &tensor_of(const rpt_tensor *handle, const char *name = "tensor");

// The tensors of an array of handles.
std::vector<at::Tensor> tensors_of(rpt_tensor *const *tensors, int64_t count, const char *name);

// The elements on the CPU, dense, in C order, with nothing left to be computed lazily; the tensor itself where it is so.
at::Tensor to_host(const at::Tensor &tensor);

// While it is there, what libtorch does on this thread is not recorded by an observer: moving elements in and out of tensors is
// no operator that the caller ran.
using Quiet = at::DisableRecordFunctionGuard;

// "float32[2, 3]", for messages.
std::string describe_tensor(const at::Tensor &tensor);

} // namespace rpt
