#include "coerce.h"
#include "graph.h"
#include "module.h"

#include "frozen.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>

namespace rpt {
namespace {

using c10::ClassTypePtr;
using c10::IValue;
using c10::Symbol;
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

// What a method returned, taken apart for the tracer, which knows no None and forgets the names of a NamedTuple, and put
// together again in the recorded graph.
class Output {
public:
    Output(IValue value, bool strict, const std::string &method) : _value(std::move(value)), _strict(strict), _method(method) {
        take_apart(_value);
    }

    // The tensors in it, in order.
    const Stack &tensors() const { return _tensors; }

    // The graph returns the tensors one by one; makes it return the whole.
    void put_together(torch::jit::Graph &graph) const {
        std::vector<torch::jit::Value *> tensors(graph.outputs().begin(), graph.outputs().end());
        auto next = tensors.cbegin();
        auto *whole = build(graph, _value, next);
        while (!graph.outputs().empty()) {
            graph.eraseOutput(graph.outputs().size() - 1);
        }
        graph.registerOutput(whole);
    }

private:
    using Tensors = std::vector<torch::jit::Value *>::const_iterator;

    void take_apart(const IValue &value) {
        if (value.isTensor()) {
            _tensors.push_back(value);
        } else if (value.isTuple()) {
            for (const auto &item : value.toTuple()->elements()) {
                take_apart(item);
            }
        } else if (value.isList() && may_hold_items(value)) {
            for (const auto &item : value.toListRef()) {
                take_apart(item);
            }
        } else if (value.isGenericDict() && may_hold_items(value)) {
            for (const auto &entry : value.toGenericDict()) {
                take_apart(entry.value());
            }
        } else if (!value.isNone()) {
            invalid("'", _method, "' returns ", describe_value(value), " in ", _value.type()->annotation_str(),
                    "; a trace can return tensors, None and tuples of them, and with strict 0 lists and dicts.");
        }
    }

    bool may_hold_items(const IValue &value) const {
        if (_strict) {
            invalid("'", _method, "' returns ", describe_value(value), ". In a trace a list or dict always has the items ",
                    "of the recorded run, so it is taken only with strict 0.");
        }
        return true;
    }

    static torch::jit::Value *build(torch::jit::Graph &graph, const IValue &value, Tensors &next) {
        if (value.isTensor()) {
            return *next++;
        }
        std::vector<torch::jit::Value *> items;
        if (value.isTuple()) {
            for (const auto &item : value.toTuple()->elements()) {
                items.push_back(build(graph, item, next));
            }
            const auto type = value.type()->expect<c10::TupleType>();
            return graph.insertNode(graph.createTuple(items, type->schema() ? type : nullptr))->output();
        }
        if (value.isList()) {
            for (const auto &item : value.toListRef()) {
                items.push_back(build(graph, item, next));
            }
            return graph.insertNode(graph.createList(value.toList().elementType(), items))->output();
        }
        if (value.isGenericDict()) {
            const auto dict = value.toGenericDict();
            std::vector<torch::jit::Value *> keys;
            for (const auto &entry : dict) {
                keys.push_back(graph.insertConstant(entry.key()));
                items.push_back(build(graph, entry.value(), next));
            }
            return graph.insertNode(graph.createDict(dict.keyType(), dict.valueType(), keys, items))->output();
        }
        return graph.insertConstant(IValue());
    }

    IValue _value;
    bool _strict;
    const std::string &_method;
    Stack _tensors;
};

bool forks(const torch::jit::Block &block) {
    for (const auto *node : block.nodes()) {
        if (node->kind() == c10::prim::fork ||
            std::any_of(node->blocks().begin(), node->blocks().end(), [](const auto *inner) { return forks(*inner); })) {
            return true;
        }
    }
    return false;
}

// torch.tensor and torch.as_tensor of numbers make a tensor and write into it where the tracer does not look: it would
// record a tensor of whatever was in the memory. Their results are constants of a trace, as in Python's. Each run gets a
// copy, which it may write to.
Symbol untraced_kind() { return Symbol::fromQualString("reprotorch::untraced"); }
Symbol overload_attribute() { return Symbol::attr("overload"); }

torch::jit::Operation untraced(const torch::jit::Node *node) {
    const auto original = torch::jit::findOperatorFor({node->s(c10::attr::name), node->s(overload_attribute())});
    return [operation = original->getOperation()](Stack &stack) mutable {
        at::Tensor value;
        {
            const at::tracer::impl::NoTracerDispatchMode unseen;
            operation(stack);
            value = stack.back().toTensor();
        }
        if (const auto &state = tracer::getTracingState()) {
            auto *constant = state->graph->insertConstant(value);
            tracer::recordSourceLocation(constant->node());
            state->setValue(value, constant);
            stack.back() = value.clone();
        }
    };
}

void register_untraced() {
    static std::once_flag s_registered;
    std::call_once(s_registered, [] {
        torch::jit::registerOperator(torch::jit::Operator("reprotorch::untraced(...) -> Tensor", untraced,
                                                          c10::AliasAnalysisKind::CONSERVATIVE));
    });
}

void hide_from_tracer(torch::jit::Block &block) {
    for (auto node = block.nodes().begin(); node != block.nodes().end(); ++node) {
        for (auto *inner : node->blocks()) {
            hide_from_tracer(*inner);
        }
        const bool makes_tensor = node->kind() == c10::aten::tensor || node->kind() == c10::aten::as_tensor;
        if (!makes_tensor || node->input(0)->type()->kind() == TypeKind::TensorType) {
            continue;
        }
        auto *hidden = block.owningGraph()->create(untraced_kind(), node->inputs(), 1);
        hidden->s_(c10::attr::name, node->schema().name());
        hidden->s_(overload_attribute(), node->schema().overload_name());
        hidden->copyMetadata(*node);
        hidden->insertBefore(*node);
        node->output()->replaceAllUsesWith(hidden->output());
        node.destroyCurrent();
    }
}

// Runs a method where the tracer sees it: operator by operator, as the code has them. The method's own executor keeps what
// it made of the graph in earlier runs (constants computed ahead, operators merged), and what the method forks would run
// on another thread, unseen; so a copy of the graph is interpreted as it is, its tasks done where they are waited for.
class Runner {
public:
    explicit Runner(torch::jit::Function &method) : _graph(inlined_graph(method)) {
        if (forks(*_graph->block())) {
            torch::jit::InlineForkWait(_graph);
            if (forks(*_graph->block())) {
                invalid("'", method.name(), "' waits for torch.jit.fork in a way that cannot be traced.");
            }
        }
        register_untraced();
        hide_from_tracer(*_graph->block());
        _code = torch::jit::Code(_graph, method.name());
    }

    void run(Stack &stack) { torch::jit::InterpreterState(_code).run(stack); }

private:
    std::shared_ptr<torch::jit::Graph> _graph;
    torch::jit::Code _code;
};

std::shared_ptr<torch::jit::Graph> record(Module &twin, torch::jit::Function &method, const Call &call, bool strict) {
    Stack inputs;
    for (const size_t slot : call.input_slots) {
        inputs.push_back(call.defaults_and_inputs[slot]);
    }
    optional<Output> output;
    const TracingScope scope;
    Runner runner(method);
    const auto run = [&](const Stack &traced) {
        Stack stack = call.defaults_and_inputs;
        for (size_t i = 0; i < traced.size(); ++i) {
            stack[call.input_slots[i]] = traced[i];
        }
        runner.run(stack);
        output.emplace(std::move(stack.back()), strict, method.name());
        return output->tensors();
    };
    const auto no_name = [](const torch::autograd::Variable &) { return std::string(); };
    auto graph =
        tracer::trace(std::move(inputs), run, no_name, strict, /*force_outplace=*/false, &twin, call.input_names)
            .first->graph;
    output->put_together(*graph);
    return graph;
}

} // namespace
} // namespace rpt

rpt_error *rpt_module_trace(const rpt_module *module, const char *method, rpt_value *const *arguments,
                            int64_t argument_count, const char *const *keyword_names, rpt_value *const *keyword_values,
                            int64_t keyword_count, int32_t strict, rpt_module **out_module, char **out_frozen) {
    using namespace rpt;
    return guard<RPT_ERROR_OPERATOR>(
        [&] {
            const auto &original = module_of(module);
            auto &function = find_method(original, require_text(method, "method"));
            if (function.name() == "forward") {
                require_no_forward_hooks(original, "a trace");
            }
            const auto given = arguments_of(arguments, argument_count, keyword_names, keyword_values, keyword_count);
            const auto call = prepare(original, function, given);
            const auto frozen = describe_frozen(original, function); // before the run, which may assign attributes
            auto twin = Twin().of(original);
            const auto graph = record(twin, function, call, strict != 0);
            auto *traced = twin._ivalue()->compilation_unit()->create_function(
                c10::QualifiedName(*twin.type()->name(), function.name()), graph);
            twin.type()->addMethod(traced);
            auto result = std::make_unique<rpt_module>(rpt_module{std::move(twin)});
            *out_frozen = copy_text(frozen);
            *out_module = result.release();
        },
        out_module, out_frozen);
}
