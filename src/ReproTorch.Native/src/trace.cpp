#include "coerce.h"
#include "graph.h"
#include "module.h"

#include "frozen.h"

#include <unordered_map>

namespace rpt {
namespace {

using c10::ClassTypePtr;
using c10::IValue;
using c10::TypeKind;
using torch::jit::CompilationUnit;
using torch::jit::Module;
using torch::jit::Stack;
namespace tracer = torch::jit::tracer;

// A module of the same attributes, in a compilation unit of its own and without methods. Tensors are shared; the
// tracer then knows them as this module's parameters when the original computes with them.
class Twin {
public:
    Module of(const Module &original) {
        const auto &object = original._ivalue();
        const auto known = _made.find(object.get());
        if (known != _made.end()) {
            return known->second;
        }
        const auto type = original.type();
        Module twin(_unit->mangle(*type->name()), _unit);
        _made.emplace(object.get(), twin);
        for (size_t slot = 0; slot < type->numAttributes(); ++slot) {
            const auto name = type->getAttributeName(slot);
            const auto declared = type->getAttribute(slot);
            if (declared->is_module()) {
                twin.register_module(name, of(Module(object->getSlot(slot).toObject())));
            } else {
                twin.register_attribute(name, declared, object->getSlot(slot), type->is_parameter(slot),
                                        type->is_buffer(slot));
            }
        }
        for (size_t i = 0; i < type->numConstants(); ++i) {
            twin.type()->addConstant(type->getConstantName(i), type->getConstant(i));
        }
        return twin;
    }

private:
    std::shared_ptr<CompilationUnit> _unit = std::make_shared<CompilationUnit>();
    std::unordered_map<const void *, Module> _made;
};

// What Python's torch.jit.trace takes: tensors, and lists, dicts and tuples of them.
bool can_be_input(const c10::TypePtr &type) {
    switch (type->kind()) {
    case TypeKind::TensorType: return true;
    case TypeKind::ListType: return can_be_input(type->castRaw<c10::ListType>()->getElementType());
    case TypeKind::DictType: return can_be_input(type->castRaw<c10::DictType>()->getValueType());
    case TypeKind::TupleType: {
        const auto &elements = type->castRaw<c10::TupleType>()->elements();
        return std::all_of(elements.begin(), elements.end(), can_be_input);
    }
    default: return false;
    }
}

// Everything of a thread that tracing changes, put back whatever happens.
class TracingScope {
public:
    TracingScope() {
        if (tracer::isTracing()) {
            invalid("This thread is tracing already; a trace cannot be made within another.");
        }
        tracer::setRecordSourceLocation(record_source);
    }
    TracingScope(const TracingScope &) = delete;
    TracingScope &operator=(const TracingScope &) = delete;
    ~TracingScope() { tracer::abandon(); }

private:
    // The line of the model that the interpreter stands at.
    static void record_source(torch::jit::Node *node) {
        const auto stack = torch::jit::currentCallstack();
        if (!stack.empty()) {
            node->setSourceRange(stack.back().range);
        }
    }

    at::NoGradGuard _no_grad;
    // Without optimization the interpreter runs the operators one by one, where the tracer sees them.
    torch::jit::GraphOptimizerEnabledGuard _unoptimized{false};
};

struct Call {
    Stack defaults_and_inputs;       // in the schema's order, self first
    std::vector<size_t> input_slots; // which of them the caller gave
    std::vector<std::string> input_names;
};

bool is_given(const Arguments &arguments, size_t index, const std::string &name) {
    return index < arguments.positional.size() ||
           std::any_of(arguments.keywords.begin(), arguments.keywords.end(),
                       [&](const auto &keyword) { return keyword.first == name; });
}

Call prepare(const Module &module, const torch::jit::Function &method, const Arguments &arguments) {
    Call call;
    call.defaults_and_inputs.emplace_back(module._ivalue());
    std::string why;
    const auto &schema = method.getSchema();
    if (!bind_arguments(schema, 1, arguments, NumbersAsTensors::no, call.defaults_and_inputs, why)) {
        invalid(why);
    }
    for (size_t i = 1; i < schema.arguments().size(); ++i) {
        const auto &name = schema.arguments()[i].name();
        if (!is_given(arguments, i - 1, name)) {
            continue;
        }
        const auto &value = call.defaults_and_inputs[i];
        if (!can_be_input(value.type())) {
            invalid(schema.name(), ": the argument '", name, "' is ", describe_value(value),
                    ", which cannot be an input of a trace: only tensors and lists, dicts and tuples of tensors can. ",
                    "Leave it out to record its default.\nSchema: ", schema);
        }
        call.input_slots.push_back(i);
        call.input_names.push_back(name);
    }
    return call;
}

void require_traceable_output(const IValue &value, bool strict, const char *where) {
    if (value.isTensor() || value.isNone()) {
        return;
    }
    if (value.isTuple()) {
        for (const auto &item : value.toTuple()->elements()) {
            require_traceable_output(item, strict, where);
        }
        return;
    }
    if (!can_be_input(value.type())) {
        invalid("'", where, "' returns ", describe_value(value),
                "; a trace can return tensors and tuples of them, and with strict 0 lists and dicts.");
    }
    if (strict) {
        invalid("'", where, "' returns ", describe_value(value), ". In a trace a list or dict has always the items of ",
                "the recorded run, so it is taken only with strict 0.");
    }
}

std::shared_ptr<torch::jit::Graph> record(Module &twin, torch::jit::Function &method, const Call &call, bool strict) {
    Stack inputs;
    for (const size_t slot : call.input_slots) {
        inputs.push_back(call.defaults_and_inputs[slot]);
    }
    const TracingScope scope;
    const auto run = [&](const Stack &traced) {
        Stack stack = call.defaults_and_inputs;
        for (size_t i = 0; i < traced.size(); ++i) {
            stack[call.input_slots[i]] = traced[i];
        }
        method.run(stack);
        require_traceable_output(stack.back(), strict, method.name().c_str());
        return stack;
    };
    const auto no_name = [](const torch::autograd::Variable &) { return std::string(); };
    return tracer::trace(std::move(inputs), run, no_name, strict, /*force_outplace=*/false, &twin, call.input_names)
        .first->graph;
}

} // namespace
} // namespace rpt

rpt_error *rpt_module_trace(const rpt_module *module, const char *method, rpt_value *const *arguments,
                            int64_t argument_count, const char *const *keyword_names, rpt_value *const *keyword_values,
                            int64_t keyword_count, int32_t strict, rpt_module **out_module, char **out_frozen) {
    using namespace rpt;
    return guard(
        [&] {
            const auto &original = module_of(module);
            auto &function = find_method(original, require_text(method, "method"));
            const auto given = arguments_of(arguments, argument_count, keyword_names, keyword_values, keyword_count);
            const auto call = prepare(original, function, given);
            auto twin = Twin().of(original);
            const auto graph = record(twin, function, call, strict != 0);
            auto *traced = twin._ivalue()->compilation_unit()->create_function(
                c10::QualifiedName(*twin.type()->name(), function.name()), graph);
            twin.type()->addMethod(traced);
            auto result = std::make_unique<rpt_module>(rpt_module{std::move(twin)});
            *out_frozen = copy_text(describe_frozen(function));
            *out_module = result.release();
        },
        out_module, out_frozen);
}
