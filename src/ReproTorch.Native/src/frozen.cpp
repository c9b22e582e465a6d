#include "frozen.h"

#include "graph.h"
#include "json.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace rpt {
namespace {

using c10::TypeKind;
using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

bool is_tensor(const c10::Type &type) { return type.kind() == TypeKind::TensorType; }

// Whether tensors are somewhere in values of the type.
bool holds_tensors(const c10::Type &type) {
    const auto contained = type.containedTypes();
    return is_tensor(type) ||
           std::any_of(contained.begin(), contained.end(), [](const auto &inner) { return holds_tensors(*inner); });
}

// Follows numbers through a graph from where they leave a tensor (its elements, its size) or come in as arguments, to
// where they decide a branch, the length of a loop, or an operator's argument. A trace holds the recorded run's number
// in each of these places.
class FrozenFinder {
public:
    FrozenFinder(const Graph &graph, const torch::jit::Module &module) : _graph(graph), _known(graph, module) {
        for (const Value *input : graph.inputs().slice(1)) { // the first is self
            if (holds_tensors(*input->type())) {
                _from_input.insert(input);
            } else {
                _origins[input].insert(input->node());
            }
        }
        // Loops carry values back, so what is known only grows until nothing is added.
        do {
            _has_grown = false;
            follow(*graph.block());
        } while (_has_grown);
        collect(*graph.block());
    }

    std::string describe() const {
        JsonWriter json;
        std::set<std::pair<std::string, std::string>> seen;
        json.begin_array();
        list(json, seen, *_graph.block());
        json.end_array();
        return json.str();
    }

private:
    using Origins = std::unordered_set<const Node *>;

    // The blocks of a node, without a branch that the module never takes as it is now.
    std::vector<const Block *> live_blocks(const Node &node) const {
        const auto condition = node.kind() == c10::prim::If ? _known.condition(node.input()) : nullopt;
        if (condition) {
            return {node.blocks()[*condition ? 0 : 1]};
        }
        return {node.blocks().begin(), node.blocks().end()};
    }

    static bool is_one_of(const Node &node, std::initializer_list<const char *> names) {
        const std::string kind = node.kind().toQualString();
        return std::find(names.begin(), names.end(), kind) != names.end();
    }

    // The size of a tensor, or the length of a list of tensors.
    static bool reads_size(const Node &node) {
        return is_one_of(node, {"aten::size", "aten::numel", "aten::len", "aten::stride", "aten::is_same_size",
                                "aten::sym_size", "aten::sym_numel", "prim::shape", "prim::unchecked_shape"});
    }

    // What any run of the model on the same kind of input would say: dtype, device, number of dimensions, ...
    static bool reads_kind(const Node &node) {
        const std::string name = node.kind().toUnqualString();
        if (name.compare(0, 3, "is_") == 0) {
            return name != "is_nonzero";
        }
        return is_one_of(node, {"aten::dim", "prim::dtype", "prim::device", "prim::layout", "prim::type", "aten::__is__",
                                "aten::__isnot__", "aten::get_device", "aten::element_size", "aten::storage_offset",
                                "aten::result_type", "aten::can_cast", "aten::promote_types", "aten::requires_grad",
                                "prim::requires_grad", "aten::has_names", "prim::isinstance"});
    }

    bool is_data(const Value *value) const { return _from_input.count(value) != 0 || _from_module.count(value) != 0; }

    // Whether the node takes a number from a tensor's elements or size, so that a trace holds the number alone.
    bool is_origin(const Node &node) const {
        const bool gives_numbers = std::any_of(node.outputs().begin(), node.outputs().end(),
                                               [](const Value *output) { return !holds_tensors(*output->type()); });
        if (!gives_numbers || reads_kind(node) || !node.blocks().empty() || node.kind() == c10::prim::GetAttr) {
            return false;
        }
        return std::any_of(node.inputs().begin(), node.inputs().end(), [&](const Value *input) {
            if (!holds_tensors(*input->type())) {
                return false;
            }
            // A parameter's size stays what it is, and so does the length of a list that the code itself writes down.
            if (reads_size(node)) {
                return _from_input.count(input) != 0 && input->node()->kind() != c10::prim::ListConstruct;
            }
            return is_data(input);
        });
    }

    void add_to(std::unordered_set<const Value *> &values, const Value *value) {
        _has_grown = values.insert(value).second || _has_grown;
    }

    void add_origins(const Value *value, const Origins &origins) {
        auto &known = _origins[value];
        for (const Node *origin : origins) {
            _has_grown = known.insert(origin).second || _has_grown;
        }
    }

    const Origins &origins_of(const Value *value) const {
        static const Origins s_none;
        const auto found = _origins.find(value);
        return found == _origins.end() ? s_none : found->second;
    }

    // What is known of one value holds for another.
    void pass(const Value *from, const Value *to) {
        if (_from_input.count(from) != 0) {
            add_to(_from_input, to);
        }
        if (_from_module.count(from) != 0) {
            add_to(_from_module, to);
        }
        add_origins(to, Origins(origins_of(from)));
    }

    void follow(const Block &block) {
        for (const Node *node : block.nodes()) {
            if (node->kind() == c10::prim::If) {
                follow_if(*node);
            } else if (node->kind() == c10::prim::Loop) {
                follow_loop(*node);
            } else {
                follow_plain(*node);
            }
        }
    }

    void follow_if(const Node &node) {
        for (const Block *branch : live_blocks(node)) {
            follow(*branch);
            for (size_t i = 0; i < node.outputs().size(); ++i) {
                pass(branch->outputs()[i], node.outputs()[i]);
            }
        }
        for (const Value *output : node.outputs()) {
            if (!holds_tensors(*output->type())) {
                add_origins(output, Origins(origins_of(node.input(0))));
            }
        }
    }

    void follow_loop(const Node &node) {
        const Block &body = *node.blocks()[0];
        for (size_t i = 0; i < node.outputs().size(); ++i) {
            pass(node.inputs()[i + 2], body.inputs()[i + 1]);
            pass(node.inputs()[i + 2], node.outputs()[i]);
        }
        follow(body);
        for (size_t i = 0; i < node.outputs().size(); ++i) {
            pass(body.outputs()[i + 1], body.inputs()[i + 1]);
            pass(body.outputs()[i + 1], node.outputs()[i]);
        }
    }

    void follow_plain(const Node &node) {
        for (const Block *block : node.blocks()) {
            follow(*block);
        }
        if (node.kind() == c10::prim::GetAttr) {
            if (holds_tensors(*node.output()->type())) {
                add_to(_from_module, node.output());
            }
            return;
        }
        const bool is_source = is_origin(node);
        // How many dimensions a tensor has is known however large they are.
        const bool drops_numbers = reads_kind(node) || (node.kind() == c10::aten::len && !is_source);
        for (const Value *output : node.outputs()) {
            const bool is_tensors = holds_tensors(*output->type());
            if (is_tensors && node.isNondeterministic()) {
                add_to(_from_input, output);
            }
            for (const Value *input : node.inputs()) {
                if (is_tensors && holds_tensors(*input->type())) {
                    pass(input, output);
                } else if (!is_tensors && !drops_numbers) {
                    add_origins(output, Origins(origins_of(input)));
                }
            }
            if (is_source && !is_tensors) {
                add_origins(output, {&node});
            }
        }
        // append, insert, extend, __setitem__: what goes into a list or dict is in it from then on.
        if (is_one_of(node, {"aten::append", "aten::extend", "aten::insert", "aten::_set_item"})) {
            for (const Value *input : node.inputs().slice(1)) {
                pass(input, node.input(0));
            }
        }
    }

    // The compiler gives an assignment no place of its own; what is assigned has one.
    static std::string place_of(const Node &node) {
        const auto place = source_of(node);
        return place.empty() && node.kind() == c10::prim::SetAttr ? source_of(*node.input(1)->node()) : place;
    }

    // `self.calls += 1` on a tensor writes into the tensor, which a trace does too, and assigns it to itself.
    static bool assigns_itself(const Node &node) {
        const Node &operation = *node.input(1)->node();
        const std::string kind = operation.kind().toQualString();
        if (kind.back() != '_' || operation.inputs().empty()) {
            return false;
        }
        const Node &read = *operation.input(0)->node();
        return read.kind() == c10::prim::GetAttr && read.input() == node.input(0) &&
               read.s(c10::attr::name) == node.s(c10::attr::name);
    }

    static bool raises(const Block &block) {
        return std::any_of(block.nodes().begin(), block.nodes().end(),
                           [](const Node *node) { return node->kind() == c10::prim::RaiseException; });
    }

    void report_control(const Node &node, std::initializer_list<const Value *> decisive) {
        for (const Value *value : decisive) {
            if (!origins_of(value).empty()) {
                _reported.insert(&node);
                _control_sources.insert(source_of(node));
            }
        }
    }

    void collect(const Block &block) {
        for (const Node *node : block.nodes()) {
            if (node->kind() == c10::prim::If) {
                // An assertion does not change what comes out.
                if (!raises(*node->blocks()[0]) && !raises(*node->blocks()[1])) {
                    report_control(*node, {node->input(0)});
                }
            } else if (node->kind() == c10::prim::Loop) {
                report_control(*node, {node->input(0), node->input(1), node->blocks()[0]->outputs()[0]});
            } else if (node->kind() == c10::prim::SetAttr ? !assigns_itself(*node) : is_origin(*node) && !reads_size(*node)) {
                _reported.insert(node);
            }
            const bool computes = std::any_of(node->outputs().begin(), node->outputs().end(),
                                              [](const Value *output) { return holds_tensors(*output->type()); });
            if (computes && node->blocks().empty()) {
                for (const Value *input : node->inputs()) {
                    for (const Node *origin : origins_of(input)) {
                        if (reads_size(*origin) && !holds_tensors(*input->type())) {
                            _reported.insert(origin);
                        }
                    }
                }
            }
            for (const Block *inner : live_blocks(*node)) {
                collect(*inner);
            }
        }
    }

    void list(JsonWriter &json, std::set<std::pair<std::string, std::string>> &seen, const Block &block) const {
        for (const Node *node : block.nodes()) {
            if (_reported.count(node) != 0) {
                const auto entry = std::make_pair(std::string(node->kind().toQualString()), place_of(*node));
                // A number that a branch on the same line was decided by is told by the branch.
                const bool is_told = node->blocks().empty() && !entry.second.empty() &&
                                     _control_sources.count(entry.second) != 0;
                if (!is_told && seen.insert(entry).second) {
                    json.begin_object();
                    json.key("kind").text(entry.first);
                    json.key("source").text(entry.second);
                    json.end_object();
                }
            }
            for (const Block *inner : live_blocks(*node)) {
                list(json, seen, *inner);
            }
        }
    }

    const Graph &_graph;
    KnownValues _known;
    bool _has_grown = false;
    std::unordered_set<const Value *> _from_input;  // tensors that depend on the inputs, or on random numbers
    std::unordered_set<const Value *> _from_module; // tensors that depend on parameters and buffers
    std::unordered_map<const Value *, Origins> _origins;
    std::unordered_set<const Node *> _reported;
    std::unordered_set<std::string> _control_sources;
};

} // namespace

std::string describe_frozen(const torch::jit::Module &module, torch::jit::Function &method) {
    const auto graph = inlined_graph(method);
    return FrozenFinder(*graph, module).describe();
}

} // namespace rpt
