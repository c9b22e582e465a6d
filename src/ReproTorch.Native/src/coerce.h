// Arguments as a caller has them, and as a schema declares them.
#pragma once

#include "handles.h"

#include <string>
#include <utility>
#include <vector>

namespace rpt {

struct Arguments {
    std::vector<c10::IValue> positional;
    std::vector<std::pair<std::string, c10::IValue>> keywords;
};

Arguments arguments_of(rpt_value *const *arguments, int64_t argument_count, const char *const *keyword_names,
                       rpt_value *const *keyword_values, int64_t keyword_count);

// Whether a number may stand for a tensor, as in torch.ops.aten.add(2, 3).
enum class NumbersAsTensors { no, yes };

// Puts the arguments on the stack in the schema's order, converted to the declared types as Python's binding does, with
// defaults filled in; the schema's first `skip` arguments are there already. Lists and dicts are copied, so that a callee
// that changes them does not change the caller's. False, with `why` telling the reason, when they do not fit.
bool bind_arguments(const c10::FunctionSchema &schema, size_t skip, const Arguments &arguments, NumbersAsTensors numbers,
          torch::jit::Stack &stack, std::string &why);

// What a value is, for messages: its type, and of a tensor dtype and shape too.
std::string describe_value(const c10::IValue &value);

} // namespace rpt
