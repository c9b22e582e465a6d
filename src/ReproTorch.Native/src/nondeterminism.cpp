// What each operator of a method will be called with, as far as the module alone decides that: constants, attributes, and
// arithmetic on both. Nothing of the model is run.
#include "dtype.h"
#include "graph.h"
#include "json.h"

#include <iomanip>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace rpt {
namespace {

using c10::IValue;
using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

bool is_one_of(const Node &node, const std::unordered_set<std::string> &names) {
    return names.count(node.kind().toQualString()) != 0;
}

// A value that is the same in each run of the module as it is.
struct Known {
    IValue value;
    bool by_mode; // train() and eval() change it
};

class Uses {
public:
    Uses(const torch::jit::Graph &graph, const torch::jit::Module &module) : _conditions(graph, module) {
        _known.emplace(graph.inputs()[0], Known{IValue(module._ivalue()), false});
        find_assigned(*graph.block());
        _json.begin_array();
        visit(*graph.block(), Reach{});
        _json.end_array();
    }

    std::string describe() const { return _json.str(); }

private:
    struct Reach {
        bool is_live = true;       // false where only another mode leads to
        bool hangs_on_mode = false;
    };

    // ---- what is known ----

    const Known *known(const Value *value) const {
        const auto found = _known.find(value);
        return found == _known.end() ? nullptr : &found->second;
    }

    void find_assigned(const Block &block) {
        for (const Node *node : block.nodes()) {
            if (node->kind() == c10::prim::SetAttr) {
                _assigned.insert(node->s(c10::attr::name));
            }
            for (const Block *inner : node->blocks()) {
                find_assigned(*inner);
            }
        }
    }

    void learn(const Node &node) {
        if (node.kind() == c10::prim::Constant) {
            if (auto value = torch::jit::toIValue(node.output())) {
                _known.emplace(node.output(), Known{std::move(*value), false});
            }
        } else if (node.kind() == c10::prim::GetAttr) {
            learn_attribute(node);
        } else if (node.kind() == c10::prim::unchecked_cast) {
            if (const Known *same = known(node.input())) {
                _known.emplace(node.output(), Known(*same));
            }
        } else {
            learn_result(node);
        }
    }

    void learn_attribute(const Node &node) {
        const auto &name = node.s(c10::attr::name);
        const Known *owner = known(node.input());
        if (owner == nullptr || !owner->value.isObject() || _assigned.count(name) != 0) {
            return;
        }
        const auto object = owner->value.toObject();
        if (object->type()->findAttributeSlot(name)) {
            _known.emplace(node.output(), Known{object->getAttr(name), owner->by_mode || name == "training"});
        }
    }

    static bool is_plain(const IValue &value) {
        return value.isInt() || value.isDouble() || value.isBool() || value.isString() || value.isNone();
    }

    // Comparisons and arithmetic of plain values. Not all operators: a model is anyone's, and none of these can take long, take
    // memory, or fault.
    void learn_result(const Node &node) {
        static const std::unordered_set<std::string> s_operators{
            "aten::eq",      "aten::ne",      "aten::lt",     "aten::le",        "aten::gt",  "aten::ge",
            "aten::__not__", "aten::__and__", "aten::__or__", "aten::__is__",    "aten::add", "aten::sub",
            "aten::mul",     "aten::neg",     "aten::Bool",   "aten::__isnot__", "aten::Float"};
        const auto *known_operator = node.maybeOperator();
        if (known_operator == nullptr || node.outputs().size() != 1 || !is_one_of(node, s_operators)) {
            return;
        }
        torch::jit::Stack stack;
        bool by_mode = false;
        for (const Value *input : node.inputs()) {
            const Known *argument = known(input);
            if (argument == nullptr || !is_plain(argument->value)) {
                learn_condition(node);
                return;
            }
            by_mode = by_mode || argument->by_mode;
            stack.push_back(argument->value);
        }
        try {
            known_operator->getOperation(&node)(stack);
        } catch (const std::exception &) {
            return; // a run would fail here, too
        }
        if (stack.size() == 1 && is_plain(stack[0])) {
            _known.emplace(node.output(), Known{std::move(stack[0]), by_mode});
        }
    }

    // `x is None` where x is a tensor.
    void learn_condition(const Node &node) {
        if (node.kind() == c10::aten::__is__ || node.kind() == c10::aten::__isnot__) {
            if (const auto condition = _conditions.condition(node.output())) {
                _known.emplace(node.output(), Known{IValue(*condition), false});
            }
        }
    }

    // ---- the walk ----

    void visit(const Block &block, Reach reach) {
        for (const Node *node : block.nodes()) {
            learn(*node);
            write(*node, reach);
            if (node->kind() == c10::prim::If) {
                visit_if(*node, reach);
                continue;
            }
            for (const Block *inner : node->blocks()) {
                visit(*inner, reach);
            }
            if (node->hasAttribute(c10::attr::Subgraph)) {
                visit_subgraph(*node, reach);
            }
        }
    }

    void visit_if(const Node &node, Reach reach) {
        const Known *condition = known(node.input());
        if (condition == nullptr || !condition->value.isBool()) {
            visit(*node.blocks()[0], reach);
            visit(*node.blocks()[1], reach);
            return;
        }
        const size_t taken = condition->value.toBool() ? 0 : 1;
        const bool by_mode = condition->by_mode;
        const Reach inside{reach.is_live, reach.hangs_on_mode || by_mode};
        visit(*node.blocks()[taken], inside);
        if (by_mode) {
            visit(*node.blocks()[1 - taken], Reach{false, true});
        }
        for (size_t i = 0; i < node.outputs().size(); ++i) {
            if (const Known *result = known(node.blocks()[taken]->outputs()[i])) {
                _known.emplace(node.outputs()[i], Known{result->value, result->by_mode || by_mode});
            }
        }
    }

    // torch.jit.fork keeps what it runs beside the node.
    void visit_subgraph(const Node &node, Reach reach) {
        auto graph = node.g(c10::attr::Subgraph)->copy();
        torch::jit::Inline(*graph);
        for (size_t i = 0; i < node.inputs().size() && i < graph->inputs().size(); ++i) {
            if (const Known *argument = known(node.inputs()[i])) {
                _known.emplace(graph->inputs()[i], Known(*argument));
            }
        }
        find_assigned(*graph->block());
        visit(*graph->block(), reach);
        _subgraphs.push_back(std::move(graph)); // its values are keys
    }

    // ---- what is told ----

    void write(const Node &node, Reach reach) {
        const auto *schema = node.maybeSchema();
        const bool is_constant = node.kind() == c10::prim::Constant;
        if (is_constant ? !is_tensor_constant(node) : schema == nullptr) {
            return;
        }
        _json.begin_object();
        _json.key("kind").text(node.kind().toQualString());
        _json.key("overload").text(schema == nullptr ? std::string() : schema->overload_name());
        _json.key("source").text(source_of(node));
        _json.key("line").text(line_of(node));
        _json.key("scope").text(scope_of(node));
        _json.key("live").boolean(reach.is_live);
        _json.key("hangsOnMode").boolean(reach.hangs_on_mode);
        if (is_constant) {
            write_constant(node);
        } else {
            _json.key("random").boolean(node.isNondeterministic());
            _json.key("overwritten").boolean(is_overwritten(node));
            write_arguments(node, *schema);
        }
        _json.end_object();
    }

    void write_constant(const Node &node) {
        const auto &tensor = node.t(c10::attr::value);
        _json.key("constant").text(c10::str(dtype_name(tensor.scalar_type()), tensor.sizes()));
        _json.key("isNumber").boolean(tensor.dim() == 0);
        _json.key("usedAs").begin_array();
        for (const auto &use : node.output()->uses()) {
            const auto *schema = use.user->maybeSchema();
            if (schema != nullptr && use.offset < schema->arguments().size()) {
                _json.text(schema->arguments()[use.offset].name());
            }
        }
        _json.end_array();
    }

    void write_arguments(const Node &node, const c10::FunctionSchema &schema) {
        _json.key("arguments").begin_array();
        for (size_t i = 0; i < node.inputs().size() && i < schema.arguments().size(); ++i) {
            const Value *input = node.inputs()[i];
            const auto text = text_of(input);
            if (!text) {
                continue;
            }
            const Known *argument = known(input);
            _json.begin_object();
            _json.key("name").text(schema.arguments()[i].name());
            _json.key("value").text(*text);
            _json.key("isLiteral").boolean(input->node()->kind() == c10::prim::Constant);
            _json.key("byMode").boolean(argument != nullptr && argument->by_mode);
            _json.end_object();
        }
        _json.end_array();
    }

    // What an argument is, as Python writes it; of tensors only whether they are a single number, of lists of tensors whether
    // they are masks.
    optional<std::string> text_of(const Value *value) const {
        if (const Known *argument = known(value)) {
            if (argument->value.isTensor()) {
                return argument->value.toTensor().dim() == 0 ? optional<std::string>("number") : nullopt;
            }
            if (!is_plain(argument->value) && !argument->value.isDevice()) {
                return nullopt;
            }
            std::ostringstream text;
            text << std::boolalpha << std::setprecision(std::numeric_limits<double>::max_digits10);
            if (argument->value.isBool()) {
                return std::string(argument->value.toBool() ? "True" : "False");
            }
            if (argument->value.isString()) {
                return argument->value.toStringRef();
            }
            if (argument->value.isDouble()) {
                text << argument->value.toDouble();
            } else {
                text << argument->value;
            }
            return text.str();
        }
        const Node &maker = *value->node();
        if (is_one_of(maker, {"aten::tensor", "prim::NumToTensor", "aten::scalar_tensor"})) {
            const auto kind = maker.inputs()[0]->type()->kind();
            const bool is_number = kind == c10::TypeKind::IntType || kind == c10::TypeKind::FloatType || kind == c10::TypeKind::BoolType;
            return is_number ? optional<std::string>("number") : nullopt;
        }
        return maker.kind() == c10::prim::ListConstruct && are_masks(maker) ? optional<std::string>("masks") : nullopt;
    }

    // An index of booleans names no element twice.
    static bool are_masks(const Node &list) {
        static const std::unordered_set<std::string> s_tests{
            "aten::eq",    "aten::ne",    "aten::lt",       "aten::le",          "aten::gt",          "aten::ge",
            "aten::isnan", "aten::isinf", "aten::isfinite", "aten::logical_not", "aten::logical_and", "aten::logical_or",
            "aten::isin",  "aten::isclose"};
        return !list.inputs().empty() && std::all_of(list.inputs().begin(), list.inputs().end(), [](const Value *item) {
            return item->mustBeNone() || is_one_of(*item->node(), s_tests);
        });
    }

    // Whether nobody sees what the result held at first: it has no elements, is looked at for its size and type alone, or is
    // written over, whole, before anything else.
    bool is_overwritten(const Node &node) const {
        if (node.outputs().size() != 1 || is_empty(node)) {
            return true;
        }
        static const std::unordered_set<std::string> s_writes{
            "aten::fill_",       "aten::zero_",   "aten::copy_",      "aten::normal_",   "aten::uniform_",   "aten::random_",
            "aten::exponential_", "aten::cauchy_", "aten::geometric_", "aten::log_normal_", "aten::bernoulli_"};
        static const std::unordered_set<std::string> s_looks{
            "aten::size",       "aten::dim",        "aten::numel",     "aten::len",          "aten::stride",     "prim::dtype",
            "prim::device",     "prim::layout",     "aten::to",        "aten::zeros_like",   "aten::ones_like",  "aten::full_like",
            "aten::rand_like",  "aten::randn_like", "aten::empty_like", "aten::randint_like", "aten::type_as",   "aten::view_as",
            "aten::expand_as",  "aten::new_zeros",  "aten::new_ones",  "aten::new_full",     "aten::new_empty",  "aten::is_floating_point",
            "aten::reshape_as", "aten::resize_as_"};
        const torch::jit::Use *first = nullptr;
        for (const auto &use : node.output()->uses()) {
            const bool looks = is_one_of(*use.user, s_looks) && (use.offset > 0 || !is_one_of(*use.user, {"aten::to", "aten::type_as",
                                                                  "aten::view_as", "aten::expand_as", "aten::reshape_as", "aten::resize_as_"}));
            if (!looks && (first == nullptr || use.user->isBefore(first->user))) {
                first = &use;
            }
        }
        if (first == nullptr) {
            return true;
        }
        const auto *schema = first->user->maybeSchema();
        const bool writes = (first->offset == 0 && is_one_of(*first->user, s_writes)) ||
                            (schema != nullptr && first->offset < schema->arguments().size() &&
                             schema->arguments()[first->offset].name() == "out");
        return writes && first->user->owningBlock() == node.owningBlock();
    }

    // A list of sizes with a 0 in it.
    bool is_empty(const Node &node) const {
        if (node.inputs().empty() || node.inputs()[0]->node()->kind() != c10::prim::ListConstruct) {
            return false;
        }
        const auto sizes = node.inputs()[0]->node()->inputs();
        return std::any_of(sizes.begin(), sizes.end(), [&](const Value *size) {
            const Known *number = known(size);
            return number != nullptr && number->value.isInt() && number->value.toInt() == 0;
        });
    }

    KnownValues _conditions;
    std::unordered_map<const Value *, Known> _known;
    std::unordered_set<std::string> _assigned; // attributes that the method itself sets
    std::vector<std::shared_ptr<torch::jit::Graph>> _subgraphs;
    JsonWriter _json;
};

} // namespace
} // namespace rpt

rpt_error *rpt_method_uses(const rpt_method *method, char **out_json) {
    using namespace rpt;
    return guard(
        [&] {
            const auto &handle = require(method, "method");
            *out_json = copy_text(Uses(*inlined_graph(*handle.function), handle.owner).describe());
        },
        out_json);
}
