// What a module is, as text: two modules with the same text compute the same, however their files are packed.
#include "code.h"
#include "dtype.h"
#include "hash.h"
#include "module.h"

#include <cstring>
#include <unordered_map>

namespace rpt {
namespace {

using c10::IValue;
using c10::ClassType;
using torch::jit::Function;
using torch::jit::Module;

std::string bits_of(double value) {
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    static const char s_digits[] = "0123456789abcdef";
    std::string text;
    for (int shift = 60; shift >= 0; shift -= 4) {
        text += s_digits[bits >> shift & 15];
    }
    return text;
}

// On one line, whatever is in it.
std::string quoted(const std::string &text) {
    std::string result = "'";
    for (const char c : text) {
        if (c == '\\' || c == '\'') {
            result += '\\';
            result += c;
        } else if (static_cast<unsigned char>(c) < 32 || c == 127) {
            static const char s_digits[] = "0123456789abcdef";
            result += "\\x";
            result += s_digits[static_cast<unsigned char>(c) >> 4];
            result += s_digits[c & 15];
        } else {
            result += c;
        }
    }
    return result + "'";
}

class Content {
public:
    std::string of(const Module &module) {
        write_module(module, "");
        return std::move(_text);
    }

private:
    template <typename... Parts>
    void line(const Parts &...parts) {
        _text += c10::str(parts...);
        _text += '\n';
    }

    void write_module(const Module &module, const std::string &path) {
        const auto type = module.type();
        const auto &object = module._ivalue();
        line("module ", path.empty() ? "." : path, " ", without_marks(type->name()->qualifiedName()));
        const auto prefix = path.empty() ? path : path + ".";
        for (size_t slot = 0; slot < type->numAttributes(); ++slot) {
            const auto &declared = type->getAttribute(slot);
            if (declared->is_module()) {
                continue;
            }
            const char *kind = type->is_parameter(slot) ? "parameter" : type->is_buffer(slot) ? "buffer" : "attribute";
            line(kind, " ", prefix, type->getAttributeName(slot), " : ", without_marks(declared->annotation_str()), " = ",
                 value(object->getSlot(slot)));
        }
        for (size_t i = 0; i < type->numConstants(); ++i) {
            line("constant ", prefix, type->getConstantName(i), " = ", value(type->getConstant(i)));
        }
        for (const auto *method : type->methods()) {
            write_method("method", prefix, *method);
        }
        for (const auto *hook : type->getForwardPreHooks()) {
            write_method("pre-hook", prefix, *hook);
        }
        for (const auto *hook : type->getForwardHooks()) {
            write_method("hook", prefix, *hook);
        }
        for (size_t slot = 0; slot < type->numAttributes(); ++slot) {
            if (type->getAttribute(slot)->is_module()) {
                write_module(Module(object->getSlot(slot).toObject()), prefix + type->getAttributeName(slot));
            }
        }
    }

    // Arguments are known by their names, so those count; variables are not.
    void write_method(const char *kind, const std::string &prefix, const Function &method) {
        _text += c10::str(kind, " ", prefix, method.name(), " (");
        for (const auto &argument : method.getSchema().arguments()) {
            _text += argument.name() + ", ";
        }
        line(")");
        auto &known = _methods[&method];
        if (known.empty()) {
            known = code(canonical_code(method));
        }
        _text += known;
    }

    std::string code(const CanonicalCode &code) {
        auto text = code.text;
        for (size_t i = 0; i < code.constants.size(); ++i) {
            text += c10::str("CONSTANTS.c", i, " = ", value(code.constants[i]), "\n");
        }
        for (const auto &dependency : code.dependencies) {
            if (!is_module(*dependency)) {
                text += c10::str("uses ", without_marks(dependency->name()->qualifiedName()), " ", hash_of(dependency), "\n");
            }
        }
        return text;
    }

    // Submodules are told as attributes; a method only calls them.
    static bool is_module(const c10::NamedType &type) { return type.is_module(); }

    // A type that uses itself is told where it is met first.
    std::string hash_of(const c10::NamedTypePtr &type) {
        const auto known = _types.emplace(type.get(), "itself");
        if (known.second) {
            const auto text = code(canonical_code(type));
            _types[type.get()] = to_hex(hash_bytes(text.data(), text.size()));
        }
        return _types[type.get()];
    }

    static std::string tensor(const at::Tensor &tensor) {
        if (!tensor.defined()) {
            return "tensor()";
        }
        auto text = c10::str("tensor(", dtype_name(tensor.scalar_type()), ", ", tensor.sizes(), ", ",
                             to_hex(hash_tensor(tensor)));
        if (tensor.is_quantized()) {
            text += quantization(tensor);
        }
        return text + ")";
    }

    static std::string quantization(const at::Tensor &quantized) {
        if (quantized.qscheme() == at::kPerTensorAffine) {
            return c10::str(", ", bits_of(quantized.q_scale()), ", ", quantized.q_zero_point());
        }
        return c10::str(", ", tensor(quantized.q_per_channel_scales()), ", ", tensor(quantized.q_per_channel_zero_points()),
                        ", ", quantized.q_per_channel_axis());
    }

    std::string value(const IValue &item) {
        if (item.isNone()) {
            return "None";
        }
        if (item.isTensor()) {
            return tensor(item.toTensor());
        }
        if (item.isBool()) {
            return item.toBool() ? "True" : "False";
        }
        if (item.isInt()) {
            return std::to_string(item.toInt());
        }
        if (item.isDouble()) {
            return "float " + bits_of(item.toDouble());
        }
        if (item.isComplexDouble()) {
            const auto number = item.toComplexDouble();
            return c10::str("complex ", bits_of(number.real()), " ", bits_of(number.imag()));
        }
        if (item.isString()) {
            return quoted(item.toStringRef());
        }
        if (item.isDevice()) {
            return "device " + item.toDevice().str();
        }
        if (item.isTuple()) {
            return values("(", item.toTupleRef().elements(), ")");
        }
        if (item.isList()) {
            return values(without_marks(item.type()->annotation_str()) + "[", item.toListRef(), "]");
        }
        if (item.isGenericDict()) {
            std::string text = without_marks(item.type()->annotation_str()) + "{";
            for (const auto &entry : item.toGenericDict()) {
                text += value(entry.key()) + ": " + value(entry.value()) + ", ";
            }
            return text + "}";
        }
        if (item.isObject()) {
            return object(item);
        }
        if (item.isEnum()) {
            return c10::str(without_marks(item.type()->annotation_str()), ".", item.toEnumHolder()->name());
        }
        return item.type()->annotation_str();
    }

    template <typename Items>
    std::string values(std::string text, const Items &items, const char *end) {
        for (const IValue &item : items) {
            text += value(item) + ", ";
        }
        return text + end;
    }

    std::string object(const IValue &item) {
        const auto &held = *item.toObjectRef().type();
        auto text = without_marks(held.name()->qualifiedName());
        // A class of C++, such as the packed weights of a quantized layer, tells its state by a method alone.
        if (auto *state = held.findMethod("__getstate__")) {
            torch::jit::Stack stack{item};
            state->run(stack);
            return text + "(" + value(stack.back()) + ")";
        }
        text += "(";
        for (size_t slot = 0; slot < held.numAttributes(); ++slot) {
            text += c10::str(held.getAttributeName(slot), "=", value(item.toObjectRef().getSlot(slot)), ", ");
        }
        text += ")";
        const auto type = item.toObjectRef().type();
        return type->methods().empty() ? text : text + " " + hash_of(type);
    }

    std::string _text;
    std::unordered_map<const Function *, std::string> _methods;
    std::unordered_map<const c10::Type *, std::string> _types;
};

} // namespace
} // namespace rpt

rpt_error *rpt_module_content(const rpt_module *module, char **out_text) {
    using namespace rpt;
    return guard([&] { *out_text = copy_text(Content().of(module_of(module))); }, out_text);
}
