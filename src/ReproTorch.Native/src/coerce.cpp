#include "coerce.h"

#include "tensor.h"

#include <ATen/ScalarOps.h>

#include <algorithm>

namespace rpt {

std::string describe_value(const c10::IValue &value) {
    if (value.isTensor()) {
        const auto &tensor = value.toTensor();
        return tensor.defined() ? "Tensor " + describe_tensor(tensor) : "undefined Tensor";
    }
    return value.isNone() ? "None" : value.type()->annotation_str();
}

namespace {

using c10::IValue;
using c10::TypeKind;
using c10::TypePtr;

// Where within an argument the first thing that does not fit is, and what was wanted there.
struct Mismatch {
    std::string path;
    std::string expected;
    std::string given;
};

class Coercion {
public:
    explicit Coercion(NumbersAsTensors numbers) : _numbers(numbers) {}

    // Changes the value to the type, or says no and keeps the reason.
    bool apply(IValue &value, const TypePtr &type) {
        switch (type->kind()) {
        case TypeKind::TensorType: return to_tensor(value) || refuse(value, *type);
        case TypeKind::IntType: return to_int(value) || refuse(value, *type);
        case TypeKind::FloatType: return to_float(value) || refuse(value, *type);
        case TypeKind::ComplexType: return to_complex(value) || refuse(value, *type);
        case TypeKind::BoolType: return to_bool(value) || refuse(value, *type);
        case TypeKind::NumberType: return value.isScalar() || refuse(value, *type);
        case TypeKind::DeviceObjType: return to_device(value) || refuse(value, *type);
        case TypeKind::OptionalType:
            return value.isNone() || apply(value, type->castRaw<c10::OptionalType>()->getElementType());
        case TypeKind::UnionType: return to_union(value, type) || refuse(value, *type);
        case TypeKind::ListType: return to_list(value, type);
        case TypeKind::TupleType: return to_tuple(value, type);
        case TypeKind::DictType: return to_dict(value, type);
        case TypeKind::AnyType:
        case TypeKind::VarType: return true; // the callee looks for itself
        default: return value.type()->isSubtypeOf(*type) || refuse(value, *type);
        }
    }

    Mismatch mismatch;

private:
    bool refuse(const IValue &value, const c10::Type &type) {
        mismatch = {"", type.annotation_str(), describe_value(value)};
        return false;
    }

    // Adds where we are to a reason that came from further inside.
    bool refuse_at(const std::string &step) {
        mismatch.path = step + mismatch.path;
        return false;
    }

    // A tensor of one element stands for its number where a number is declared.
    static bool take_number(IValue &value) {
        if (value.isTensor() && value.toTensor().defined() && value.toTensor().numel() == 1) {
            const auto number = value.toTensor().item();
            value = IValue(number);
        }
        return value.isScalar();
    }

    bool to_tensor(IValue &value) const {
        if (_numbers == NumbersAsTensors::yes && value.isScalar()) {
            auto tensor = c10::scalar_to_tensor(value.toScalar());
            tensor.unsafeGetTensorImpl()->set_wrapped_number(true);
            value = std::move(tensor);
        }
        return value.isTensor();
    }

    static bool to_int(IValue &value) {
        if (!value.isInt() && take_number(value) && value.isBool()) {
            value = static_cast<int64_t>(value.toBool());
        }
        return value.isInt();
    }

    static bool to_float(IValue &value) {
        if (!value.isDouble() && take_number(value)) {
            if (value.isInt()) {
                value = static_cast<double>(value.toInt());
            } else if (value.isBool()) {
                value = value.toBool() ? 1.0 : 0.0;
            }
        }
        return value.isDouble();
    }

    static bool to_complex(IValue &value) {
        if (!value.isComplexDouble() && to_float(value)) {
            value = c10::complex<double>(value.toDouble(), 0.0);
        }
        return value.isComplexDouble();
    }

    static bool to_bool(IValue &value) {
        if (!value.isBool() && take_number(value)) {
            if (value.isInt()) {
                value = value.toInt() != 0;
            } else if (value.isDouble()) {
                value = value.toDouble() != 0.0;
            }
        }
        return value.isBool();
    }

    static bool to_device(IValue &value) {
        if (value.isString()) {
            try {
                value = c10::Device(value.toStringRef());
            } catch (const c10::Error &) {
                return false;
            }
        }
        return value.isDevice();
    }

    // The member that the value already is, else the first that it can become.
    bool to_union(IValue &value, const TypePtr &type) {
        if (value.type()->isSubtypeOf(*type)) {
            return true;
        }
        for (const auto &member : type->castRaw<c10::UnionType>()->containedTypes()) {
            IValue candidate = value;
            if (apply(candidate, member)) {
                value = std::move(candidate);
                return true;
            }
        }
        return false;
    }

    // The items of a list or a tuple: Python takes either where the other is declared.
    static bool items_of(const IValue &value, std::vector<IValue> &items) {
        if (value.isList()) {
            const auto source = value.toListRef();
            items.assign(source.begin(), source.end());
            return true;
        }
        if (value.isTuple()) {
            const auto tuple = value.toTuple();
            items.assign(tuple->elements().begin(), tuple->elements().end());
            return true;
        }
        return false;
    }

    bool to_list(IValue &value, const TypePtr &type) {
        std::vector<IValue> items;
        if (!items_of(value, items)) {
            return refuse(value, *type);
        }
        const auto &element = type->castRaw<c10::ListType>()->getElementType();
        c10::impl::GenericList list(element);
        list.reserve(items.size());
        for (size_t i = 0; i < items.size(); ++i) {
            if (!apply(items[i], element)) {
                return refuse_at(c10::str("[", i, "]"));
            }
            list.push_back(std::move(items[i]));
        }
        value = std::move(list);
        return true;
    }

    bool to_tuple(IValue &value, const TypePtr &type) {
        const auto tuple = type->cast<c10::TupleType>();
        std::vector<IValue> items;
        if (!items_of(value, items) || items.size() != tuple->elements().size()) {
            return refuse(value, *type);
        }
        for (size_t i = 0; i < items.size(); ++i) {
            if (!apply(items[i], tuple->elements()[i])) {
                return refuse_at(c10::str("[", i, "]"));
            }
        }
        value = tuple->schema() ? c10::ivalue::Tuple::createNamed(std::move(items), tuple)
                                : c10::ivalue::Tuple::create(std::move(items));
        return true;
    }

    bool to_dict(IValue &value, const TypePtr &type) {
        if (!value.isGenericDict()) {
            return refuse(value, *type);
        }
        const auto *declared = type->castRaw<c10::DictType>();
        const auto source = value.toGenericDict();
        c10::impl::GenericDict dict(declared->getKeyType(), declared->getValueType());
        dict.reserve(source.size());
        for (const auto &entry : source) {
            IValue key = entry.key();
            IValue item = entry.value();
            if (!apply(key, declared->getKeyType())) {
                return refuse_at(c10::str(" key ", entry.key()));
            }
            if (!apply(item, declared->getValueType())) {
                return refuse_at(c10::str("[", entry.key(), "]"));
            }
            dict.insert(std::move(key), std::move(item));
        }
        value = std::move(dict);
        return true;
    }

    NumbersAsTensors _numbers;
};

std::string with_schema(const std::string &problem, const c10::FunctionSchema &schema) {
    return c10::str(schema.name(), ": ", problem, "\nSchema: ", schema);
}

bool is_list(const c10::Type &type) {
    const auto *optional = type.castRaw<c10::OptionalType>();
    return type.kind() == TypeKind::ListType || (optional != nullptr && is_list(*optional->getElementType()));
}

// One argument to its declared type. A single number stands for a list of fixed length, as in int[2].
bool bind_argument(const c10::FunctionSchema &schema, const c10::Argument &declared, IValue value,
                   NumbersAsTensors numbers, torch::jit::Stack &stack, std::string &why) {
    if (declared.N() && value.isScalar() && is_list(*declared.type())) {
        c10::impl::GenericList repeated(c10::AnyType::get());
        repeated.resize(static_cast<size_t>(*declared.N()), value);
        value = std::move(repeated);
    }
    Coercion coercion(numbers);
    if (!coercion.apply(value, declared.type())) {
        const auto &mismatch = coercion.mismatch;
        why = with_schema(c10::str("the argument '", declared.name(), "'", mismatch.path, " must be ", mismatch.expected,
                                   ", but it is ", mismatch.given, "."),
                          schema);
        return false;
    }
    stack.push_back(std::move(value));
    return true;
}

} // namespace

Arguments arguments_of(rpt_value *const *arguments, int64_t argument_count, const char *const *keyword_names,
                       rpt_value *const *keyword_values, int64_t keyword_count) {
    Arguments result;
    result.positional = values_of(arguments, argument_count, "arguments");
    auto values = values_of(keyword_values, keyword_count, "keyword_values");
    require_array(keyword_names, keyword_count, "keyword_names");
    result.keywords.reserve(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
        auto name = require_text(keyword_names[i], "keyword_names");
        const auto is_same = [&](const auto &keyword) { return keyword.first == name; };
        if (std::any_of(result.keywords.begin(), result.keywords.end(), is_same)) {
            invalid("The keyword '", name, "' is given twice.");
        }
        result.keywords.emplace_back(std::move(name), std::move(values[i]));
    }
    return result;
}

bool bind_arguments(const c10::FunctionSchema &schema, size_t skip, const Arguments &arguments, NumbersAsTensors numbers,
          torch::jit::Stack &stack, std::string &why) {
    const auto &declared = schema.arguments();
    const auto most_positional = static_cast<size_t>(
        std::count_if(declared.begin() + static_cast<ptrdiff_t>(skip), declared.end(),
                      [](const c10::Argument &argument) { return !argument.kwarg_only(); }));
    if (arguments.positional.size() > most_positional) {
        why = with_schema(c10::str("it takes at most ", most_positional, " arguments by position, but ",
                                   arguments.positional.size(), " were given."),
                          schema);
        return false;
    }
    stack.reserve(stack.size() + declared.size() - skip);
    size_t used_keywords = 0;
    for (size_t i = skip; i < declared.size(); ++i) {
        const auto &argument = declared[i];
        const auto keyword = std::find_if(arguments.keywords.begin(), arguments.keywords.end(),
                                          [&](const auto &candidate) { return candidate.first == argument.name(); });
        const bool has_keyword = keyword != arguments.keywords.end();
        const bool has_positional = i - skip < arguments.positional.size();
        if (has_keyword && has_positional) {
            why = with_schema(c10::str("the argument '", argument.name(), "' is given by position and by name."), schema);
            return false;
        }
        used_keywords += has_keyword ? 1 : 0;
        if (has_keyword || has_positional) {
            const auto &value = has_keyword ? keyword->second : arguments.positional[i - skip];
            if (!bind_argument(schema, argument, value, numbers, stack, why)) {
                return false;
            }
        } else if (argument.default_value()) {
            stack.push_back(*argument.default_value());
        } else {
            why = with_schema(c10::str("the argument '", argument.name(), "' is missing."), schema);
            return false;
        }
    }
    if (used_keywords != arguments.keywords.size()) {
        for (const auto &keyword : arguments.keywords) {
            const auto is_declared = [&](const c10::Argument &argument) { return argument.name() == keyword.first; };
            if (std::none_of(declared.begin() + static_cast<ptrdiff_t>(skip), declared.end(), is_declared)) {
                why = with_schema(c10::str("there is no argument '", keyword.first, "'."), schema);
                return false;
            }
        }
    }
    return true;
}

} // namespace rpt
