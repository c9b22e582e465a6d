// Every header of libtorch that this library uses, and the only place that asks which libtorch it is. Precompiled.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/class_type.h>
#include <ATen/core/function_schema.h>
#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/record_function.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>
#include <c10/util/Exception.h>
#include <torch/csrc/api/include/torch/version.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/error_report.h>
#include <torch/csrc/jit/frontend/lexer.h>
#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/frontend/sugared_value.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/canonicalize.h>
#include <torch/csrc/jit/passes/freeze_module.h>
#include <torch/csrc/jit/passes/frozen_graph_optimizations.h>
#include <torch/csrc/jit/passes/inline_fork_wait.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/passes/shape_analysis.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/runtime/interpreter.h>
#include <torch/csrc/jit/runtime/jit_exception.h>
#include <torch/csrc/jit/runtime/operator.h>
#include <torch/csrc/jit/runtime/print_handler.h>
#include <torch/csrc/jit/serialization/export.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/csrc/jit/serialization/python_print.h>

#if defined(RPT_WITH_CUDA)
#include <ATen/cuda/CUDAContext.h>
#endif

#include <filesystem>
#include <string>

#define RPT_TORCH_AT_LEAST(major, minor) \
    (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

namespace rpt {

// c10::optional was a class of its own, then another name of std::optional, then gone.
#if RPT_TORCH_AT_LEAST(2, 4)
using std::nullopt;
using std::optional;
#else
using c10::nullopt;
using c10::optional;
#endif

// What newer libtorch can do and older cannot, so that the code beside has one shape for both.
#if RPT_TORCH_AT_LEAST(2, 1)
inline int32_t fill_uninitialized_memory() { return at::globalContext().deterministicFillUninitializedMemory(); }
inline void set_fill_uninitialized_memory(bool on) { at::globalContext().setDeterministicFillUninitializedMemory(on); }
constexpr bool has_fill_uninitialized_memory = true;
#else
inline int32_t fill_uninitialized_memory() { return -1; }
inline void set_fill_uninitialized_memory(bool) {}
constexpr bool has_fill_uninitialized_memory = false;
#endif

#if RPT_TORCH_AT_LEAST(2, 0)
namespace warning_api = c10::WarningUtils;

class WarningReceiver : public c10::WarningHandler {
public:
    void process(const c10::Warning &warning) final { receive(warning.msg()); }

private:
    virtual void receive(const std::string &message) = 0;
};

inline std::string cpu_capability() { return at::get_cpu_capability(); }
#else
namespace warning_api = c10::Warning;

class WarningReceiver : public c10::WarningHandler {
public:
    void process(const c10::SourceLocation &, const std::string &message, const bool) final { receive(message); }

private:
    virtual void receive(const std::string &message) = 0;
};

inline std::string cpu_capability() { return {}; }
#endif

// The compiler's language version decides this one: later headers of libtorch need C++20, which has another UTF-8.
inline std::filesystem::path path_from_utf8(const std::string &text) {
#if defined(__cpp_char8_t)
    return std::filesystem::path(std::u8string(text.begin(), text.end()));
#else
    return std::filesystem::u8path(text);
#endif
}

} // namespace rpt
