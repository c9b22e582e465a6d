#include "dtype.h"
#include "handles.h"

#include <array>
#include <cmath>
#include <unordered_set>

namespace rpt {
namespace {

using c10::Symbol;
using torch::jit::GraphFunction;
using torch::jit::Module;
using torch::jit::SourceRange;
using torch::jit::SugaredValuePtr;

// Refuses what the compiler does not survive. It calls itself for what is nested, and ends the process when the stack is
// full: a .NET thread's holds about a thousand levels. And it reads what is not there in a subscript without an index.
void require_compilable(const std::string &source) {
    using namespace torch::jit;
    constexpr int64_t deepest = 400;
    int64_t blocks = 0;                   // indentation
    int64_t branches = 0;                 // a chain of elif
    int64_t depth = 0;                    // open brackets, and the operators within each
    std::vector<int64_t> operators = {0}; // of each open bracket's current item
    int previous = TK_EOF;
    bool opens_subscript = false;
    Lexer lexer(std::make_shared<Source>(source));
    for (auto token = lexer.next(); token.kind != TK_EOF; token = lexer.next()) {
        const auto line = [&] { return token.range.source()->lineno_for_offset(token.range.start()) + 1; };
        switch (token.kind) {
        case TK_INDENT:
        case TK_DEDENT:
        case TK_NEWLINE:
            blocks += token.kind == TK_INDENT ? 1 : token.kind == TK_DEDENT ? -1 : 0;
            operators = {0};
            depth = 0;
            break;
        case TK_DEF: branches = 0; break;
        case TK_ELIF: ++branches; break;
        case '(':
        case '[':
        case '{':
            opens_subscript = token.kind == '[' && (previous == TK_IDENT || previous == ')' || previous == ']');
            operators.push_back(0);
            ++depth;
            break;
        case ')':
        case ']':
        case '}':
            if (token.kind == ']' && previous == '[' && opens_subscript) {
                fail(RPT_ERROR_SCRIPT_SOURCE, "Line ", line(), " of the TorchScript source has a subscript without an index.");
            }
            if (operators.size() > 1) { // what was in the brackets is one operator of what is around them
                depth -= operators.back();
                operators.pop_back();
                ++operators.back();
            }
            break;
        case ',':
            depth -= operators.back();
            operators.back() = 0;
            break;
        case TK_IDENT:
        case TK_NUMBER:
        case TK_STRINGLITERAL: break;
        default:
            ++operators.back();
            ++depth;
            break;
        }
        if (blocks + branches + depth > deepest) {
            fail(RPT_ERROR_SCRIPT_SOURCE, "Line ", line(), " of the TorchScript source is nested deeper than ", deepest,
                 " levels, which could exhaust the compiler's stack. Split the expression or the branches.");
        }
        previous = token.kind;
    }
}

// A name with names below it.
class Namespace final : public torch::jit::SugaredValue {
public:
    using Lookup = SugaredValuePtr (*)(GraphFunction &, const SourceRange &, const std::string &);

    explicit Namespace(Lookup lookup) : _lookup(lookup) {}

    std::string kind() const override { return "module"; }

    SugaredValuePtr attr(const SourceRange &place, GraphFunction &function, const std::string &name) override {
        return _lookup(function, place, name);
    }

private:
    Lookup _lookup;
};

SugaredValuePtr constant(GraphFunction &function, const SourceRange &place, const c10::IValue &value) {
    return std::make_shared<torch::jit::SimpleValue>(torch::jit::insertConstant(*function.graph(), value, place));
}

SugaredValuePtr below_aten(GraphFunction &function, const SourceRange &place, const std::string &name) {
    return torch::jit::BuiltinModule("aten").attr(place, function, name);
}

// torch.float32 and its like are numbers in TorchScript; the rest of torch are operators.
SugaredValuePtr below_torch(GraphFunction &function, const SourceRange &place, const std::string &name) {
    if (const auto dtype = dtype_from_name(name)) {
        return constant(function, place, static_cast<int64_t>(*dtype));
    }
    return below_aten(function, place, name);
}

// ops.<namespace>.<operator>, as archives write it.
SugaredValuePtr below_ops(GraphFunction &, const SourceRange &, const std::string &name) {
    return std::make_shared<torch::jit::BuiltinModule>(name);
}

// What libtorch's own resolver knows is `torch` alone. These are the other names of Python that TorchScript can express.
class Names final : public torch::jit::Resolver {
public:
    SugaredValuePtr resolveValue(const std::string &name, GraphFunction &function, const SourceRange &place) override {
        if (name == "torch") {
            return std::make_shared<Namespace>(below_torch);
        }
        if (name == "ops") {
            return std::make_shared<Namespace>(below_ops);
        }
        if (name == "math" || name == "warnings") { // math.sqrt is aten::sqrt, warnings.warn is aten::warn
            return std::make_shared<Namespace>(below_aten);
        }
        if (name == "inf" || name == "nan") {
            return constant(function, place, name == "inf" ? HUGE_VAL : std::nan(""));
        }
        static constexpr std::array<const char *, 8> s_exceptions = {
            "Exception",  "RuntimeError", "ValueError",     "TypeError",
            "IndexError", "KeyError",     "AssertionError", "NotImplementedError"};
        for (const char *exception : s_exceptions) {
            if (name == exception) {
                return std::make_shared<torch::jit::ExceptionValue>(name);
            }
        }
        return nullptr;
    }

    c10::TypePtr resolveType(const std::string &, const SourceRange &) override { return nullptr; }
};

// `self` and its submodules, which can be called, as in Python: that runs forward. Not a SimpleValue, because the compiler
// keeps of those only the graph's value.
class ModuleValue final : public torch::jit::SugaredValue {
public:
    explicit ModuleValue(torch::jit::Value *value) : _value(value) {}

    std::string kind() const override { return _value.kind(); }

    torch::jit::Value *asValue(const SourceRange &place, GraphFunction &function) override {
        return _value.asValue(place, function);
    }

    SugaredValuePtr attr(const SourceRange &place, GraphFunction &function, const std::string &name) override {
        auto found = _value.attr(place, function, name);
        const auto *simple = dynamic_cast<torch::jit::SimpleValue *>(found.get());
        if (simple != nullptr && simple->getValue()->type()->is_module()) {
            return std::make_shared<ModuleValue>(simple->getValue());
        }
        return found;
    }

    bool hasAttr(const SourceRange &place, GraphFunction &function, const std::string &name) override {
        return _value.hasAttr(place, function, name);
    }

    void setAttr(const SourceRange &place, GraphFunction &function, const std::string &name,
                 torch::jit::Value *value) override {
        _value.setAttr(place, function, name, value);
    }

    SugaredValuePtr call(const SourceRange &place, GraphFunction &function, at::ArrayRef<torch::jit::NamedValue> arguments,
                         at::ArrayRef<torch::jit::NamedValue> keywords, size_t result_count) override {
        return _value.attr(place, function, "forward")->call(place, function, arguments, keywords, result_count);
    }

private:
    torch::jit::SimpleValue _value;
};

class ModuleSelf final : public torch::jit::Self {
public:
    explicit ModuleSelf(c10::ClassTypePtr type) : _type(std::move(type)) {}

    SugaredValuePtr makeSugared(torch::jit::Value *value) const override {
        value->setType(_type);
        return std::make_shared<ModuleValue>(value);
    }

    c10::ClassTypePtr getClassType() const override { return _type; }

private:
    c10::ClassTypePtr _type;
};

// Compiles the methods, and takes back those that were added when one of them does not compile.
void define(Module &module, const std::string &source) {
    require_compilable(source);
    std::unordered_set<std::string> before;
    for (const auto *method : module.type()->methods()) {
        before.insert(method->name());
    }
    try {
        const ModuleSelf self(module.type());
        module._ivalue()->compilation_unit()->define(*module.type()->name(), source, std::make_shared<Names>(), &self);
    } catch (...) {
        const auto type = module.type();
        std::vector<c10::QualifiedName> added;
        for (const auto *method : type->methods()) {
            if (before.count(method->name()) == 0) {
                added.push_back(method->qualname());
            }
        }
        for (const auto &name : added) {
            type->unsafeRemoveMethod(name.name());
            module._ivalue()->compilation_unit()->unsafeRemoveMethod(name);
        }
        throw;
    }
}

} // namespace
} // namespace rpt

using namespace rpt;

rpt_error *rpt_module_define(rpt_module *module, const char *source) {
    return guard<RPT_ERROR_SCRIPT_SOURCE>([&] {
        auto &target = require(module, "module").module;
        define(target, require_text(source, "source") + "\n"); // the parser wants its last line ended
    });
}
