// All code that a run of one method may lead to, also where inlining does not show it.
#pragma once

#include "graph.h"

#include <map>
#include <set>
#include <unordered_map>

namespace rpt {

// A function that a node may run without being inlined there.
struct Callee {
    std::shared_ptr<torch::jit::Graph> graph; // inlined
    optional<c10::IValue> self;               // the object whose method it is, where that is known
    optional<std::string> scope;              // its dotted name, where it is a module of the model
};

struct Callees {
    std::vector<const Callee *> all;
    bool complete = true; // whether nothing else can be run there
};

class ModelCode {
public:
    ModelCode(torch::jit::Function &function, const torch::jit::Module &module);

    const torch::jit::Graph &graph() const { return *_graph; }
    const torch::jit::Module &module() const { return _module; }

    // What the node runs: a method of an interface, __enter__ and __exit__, the __lt__ of what is sorted.
    const Callees &callees(const torch::jit::Node &node);

    // What runs before and after forward: the __setstate__ of submodules, as the model is loaded, and the hooks of the module. Nothing for
    // another method.
    const Callees &before() const { return _before; }
    const Callees &after() const { return _after; }

    // Whether any method of the model sets the attribute, so that a run may find another value than now.
    bool assigns(const c10::ClassType &type, const std::string &name) const { return _assigned.count({&type, name}) != 0; }

private:
    void find_assigned();
    void read_type(const c10::TypePtr &type);
    void read_function(torch::jit::Function &function);
    void read_block(const torch::jit::Block &block, const torch::jit::Value *constructed);

    Callees find(const torch::jit::Node &node);
    void find_interface(const torch::jit::Node &node, const c10::InterfaceType &type, Callees &found);
    void find_comparison(const c10::TypePtr &type, Callees &found);
    void add_method(const c10::TypePtr &type, const std::string &name, const optional<c10::IValue> &self, Callees &found);
    void add(torch::jit::Function &function, const optional<c10::IValue> &self, Callees &found);
    optional<c10::IValue> held(const torch::jit::Value *value) const;

    torch::jit::Module _module;
    std::shared_ptr<torch::jit::Graph> _graph;
    bool _takes_objects = false; // arguments that may bring code along
    Callees _before;
    Callees _after;

    std::set<std::pair<const c10::ClassType *, std::string>> _assigned;
    std::vector<c10::ClassTypePtr> _types; // of modules, and of other objects that the code makes or holds
    std::set<const c10::Type *> _seen_types;
    std::set<const torch::jit::Function *> _seen_functions;

    std::unordered_map<const c10::ivalue::Object *, std::string> _names;
    std::unordered_map<const torch::jit::Value *, c10::IValue> _selves;
    std::map<std::pair<const torch::jit::Function *, const c10::ivalue::Object *>, Callee> _read;
    std::unordered_map<const torch::jit::Node *, Callees> _callees;
};

} // namespace rpt
