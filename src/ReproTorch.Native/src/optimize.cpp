#include "module.h"

#include <algorithm>

namespace rpt {
namespace {

using torch::jit::Module;

// The names to keep, each of which must be something that the module has.
std::vector<std::string> names_to_keep(const Module &module, const char *const *names, int64_t count) {
    require_array(names, count, "preserved");
    std::vector<std::string> kept;
    for (int64_t i = 0; i < count; ++i) {
        auto name = require_text(names[i], "preserved");
        if (!module.hasattr(name)) {
            find_method(module, name);
        }
        kept.push_back(std::move(name));
    }
    return kept;
}

Module freeze(const Module &module, const std::vector<std::string> &kept, bool optimize_numerics) {
    // What is frozen must not change with the model that it came from: freezing by itself would share its tensors.
    auto frozen = torch::jit::freeze_module(clone_module(module), kept);
    for (auto *method : frozen.type()->methods()) {
        auto graph = torch::jit::toGraphFunction(*method).graph();
        torch::jit::OptimizeFrozenGraph(graph, optimize_numerics);
    }
    return frozen;
}

std::vector<std::string> kept_methods(const Module &module, const std::vector<std::string> &kept) {
    std::vector<std::string> methods;
    std::copy_if(kept.begin(), kept.end(), std::back_inserter(methods),
                 [&](const auto &name) { return name != "forward" && module.find_method(name).has_value(); });
    return methods;
}

} // namespace
} // namespace rpt

rpt_error *rpt_module_optimize(const rpt_module *module, int32_t level, const char *const *preserved,
                               int64_t preserved_count, rpt_module **out_module) {
    using namespace rpt;
    return guard<RPT_ERROR_OPERATOR>(
        [&] {
            const auto &original = module_of(module);
            if (level < RPT_OPTIMIZE_FREEZE || level > RPT_OPTIMIZE_INFERENCE) {
                invalid("There is no optimization ", level, ".");
            }
            if (is_training(original)) {
                invalid("The module is in training mode. Freezing keeps what the module is now for ever, so it needs ",
                        "evaluation mode: call eval() first.");
            }
            if (!original.find_method("forward")) {
                find_method(original, "forward");
            }
            require_no_forward_hooks(original, "freezing");
            const auto kept = names_to_keep(original, preserved, preserved_count);
            auto result = freeze(original, kept, level != RPT_OPTIMIZE_FREEZE);
            if (level == RPT_OPTIMIZE_INFERENCE) {
                result = torch::jit::optimize_for_inference(result, kept_methods(result, kept));
            }
            *out_module = new rpt_module{std::move(result)};
        },
        out_module);
}
