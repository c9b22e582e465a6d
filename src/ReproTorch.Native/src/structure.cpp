// A method's graph as data: who computes what from whom, and for which submodule.
#include "dtype.h"
#include "graph.h"
#include "json.h"

#include <unordered_map>

namespace rpt {
namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

class Structure {
public:
    Structure(const torch::jit::Graph &graph, const torch::jit::Module &module) : _graph(graph), _known(graph, module) {}

    std::string describe() {
        _json.begin_object();
        write_block(*_graph.block());
        _json.end_object();
        return _json.str();
    }

private:
    int64_t number_of(const Value *value) {
        return _numbers.emplace(value, static_cast<int64_t>(_numbers.size())).first->second;
    }

    void write_numbers(const char *key, at::ArrayRef<const Value *> values) {
        _json.key(key).begin_array();
        for (const Value *value : values) {
            _json.number(number_of(value));
        }
        _json.end_array();
    }

    void write_values(const char *key, at::ArrayRef<const Value *> values) {
        _json.key(key).begin_array();
        for (const Value *value : values) {
            _json.begin_object();
            _json.key("id").number(number_of(value));
            _json.key("name").text(value->hasDebugName() ? value->debugNameBase() : std::string());
            _json.key("type").text(value->type()->annotation_str());
            _json.end_object();
        }
        _json.end_array();
    }

    void write_block(const Block &block) {
        write_values("inputs", block.inputs());
        _json.key("nodes").begin_array();
        for (const Node *node : block.nodes()) {
            write_node(*node);
        }
        _json.end_array();
        write_numbers("outputs", block.outputs());
    }

    void write_node(const Node &node) {
        _json.begin_object();
        _json.key("kind").text(node.kind().toQualString());
        _json.key("source").text(source_of(node));
        _json.key("scope").text(scope_of(node));
        if (node.hasAttribute(c10::attr::name) && node.kindOf(c10::attr::name) == torch::jit::AttributeKind::s) {
            _json.key("name").text(node.s(c10::attr::name));
        }
        if (node.kind() == c10::prim::Constant) {
            _json.key("value").text(constant(*node.output()));
        }
        if (draws(node)) {
            _json.key("random").boolean(true);
        }
        write_numbers("inputs", node.inputs());
        write_values("outputs", node.outputs());
        if (node.kind() == c10::prim::If) {
            const auto taken = _known.condition(node.input());
            if (taken) {
                _json.key("taken").number(*taken ? 0 : 1);
            }
        }
        if (!node.blocks().empty()) {
            _json.key("blocks").begin_array();
            for (const Block *inner : node.blocks()) {
                _json.begin_object();
                write_block(*inner);
                _json.end_object();
            }
            _json.end_array();
        }
        _json.end_object();
    }

    // Whether the node draws random numbers with the module as it is now. libtorch's tag knows neither the dropout of
    // recurrent layers nor that `training` is false.
    bool draws(const Node &node) const {
        const auto *schema = node.maybeSchema();
        bool may_draw = node.isNondeterministic();
        for (size_t i = 0; schema != nullptr && i < schema->arguments().size() && i < node.inputs().size(); ++i) {
            const auto &name = schema->arguments()[i].name();
            if ((name == "train" || name == "training") && _known.condition(node.inputs()[i]) == optional<bool>(false)) {
                return false;
            }
            const auto held = name == "dropout" ? torch::jit::toIValue(node.inputs()[i]) : nullopt;
            may_draw = may_draw || (held && held->isDouble() && held->toDouble() > 0);
        }
        return may_draw;
    }

    static std::string constant(const Value &value) {
        const auto held = torch::jit::toIValue(&value);
        if (!held) {
            return value.type()->annotation_str();
        }
        if (held->isTensor()) {
            const auto &tensor = held->toTensor();
            return tensor.defined() ? c10::str(dtype_name(tensor.scalar_type()), tensor.sizes()) : "None";
        }
        std::ostringstream text;
        text << *held;
        return text.str();
    }

    const torch::jit::Graph &_graph;
    KnownValues _known;
    JsonWriter _json;
    std::unordered_map<const Value *, int64_t> _numbers;
};

// A copy of the graph with the module's own methods in place of their calls, so that what is left are submodules.
std::shared_ptr<torch::jit::Graph> without_own_calls(torch::jit::GraphFunction &function) {
    auto graph = function.graph()->copy();
    const auto find_call = [&]() -> Node * {
        for (Node *node : graph->nodes()) {
            if (node->kind() == c10::prim::CallMethod && node->input(0) == graph->inputs()[0]) {
                return node;
            }
        }
        return nullptr;
    };
    // A method that calls itself does not compile, so this ends.
    for (Node *call = find_call(); call != nullptr; call = find_call()) {
        auto *callee = call->input(0)->type()->expect<c10::ClassType>()->findMethod(call->s(c10::attr::name));
        auto &called = torch::jit::toGraphFunction(*callee);
        torch::jit::inlineCallTo(call, &called, called.graph().get());
    }
    return graph;
}

} // namespace
} // namespace rpt

rpt_error *rpt_method_structure(const rpt_method *method, int32_t inlined, char **out_json) {
    using namespace rpt;
    return guard(
        [&] {
            const auto &handle = require(method, "method");
            const auto graph = inlined != 0 ? inlined_graph(*handle.function)
                                            : without_own_calls(torch::jit::toGraphFunction(*handle.function));
            *out_json = copy_text(Structure(*graph, handle.owner).describe());
        },
        out_json);
}
