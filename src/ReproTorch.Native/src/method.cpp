#include "coerce.h"
#include "module.h"
#include "tensor.h"

#include <algorithm>

namespace rpt {
namespace {

using c10::IValue;
using torch::jit::Function;

torch::jit::Stack stack_for(const rpt_method &method, size_t count) {
    torch::jit::Stack stack;
    stack.reserve(count + 1);
    stack.emplace_back(method.owner._ivalue());
    return stack;
}

IValue run(const rpt_method &method, torch::jit::Stack &&stack, bool record_gradients) {
    const c10::AutoGradMode gradients(record_gradients);
    method.function->run(stack);
    return std::move(stack.back());
}

IValue call(const rpt_method &method, Function &function, const Arguments &arguments) {
    auto stack = stack_for(method, arguments.positional.size());
    std::string why;
    if (!bind_arguments(function.getSchema(), 1, arguments, NumbersAsTensors::no, stack, why)) {
        invalid(why);
    }
    function.run(stack);
    return std::move(stack.back());
}

// As torch/nn/modules/module.py of 1.13 has it (_call_impl): hooks see the arguments by position, as a tuple; what a pre-hook returns takes
// their place, what a hook returns that of the result.
IValue call_with_hooks(const rpt_method &method, Arguments arguments) {
    for (auto *hook : method.owner.type()->getForwardPreHooks()) {
        auto result = call(method, *hook, {{c10::ivalue::Tuple::create(arguments.positional)}, {}});
        if (result.isTuple()) {
            arguments.positional = result.toTupleRef().elements().vec();
        } else if (!result.isNone()) {
            arguments.positional = {std::move(result)};
        }
    }
    auto result = call(method, *method.function, arguments);
    for (auto *hook : method.owner.type()->getForwardHooks()) {
        auto other = call(method, *hook, {{c10::ivalue::Tuple::create(arguments.positional), result}, {}});
        if (!other.isNone()) {
            result = std::move(other);
        }
    }
    return result;
}

IValue run(const rpt_method &method, const Arguments &arguments, bool record_gradients) {
    const c10::AutoGradMode gradients(record_gradients);
    return method.has_hooks ? call_with_hooks(method, arguments) : call(method, *method.function, arguments);
}

// For the common case, all arguments plain tensors, nothing has to be looked at per call but their count.
void note_tensor_counts(rpt_method &method) {
    if (method.has_hooks) {
        return;
    }
    const auto &arguments = method.function->getSchema().arguments();
    int64_t fewest = 0;
    for (size_t i = 1; i < arguments.size(); ++i) {
        if (arguments[i].type()->kind() != c10::TypeKind::TensorType || arguments[i].kwarg_only()) {
            method.fewest_tensors = method.most_tensors = -1;
            return;
        }
        fewest += arguments[i].default_value() ? 0 : 1;
    }
    method.fewest_tensors = fewest;
    method.most_tensors = static_cast<int64_t>(arguments.size()) - 1;
}

const rpt_method &method_of(const rpt_method *handle) { return require(handle, "method"); }

} // namespace

Function &find_method(const torch::jit::Module &module, const std::string &name) {
    auto *function = module.type()->findMethod(name);
    if (function == nullptr) {
        std::string known;
        for (const auto *method : module.type()->methods()) {
            known += (known.empty() ? "" : ", ") + method->name();
        }
        invalid("The module has no method '", name, "'; it has: ", known.empty() ? "none" : known, ".");
    }
    return *function;
}

bool has_forward_hooks(const torch::jit::Module &module) {
    return !module.type()->getForwardPreHooks().empty() || !module.type()->getForwardHooks().empty();
}

void require_no_forward_hooks(const torch::jit::Module &module, const char *what) {
    if (has_forward_hooks(module)) {
        invalid("The module has forward hooks of its own, which are not part of its forward: ", what,
                " would leave them out. Give the module to another one whose forward calls it, and script that: then they are part of it.");
    }
}

} // namespace rpt

using namespace rpt;

rpt_error *rpt_module_method(const rpt_module *module, const char *name, rpt_method **out_method) {
    return guard(
        [&] {
            const auto &owner = module_of(module);
            const auto text = require_text(name, "name");
            auto *function = &find_method(owner, text);
            auto method = std::make_unique<rpt_method>(
                rpt_method{owner, function, -1, -1, text == "forward" && has_forward_hooks(owner)});
            note_tensor_counts(*method);
            *out_method = method.release();
        },
        out_method);
}

rpt_error *rpt_method_run(const rpt_method *method, rpt_value *const *arguments, int64_t argument_count,
                          const char *const *keyword_names, rpt_value *const *keyword_values, int64_t keyword_count,
                          int32_t record_gradients, rpt_value **out_value) {
    return guard(
        [&] {
            const auto &callee = method_of(method);
            const auto given = arguments_of(arguments, argument_count, keyword_names, keyword_values, keyword_count);
            *out_value = new_value(run(callee, given, record_gradients != 0));
        },
        out_value);
}

rpt_error *rpt_method_run_tensors(const rpt_method *method, rpt_tensor *const *arguments, int64_t argument_count,
                                  int32_t record_gradients, rpt_tensor **out_tensor, rpt_value **out_value) {
    return guard(
        [&] {
            const auto &callee = method_of(method);
            require_array(arguments, argument_count, "arguments");
            IValue result;
            if (argument_count >= callee.fewest_tensors && argument_count == callee.most_tensors) {
                auto stack = stack_for(callee, static_cast<size_t>(argument_count));
                for (int64_t i = 0; i < argument_count; ++i) {
                    stack.emplace_back(tensor_of(arguments[i], "arguments"));
                }
                result = run(callee, std::move(stack), record_gradients != 0);
            } else {
                Arguments given;
                for (auto &tensor : tensors_of(arguments, argument_count, "arguments")) {
                    given.positional.emplace_back(std::move(tensor));
                }
                result = run(callee, given, record_gradients != 0);
            }
            if (result.isTensor() && result.toTensor().defined()) {
                *out_tensor = new_tensor(std::move(result).toTensor());
            } else {
                *out_value = new_value(std::move(result));
            }
        },
        out_tensor, out_value);
}

rpt_error *rpt_executor_optimize(int32_t on, int32_t *out_before) {
    return guard(
        [&] {
            *out_before = torch::jit::getGraphExecutorOptimize() ? 1 : 0;
            torch::jit::setGraphExecutorOptimize(on != 0);
        },
        out_before);
}

rpt_error *rpt_method_forget_plans(const rpt_method *method) {
    return guard([&] {
        torch::jit::toGraphFunction(*method_of(method).function).get_executor().debugFlushCompilationCache();
    });
}

void rpt_method_free(rpt_method *method) { delete method; }
