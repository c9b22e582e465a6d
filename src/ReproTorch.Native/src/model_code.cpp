#include "model_code.h"

#include <algorithm>
#include <array>

namespace rpt {

using c10::ClassType;
using c10::IValue;
using c10::TypeKind;
using c10::TypePtr;
using torch::jit::Block;
using torch::jit::Function;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

namespace {

// Puts what torch.jit.fork runs, which is kept beside its node, in the same form as the rest.
void inline_subgraphs(Block &block) {
    for (Node *node : block.nodes()) {
        if (node->hasAttribute(c10::attr::Subgraph)) {
            auto graph = node->g(c10::attr::Subgraph)->copy();
            torch::jit::Inline(*graph);
            inline_subgraphs(*graph->block());
            node->g_(c10::attr::Subgraph, graph);
        }
        for (Block *inner : node->blocks()) {
            inline_subgraphs(*inner);
        }
    }
}

std::shared_ptr<Graph> whole_graph(Function &function) {
    auto graph = inlined_graph(function);
    inline_subgraphs(*graph->block());
    return graph;
}

// Whether values of the type may be, or hold, objects with code of their own.
bool holds_objects(const c10::Type &type) {
    const auto contained = type.containedTypes();
    return type.kind() == TypeKind::InterfaceType || type.kind() == TypeKind::ClassType || type.kind() == TypeKind::AnyType ||
           std::any_of(contained.begin(), contained.end(), [](const TypePtr &inner) { return holds_objects(*inner); });
}

// Classes written in C++, of which those of libtorch itself neither draw nor differ.
bool is_of_libtorch(const ClassType &type) {
    static const std::array<const char *, 5> s_own{"quantized.", "rnn.", "sparse.", "xnnpack.", "mkldnn."};
    static const std::string s_prefix = "__torch__.torch.classes.";
    const auto name = type.name() ? type.name()->qualifiedName() : std::string();
    return std::any_of(s_own.begin(), s_own.end(), [&](const char *own) {
        const auto start = s_prefix + own;
        return name.compare(0, start.size(), start) == 0;
    });
}

bool is_kind(const Node &node, const char *name) { return std::string(node.kind().toQualString()) == name; }

} // namespace

ModelCode::ModelCode(Function &function, const torch::jit::Module &module) : _module(module), _graph(whole_graph(function)) {
    for (const auto &named : module.named_modules()) {
        _names.emplace(named.value._ivalue().get(), named.name);
    }
    for (const Value *input : _graph->inputs().slice(1)) {
        _takes_objects |= holds_objects(*input->type());
    }
    find_assigned();
    const IValue self(module._ivalue());
    _selves.emplace(_graph->inputs()[0], self);
    if (function.name() == "forward") {
        for (const auto &inner : module.modules()) {
            Function *restore = inner.type()->findMethod("__setstate__");
            if (restore != nullptr && restore->isGraphFunction() && inner._ivalue() != module._ivalue()) {
                add(*restore, IValue(inner._ivalue()), _before);
            }
        }
        for (Function *hook : module.type()->getForwardPreHooks()) {
            add(*hook, self, _before);
        }
        for (Function *hook : module.type()->getForwardHooks()) {
            add(*hook, self, _after);
        }
    }
}

// ---- attributes that are no constants ----

void ModelCode::find_assigned() {
    for (const auto &module : _module.modules()) {
        read_type(module.type());
    }
    for (size_t i = 0; i < _types.size(); ++i) { // grows as code is read
        const auto type = _types[i];
        for (const auto &attribute : type->getAttributes()) {
            read_type(attribute.getType());
        }
        for (Function *method : type->methods()) {
            if (method->name() != "__setstate__") { // runs once, as the model is loaded
                read_function(*method);
            }
        }
        for (Function *hook : type->getForwardPreHooks()) {
            read_function(*hook);
        }
        for (Function *hook : type->getForwardHooks()) {
            read_function(*hook);
        }
    }
}

void ModelCode::read_type(const TypePtr &type) {
    if (!_seen_types.insert(type.get()).second) {
        return;
    }
    if (auto known = type->cast<ClassType>()) {
        _types.push_back(known);
        return;
    }
    for (const auto &inner : type->containedTypes()) {
        read_type(inner);
    }
}

void ModelCode::read_function(Function &function) {
    if (!function.isGraphFunction() || !_seen_functions.insert(&function).second) {
        return;
    }
    function.ensure_defined();
    const auto &graph = *torch::jit::toGraphFunction(function).graph();
    read_block(*graph.block(), function.name() == "__init__" && !graph.inputs().empty() ? graph.inputs()[0] : nullptr);
}

// A constructor sets the attributes of a new object, not of one that the model holds.
void ModelCode::read_block(const Block &block, const Value *constructed) {
    for (const Node *node : block.nodes()) {
        if (node->kind() == c10::prim::SetAttr && node->input(0) != constructed && node->input(0)->node()->kind() != c10::prim::CreateObject) {
            if (const auto type = node->input(0)->type()->cast<ClassType>()) {
                _assigned.emplace(type.get(), node->s(c10::attr::name));
            }
        } else if (node->kind() == c10::prim::CallFunction) {
            if (const auto type = node->input(0)->type()->cast<c10::FunctionType>()) {
                read_function(*type->function());
            }
        }
        for (const Value *output : node->outputs()) {
            read_type(output->type());
        }
        for (const Block *inner : node->blocks()) {
            read_block(*inner, constructed);
        }
        if (node->hasAttribute(c10::attr::Subgraph)) {
            read_block(*node->g(c10::attr::Subgraph)->block(), nullptr);
        }
    }
}

// ---- calls ----

const Callees &ModelCode::callees(const Node &node) {
    const auto known = _callees.find(&node);
    return known != _callees.end() ? known->second : _callees.emplace(&node, find(node)).first->second;
}

Callees ModelCode::find(const Node &node) {
    Callees found;
    if (node.kind() == c10::prim::CallMethod) {
        const auto type = node.input(0)->type();
        if (const auto *interface = type->castRaw<c10::InterfaceType>()) {
            find_interface(node, *interface, found);
        } else {
            add_method(type, node.s(c10::attr::name), held(node.input(0)), found);
        }
    } else if (node.kind() == c10::prim::Enter || node.kind() == c10::prim::Exit) {
        add_method(node.input(0)->type(), node.kind() == c10::prim::Enter ? "__enter__" : "__exit__", held(node.input(0)), found);
    } else if (is_kind(node, "aten::sort") || is_kind(node, "aten::sorted")) {
        if (!node.inputs().empty() && node.input(0)->type()->kind() == TypeKind::ListType) {
            find_comparison(node.input(0)->type(), found);
        }
    } else if (node.kind() == c10::prim::CallFunction || is_kind(node, "prim::PythonOp") || is_kind(node, "prim::rpc_async") ||
               is_kind(node, "prim::rpc_sync") || is_kind(node, "prim::rpc_remote")) {
        found.complete = false;
    }
    return found;
}

// The object's own method where the object is known; else those of all objects of the model that it may be.
void ModelCode::find_interface(const Node &node, const c10::InterfaceType &type, Callees &found) {
    const auto &name = node.s(c10::attr::name);
    if (const auto object = held(node.input(0))) {
        add_method(object->toObject()->type(), name, object, found);
        return;
    }
    const Node &maker = *node.input(0)->node();
    const auto container = is_kind(maker, "prim::ModuleContainerIndex") ? held(maker.input(0)) : nullopt;
    const auto root = container ? torch::jit::Module(container->toObject()) : _module;
    for (const auto &module : container ? root.children() : root.modules()) {
        if (module.type()->isSubtypeOf(type)) {
            add_method(module.type(), name, IValue(module._ivalue()), found);
        }
    }
    if (container) {
        return;
    }
    for (const auto &other : _types) {
        if (!other->is_module() && other->isSubtypeOf(type)) {
            add_method(other, name, nullopt, found);
        }
    }
    found.complete = found.complete && !found.all.empty() && !_takes_objects;
}

// What is in lists and tuples is compared part by part.
void ModelCode::find_comparison(const TypePtr &type, Callees &found) {
    if (type->kind() == TypeKind::ClassType) {
        add_method(type, "__lt__", nullopt, found);
        return;
    }
    for (const auto &inner : type->containedTypes()) {
        find_comparison(inner, found);
    }
}

void ModelCode::add_method(const TypePtr &type, const std::string &name, const optional<IValue> &self, Callees &found) {
    const auto known = type->cast<ClassType>();
    Function *method = known ? known->findMethod(name) : nullptr;
    if (method != nullptr && method->isGraphFunction()) {
        add(*method, self, found);
    } else if (!known || !is_of_libtorch(*known)) {
        found.complete = false;
    }
}

void ModelCode::add(Function &function, const optional<IValue> &self, Callees &found) {
    const auto *object = self ? self->toObject().get() : nullptr;
    const auto [place, is_new] = _read.try_emplace({&function, object});
    Callee &callee = place->second;
    if (is_new) {
        callee.graph = whole_graph(function);
        callee.self = self;
        if (self && !callee.graph->inputs().empty()) {
            _selves.emplace(callee.graph->inputs()[0], *self);
        }
        const auto name = object == nullptr ? _names.end() : _names.find(object);
        if (name != _names.end()) {
            callee.scope = name->second;
        }
    }
    if (std::find(found.all.begin(), found.all.end(), &callee) == found.all.end()) {
        found.all.push_back(&callee);
    }
}

// The object behind a chain of attributes that begins at a known self and that nothing sets.
optional<IValue> ModelCode::held(const Value *value) const {
    const auto self = _selves.find(value);
    if (self != _selves.end()) {
        return self->second;
    }
    const Node &node = *value->node();
    if (node.kind() == c10::prim::unchecked_cast) {
        return held(node.input());
    }
    if (node.kind() != c10::prim::GetAttr) {
        return nullopt;
    }
    const auto owner = held(node.input());
    if (!owner) {
        return nullopt;
    }
    const auto object = owner->toObject();
    const auto &name = node.s(c10::attr::name);
    if (!object->type()->findAttributeSlot(name) || assigns(*object->type(), name)) {
        return nullopt;
    }
    const auto attribute = object->getAttr(name);
    return attribute.isObject() ? optional<IValue>(attribute) : nullopt;
}

} // namespace rpt
