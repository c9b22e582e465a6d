#include "coerce.h"

#include <algorithm>
#include <array>

namespace rpt {
namespace {

using torch::jit::Operator;

struct OperatorName {
    std::string base;     // "aten::randn"
    std::string overload; // "generator"
    bool has_overload;
};

OperatorName parse_name(const std::string &name) {
    const auto colons = name.find("::");
    if (colons == std::string::npos || colons == 0 || colons + 2 == name.size()) {
        invalid("'", name, "' is no operator's name; it has a namespace, such as 'aten::add' or 'aten::add.Tensor'.");
    }
    const auto dot = name.find('.', colons + 2);
    if (dot == std::string::npos) {
        return {name, "", false};
    }
    // Python calls the overload without a name `default`.
    const auto overload = name.substr(dot + 1);
    return {name.substr(0, dot), overload == "default" ? "" : overload, true};
}

// The operators for which Python takes a number in a tensor's place (torch::should_allow_numbers_as_tensors).
NumbersAsTensors numbers_as_tensors(const std::string &base) {
    static constexpr std::array<const char *, 8> s_names = {"add",      "sub",      "mul",      "div",
                                                            "subtract", "multiply", "divide",   "true_divide"};
    std::string name = base.substr(base.find("::") + 2);
    if (!name.empty() && name.back() == '_') {
        name.pop_back();
    }
    const bool allowed = base.compare(0, 6, "aten::") == 0 &&
                         std::find(s_names.begin(), s_names.end(), name) != s_names.end();
    return allowed ? NumbersAsTensors::yes : NumbersAsTensors::no;
}

std::vector<std::shared_ptr<Operator>> find_overloads(const OperatorName &name) {
    auto overloads = torch::jit::getAllOperatorsFor(c10::Symbol::fromQualString(name.base));
    if (overloads.empty()) {
        invalid("There is no operator '", name.base, "' in libtorch ", rpt_torch_version_loaded(), ".");
    }
    if (name.has_overload) {
        std::string known;
        for (const auto &candidate : overloads) {
            const auto &overload = candidate->schema().overload_name();
            if (overload == name.overload) {
                return {candidate};
            }
            known += (known.empty() ? "" : ", ") + (overload.empty() ? std::string("default") : overload);
        }
        invalid("The operator '", name.base, "' has no overload '", name.overload, "'; it has: ", known, ".");
    }
    return overloads;
}

c10::IValue result_of(torch::jit::Stack &&stack) {
    switch (stack.size()) {
    case 0: return {};
    case 1: return std::move(stack.front());
    default: return c10::ivalue::Tuple::create(std::move(stack));
    }
}

c10::IValue call(const OperatorName &name, const Arguments &arguments, bool record_gradients) {
    const c10::AutoGradMode gradients(record_gradients);
    std::string reasons;
    for (const auto &candidate : find_overloads(name)) {
        torch::jit::Stack stack;
        std::string why;
        if (!bind_arguments(candidate->schema(), 0, arguments, numbers_as_tensors(name.base), stack, why)) {
            reasons += (reasons.empty() ? "" : "\n") + why;
            continue;
        }
        candidate->getOperation()(stack);
        return result_of(std::move(stack));
    }
    invalid("No overload of '", name.base, "' takes these arguments.\n", reasons);
}

} // namespace
} // namespace rpt

rpt_error *rpt_operator_call(const char *name, rpt_value *const *arguments, int64_t argument_count,
                             const char *const *keyword_names, rpt_value *const *keyword_values, int64_t keyword_count,
                             int32_t record_gradients, rpt_value **out_value) {
    using namespace rpt;
    return guard(
        [&] {
            const auto parsed = parse_name(require_text(name, "name"));
            const auto given =
                arguments_of(arguments, argument_count, keyword_names, keyword_values, keyword_count);
            *out_value = new_value(call(parsed, given, record_gradients != 0));
        },
        out_value);
}
