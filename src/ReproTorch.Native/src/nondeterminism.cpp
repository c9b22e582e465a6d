// What each operator of a method will be called with, as far as the module alone decides that: constants, attributes, and
// arithmetic on both. Nothing of the model is run.
#include "dtype.h"
#include "json.h"
#include "model_code.h"

#include <algorithm>
#include <functional>
#include <iomanip>
#include <iterator>
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

// Whether a list is still what it was built as: nothing can have changed it, or have handed it on to what does.
bool is_untouched(const Value *list) {
    return list->node()->kind() == c10::prim::ListConstruct &&
           std::all_of(list->uses().begin(), list->uses().end(), [](const torch::jit::Use &use) {
               const auto *schema = use.user->maybeSchema();
               return is_one_of(*use.user, {"aten::__contains__", "aten::__getitem__", "aten::len"}) ||
                      (schema != nullptr && use.offset < schema->arguments().size() &&
                       schema->arguments()[use.offset].alias_info() == nullptr);
           });
}

// libtorch takes for granted that the mode of a dropout is a bool, and throws where it is None.
bool is_tagged_random(const Node &node) {
    try {
        return node.isNondeterministic();
    } catch (const c10::Error &) {
        return true;
    }
}

bool is_plain(const IValue &value) {
    return value.isInt() || value.isDouble() || value.isBool() || value.isString() || value.isNone();
}

bool is_same(const IValue *left, const IValue *right) {
    return left != nullptr && right != nullptr && is_plain(*left) && is_plain(*right) && left->tagKind() == right->tagKind() && *left == *right;
}

// The values that are the same in each run of the module, and the nodes that a run can reach: as the module is, or as it is
// after train() or eval().
class Knowledge {
public:
    Knowledge(ModelCode &code, optional<bool> training) : _code(code), _conditions(code.graph(), code.module()), _training(training) {
        visit(code.before());
        _known.emplace(code.graph().inputs()[0], IValue(code.module()._ivalue()));
        visit(*code.graph().block());
        visit(code.after());
    }

    const IValue *known(const Value *value) const {
        const auto found = _known.find(value);
        return found == _known.end() ? nullptr : &found->second;
    }

    bool reaches(const Node *node) const { return _reached.count(node) != 0; }

private:
    // Nothing is known of what is handed to them, so that it does not matter from where they are called.
    void visit(const Callees &callees) {
        for (const Callee *callee : callees.all) {
            if (_visited.insert(callee).second) {
                if (callee->self && !callee->graph->inputs().empty()) {
                    _known.emplace(callee->graph->inputs()[0], *callee->self);
                }
                visit(*callee->graph->block());
            }
        }
    }

    void visit(const Block &block) {
        for (const Node *node : block.nodes()) {
            _reached.insert(node);
            learn(*node);
            visit(_code.callees(*node));
            if (node->kind() == c10::prim::If) {
                visit_if(*node);
                continue;
            }
            for (const Block *inner : node->blocks()) {
                visit(*inner);
            }
            if (node->hasAttribute(c10::attr::Subgraph)) {
                const auto &graph = *node->g(c10::attr::Subgraph);
                for (size_t i = 0; i < node->inputs().size() && i < graph.inputs().size(); ++i) {
                    pass(node->inputs()[i], graph.inputs()[i]);
                }
                visit(*graph.block());
            }
        }
    }

    void visit_if(const Node &node) {
        const IValue *condition = known(node.input());
        if (condition == nullptr || !condition->isBool()) {
            visit(*node.blocks()[0]);
            visit(*node.blocks()[1]);
            for (size_t i = 0; i < node.outputs().size(); ++i) {
                meet(node.blocks()[0]->outputs()[i], node.blocks()[1]->outputs()[i], node.outputs()[i]);
            }
            return;
        }
        const Block &taken = *node.blocks()[condition->toBool() ? 0 : 1];
        visit(taken);
        for (size_t i = 0; i < node.outputs().size(); ++i) {
            pass(taken.outputs()[i], node.outputs()[i]);
        }
    }

    // Whichever branch a run takes, the value is the same: `a and b`, of which only b is known, and false. A branch that raises, or has
    // returned, hands on a value that nobody looks at.
    void meet(const Value *one, const Value *other, const Value *to) {
        if (other->node()->kind() == c10::prim::Uninitialized || is_same(known(one), known(other))) {
            pass(one, to);
        } else if (one->node()->kind() == c10::prim::Uninitialized) {
            pass(other, to);
        }
    }

    void pass(const Value *from, const Value *to) {
        if (const IValue *value = known(from)) {
            _known.emplace(to, IValue(*value));
        }
    }

    void learn(const Node &node) {
        if (node.kind() == c10::prim::Constant) {
            if (auto value = torch::jit::toIValue(node.output())) {
                _known.emplace(node.output(), std::move(*value));
            }
        } else if (node.kind() == c10::prim::GetAttr) {
            learn_attribute(node);
        } else if (node.kind() == c10::prim::unchecked_cast) {
            pass(node.input(), node.output());
        } else if (is_one_of(node, {"aten::__contains__"})) {
            learn_membership(node);
        } else {
            learn_result(node);
        }
    }

    void learn_attribute(const Node &node) {
        const auto &name = node.s(c10::attr::name);
        const IValue *owner = known(node.input());
        if (owner == nullptr || !owner->isObject()) {
            return;
        }
        const auto object = owner->toObject();
        if (object->type()->findAttributeSlot(name) && !_code.assigns(*object->type(), name)) {
            _known.emplace(node.output(), _training && name == "training" ? IValue(*_training) : object->getAttr(name));
        }
    }

    // `mode in ("nearest", "area")`, of a list that nothing else can get at.
    void learn_membership(const Node &node) {
        const Value *list = node.inputs()[0];
        const IValue *wanted = known(node.inputs()[1]);
        if (!is_untouched(list) || wanted == nullptr || !wanted->isString()) {
            return;
        }
        bool all_known = true;
        for (const Value *item : list->node()->inputs()) {
            if (is_same(known(item), wanted)) {
                _known.emplace(node.output(), IValue(true));
                return;
            }
            all_known &= known(item) != nullptr;
        }
        if (all_known) {
            _known.emplace(node.output(), IValue(false));
        }
    }

    // Comparisons and arithmetic of plain values. Not all operators: a model is anyone's, and none of these can take long, take
    // memory, or fault.
    void learn_result(const Node &node) {
        static const std::unordered_set<std::string> s_operators{
            "aten::eq",      "aten::ne",      "aten::lt",     "aten::le",        "aten::gt",  "aten::ge",
            "aten::__not__", "aten::__and__", "aten::__or__", "aten::__is__",    "aten::add", "aten::sub",
            "aten::mul",     "aten::neg",     "aten::Bool",   "aten::__isnot__", "aten::Float"};
        const auto *found = node.maybeOperator();
        if (found == nullptr || node.outputs().size() != 1 || !is_one_of(node, s_operators)) {
            return;
        }
        torch::jit::Stack stack;
        for (const Value *input : node.inputs()) {
            const IValue *argument = known(input);
            if (argument == nullptr || !is_plain(*argument)) {
                learn_is_none(node);
                return;
            }
            stack.push_back(*argument);
        }
        try {
            found->getOperation(&node)(stack);
        } catch (const std::exception &) {
            return; // a run would fail here, too
        }
        if (stack.size() == 1 && is_plain(stack[0])) {
            _known.emplace(node.output(), std::move(stack[0]));
        }
    }

    // `x is None` where x is a tensor.
    void learn_is_none(const Node &node) {
        if (node.kind() == c10::aten::__is__ || node.kind() == c10::aten::__isnot__) {
            if (const auto condition = _conditions.condition(node.output())) {
                _known.emplace(node.output(), IValue(*condition));
            }
        }
    }

    ModelCode &_code;
    KnownValues _conditions;
    optional<bool> _training;
    std::unordered_map<const Value *, IValue> _known;
    std::unordered_set<const Node *> _reached;
    std::unordered_set<const Callee *> _visited;
};

class Uses {
public:
    explicit Uses(ModelCode &code) : _code(code), _now(code, nullopt), _training(code, true), _evaluating(code, false) {
        _json.begin_array();
        list(code.before(), std::string(), false);
        list(*code.graph().block(), false);
        list(code.after(), std::string(), false);
        _json.end_array();
    }

    std::string describe() const { return _json.str(); }

private:
    void list(const Block &block, bool hangs_on_mode) {
        for (const Node *node : block.nodes()) {
            if (!_now.reaches(node) && !_training.reaches(node) && !_evaluating.reaches(node)) {
                continue;
            }
            write(*node, hangs_on_mode);
            list(_code.callees(*node), in_scope(*node), hangs_on_mode);
            const bool mode_decides = node->kind() == c10::prim::If && !is_same(_training.known(node->input()), _evaluating.known(node->input())) &&
                                      (_training.known(node->input()) != nullptr || _evaluating.known(node->input()) != nullptr);
            for (const Block *inner : node->blocks()) {
                list(*inner, hangs_on_mode || mode_decides);
            }
            if (node->hasAttribute(c10::attr::Subgraph)) {
                list(*node->g(c10::attr::Subgraph)->block(), hangs_on_mode);
            }
        }
    }

    // What can be called from several places is told of once.
    void list(const Callees &callees, const std::string &caller, bool hangs_on_mode) {
        const std::string scope = _scope;
        for (const Callee *callee : callees.all) {
            if (_listed.insert(callee).second) {
                _scope = callee->scope ? *callee->scope : caller;
                list(*callee->graph->block(), hangs_on_mode);
            }
        }
        _scope = scope;
    }

    std::string in_scope(const Node &node) const {
        const auto inner = scope_of(node);
        return _scope.empty() || inner.empty() ? _scope + inner : _scope + "." + inner;
    }

    // ---- what is told ----

    void write(const Node &node, bool hangs_on_mode) {
        const auto *schema = node.maybeSchema();
        const bool is_constant = node.kind() == c10::prim::Constant;
        const bool is_unread = !_code.callees(node).complete;
        if (is_constant ? !is_tensor_constant(node) : schema == nullptr && !is_unread) {
            return;
        }
        _json.begin_object();
        _json.key("kind").text(node.kind().toQualString());
        _json.key("overload").text(schema == nullptr ? std::string() : schema->overload_name());
        _json.key("source").text(source_of(node));
        _json.key("line").text(line_of(node));
        _json.key("scope").text(in_scope(node));
        _json.key("live").boolean(_now.reaches(&node));
        _json.key("hangsOnMode").boolean(hangs_on_mode);
        if (is_constant) {
            write_constant(node);
        } else if (is_unread) {
            _json.key("unread").boolean(true);
        } else {
            _json.key("random").boolean(is_tagged_random(node));
            _json.key("overwritten").boolean(is_overwritten(node));
            write_arguments(node, *schema);
        }
        _json.end_object();
    }

    void write_constant(const Node &node) {
        const auto &tensor = node.t(c10::attr::value);
        _json.key("constant").text(c10::str(dtype_name(tensor.scalar_type()), tensor.sizes()));
        _json.key("isNumber").boolean(tensor.dim() == 0);
    }

    void write_arguments(const Node &node, const c10::FunctionSchema &schema) {
        _json.key("arguments").begin_array();
        for (size_t i = 0; i < node.inputs().size() && i < schema.arguments().size(); ++i) {
            const Value *input = node.inputs()[i];
            const auto text = text_of(input, _now);
            if (!text) {
                continue;
            }
            _json.begin_object();
            _json.key("name").text(schema.arguments()[i].name());
            _json.key("value").text(*text);
            _json.key("isLiteral").boolean(input->node()->kind() == c10::prim::Constant);
            write_other_modes(input, *text);
            _json.end_object();
        }
        _json.end_array();
    }

    void write_other_modes(const Value *input, const std::string &now) {
        _json.key("otherwise").begin_array();
        for (const Knowledge *mode : {&_training, &_evaluating}) {
            const auto text = text_of(input, *mode);
            if (text != now) {
                _json.text(text ? *text : std::string());
            }
        }
        _json.end_array();
    }

    // What an argument is, as Python writes it; of tensors only whether they are a single number, of lists of tensors whether
    // they are masks.
    static optional<std::string> text_of(const Value *value, const Knowledge &mode) {
        if (const IValue *known = mode.known(value)) {
            return text_of(*known);
        }
        const Node &maker = *value->node();
        if (is_one_of(maker, {"aten::tensor", "prim::NumToTensor", "aten::scalar_tensor"})) {
            const auto kind = maker.inputs()[0]->type()->kind();
            const bool is_number = kind == c10::TypeKind::IntType || kind == c10::TypeKind::FloatType || kind == c10::TypeKind::BoolType;
            return is_number ? optional<std::string>("number") : nullopt;
        }
        return is_untouched(value) && are_masks(maker) ? optional<std::string>("masks") : nullopt;
    }

    static optional<std::string> text_of(const IValue &value) {
        if (value.isTensor()) {
            return value.toTensor().dim() == 0 ? optional<std::string>("number") : nullopt;
        }
        if (value.isBool()) {
            return std::string(value.toBool() ? "True" : "False");
        }
        if (value.isString()) {
            return value.toStringRef();
        }
        std::ostringstream text;
        text << std::setprecision(std::numeric_limits<double>::max_digits10);
        if (value.isDouble()) {
            text << value.toDouble();
        } else if (is_plain(value) || value.isDevice()) {
            text << value;
        } else {
            return nullopt;
        }
        return text.str();
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
        const auto is_look = [](const torch::jit::Use &use) {
            return is_one_of(*use.user, s_looks) && (use.offset > 0 || !is_one_of(*use.user, {"aten::to", "aten::type_as", "aten::view_as",
                                                                                 "aten::expand_as", "aten::reshape_as", "aten::resize_as_"}));
        };
        std::vector<torch::jit::Use> uses = node.output()->uses();
        if (is_in_place(node)) {
            const Value *self = node.input(0);
            if (!is_only_name(self, node, is_look)) {
                return false;
            }
            std::copy_if(self->uses().begin(), self->uses().end(), std::back_inserter(uses),
                         [&](const torch::jit::Use &use) { return use.user->isAfter(&node); });
        }
        const torch::jit::Use *first = nullptr;
        for (const auto &use : uses) {
            if (!is_look(use) && (first == nullptr || use.user->isBefore(first->user))) {
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
        const auto reads_itself = std::count_if(uses.begin(), uses.end(), [&](const torch::jit::Use &use) { return use.user == first->user; }) > 1;
        return writes && !reads_itself && first->user->owningBlock() == node.owningBlock();
    }

    static bool is_in_place(const Node &node) {
        const std::string name = node.kind().toUnqualString();
        return name.size() > 1 && name.back() == '_' && name[name.size() - 2] != '_' && !node.inputs().empty();
    }

    // Whether nothing else can lead to the tensor that the node changes: it was made here, and was only looked at since.
    static bool is_only_name(const Value *tensor, const Node &node, const std::function<bool(const torch::jit::Use &)> &is_look) {
        const auto *maker = tensor->node()->maybeSchema();
        return maker != nullptr && tensor->offset() < maker->returns().size() && maker->returns()[tensor->offset()].alias_info() == nullptr &&
               tensor->node()->owningBlock() == node.owningBlock() &&
               std::all_of(tensor->uses().begin(), tensor->uses().end(), [&](const torch::jit::Use &use) {
                   return use.user == &node || is_look(use) || use.user->isAfter(&node);
               });
    }

    // A list of sizes with a 0 in it.
    bool is_empty(const Node &node) const {
        if (node.inputs().empty() || !is_untouched(node.inputs()[0])) {
            return false;
        }
        const auto sizes = node.inputs()[0]->node()->inputs();
        return std::any_of(sizes.begin(), sizes.end(), [&](const Value *size) {
            const IValue *number = _now.known(size);
            return number != nullptr && number->isInt() && number->toInt() == 0;
        });
    }

    ModelCode &_code;
    std::unordered_set<const Callee *> _listed;
    std::string _scope; // of the module whose method is read
    Knowledge _now;
    Knowledge _training;
    Knowledge _evaluating;
    JsonWriter _json;
};

} // namespace
} // namespace rpt

rpt_error *rpt_method_uses(const rpt_method *method, char **out_json) {
    using namespace rpt;
    return guard(
        [&] {
            const auto &handle = require(method, "method");
            ModelCode code(*handle.function, handle.owner);
            *out_json = copy_text(Uses(code).describe());
        },
        out_json);
}
