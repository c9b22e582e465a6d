#include "dtype.h"
#include "tensor.h"

#include <limits>
#include <sstream>

namespace rpt {
namespace {

using c10::IValue;

const IValue &value_of(const rpt_value *handle) { return require(handle, "value").value; }

const char *kind_name(int32_t kind) {
    static const char *const s_names[] = {"None",   "a tensor", "a bool", "an int",  "a float",     "a complex", "a string",
                                          "a device", "a tuple",  "a list", "a dict", "a generator", "an object"};
    const auto index = static_cast<size_t>(kind);
    return index < sizeof s_names / sizeof s_names[0] ? s_names[index] : "something else";
}

int32_t kind_of(const IValue &value) {
    if (value.isNone()) {
        return RPT_VALUE_NONE;
    }
    if (value.isTensor()) {
        return value.toTensor().defined() ? RPT_VALUE_TENSOR : RPT_VALUE_NONE; // an undefined tensor is Python's None
    }
    if (value.isBool()) {
        return RPT_VALUE_BOOL;
    }
    if (value.isInt()) {
        return RPT_VALUE_INT;
    }
    if (value.isDouble()) {
        return RPT_VALUE_DOUBLE;
    }
    if (value.isComplexDouble()) {
        return RPT_VALUE_COMPLEX;
    }
    if (value.isString()) {
        return RPT_VALUE_STRING;
    }
    if (value.isDevice()) {
        return RPT_VALUE_DEVICE;
    }
    if (value.isTuple()) {
        return RPT_VALUE_TUPLE;
    }
    if (value.isList()) {
        return RPT_VALUE_LIST;
    }
    if (value.isGenericDict()) {
        return RPT_VALUE_DICT;
    }
    if (value.isGenerator()) {
        return RPT_VALUE_GENERATOR;
    }
    if (value.isObject()) {
        return RPT_VALUE_OBJECT;
    }
    return RPT_VALUE_OTHER;
}

const IValue &require_kind(const rpt_value *handle, int32_t kind) {
    const auto &value = value_of(handle);
    if (kind_of(value) != kind) {
        invalid("The value is not ", kind_name(kind), " but ", kind_name(kind_of(value)), " (",
                value.type()->annotation_str(), ").");
    }
    return value;
}

size_t count_of(const IValue &value) {
    switch (kind_of(value)) {
    case RPT_VALUE_TUPLE: return value.toTuple()->elements().size();
    case RPT_VALUE_LIST: return value.toListRef().size();
    case RPT_VALUE_DICT: return value.toGenericDict().size();
    case RPT_VALUE_OBJECT: return value.toObjectRef().slots().size();
    default: return 0;
    }
}

size_t require_index(const IValue &value, int64_t index) {
    const auto count = count_of(value);
    if (index < 0 || static_cast<uint64_t>(index) >= count) {
        invalid("There is no item ", index, " in ", kind_name(kind_of(value)), " of ", count, " items.");
    }
    return static_cast<size_t>(index);
}

auto entry_of(const c10::impl::GenericDict &dict, size_t index) {
    auto entry = dict.begin();
    for (; index > 0; --index) {
        ++entry;
    }
    return entry;
}

// The type that all items share, or Any: then the list or dict takes its type from what it is passed to.
c10::TypePtr shared_type(const std::vector<IValue> &items) {
    c10::TypePtr shared;
    for (const auto &item : items) {
        auto type = item.isTensor() ? c10::TypePtr(c10::TensorType::get()) : item.type();
        if (shared == nullptr) {
            shared = std::move(type);
        } else if (*shared != *type) {
            return c10::AnyType::get();
        }
    }
    return shared == nullptr ? c10::TypePtr(c10::AnyType::get()) : shared;
}

bool can_be_key(const IValue &value) {
    return value.isString() || value.isInt() || value.isDouble() || value.isBool() || value.isComplexDouble() ||
           value.isTensor() || value.isDevice();
}

} // namespace
} // namespace rpt

using namespace rpt;

rpt_error *rpt_value_from_none(rpt_value **out_value) {
    return guard([&] { *out_value = new_value(IValue()); }, out_value);
}

rpt_error *rpt_value_from_tensor(const rpt_tensor *tensor, rpt_value **out_value) {
    return guard([&] { *out_value = new_value(tensor_of(tensor)); }, out_value);
}

rpt_error *rpt_value_from_bool(int32_t value, rpt_value **out_value) {
    return guard([&] { *out_value = new_value(value != 0); }, out_value);
}

rpt_error *rpt_value_from_int(int64_t value, rpt_value **out_value) {
    return guard([&] { *out_value = new_value(value); }, out_value);
}

rpt_error *rpt_value_from_double(double value, rpt_value **out_value) {
    return guard([&] { *out_value = new_value(value); }, out_value);
}

rpt_error *rpt_value_from_complex(double real, double imaginary, rpt_value **out_value) {
    return guard([&] { *out_value = new_value(c10::complex<double>(real, imaginary)); }, out_value);
}

rpt_error *rpt_value_from_string(const char *text, int64_t byte_count, rpt_value **out_value) {
    return guard(
        [&] {
            require_array(text, byte_count, "text");
            *out_value = new_value(byte_count == 0 ? std::string() : std::string(text, static_cast<size_t>(byte_count)));
        },
        out_value);
}

rpt_error *rpt_value_from_device(int32_t device_type, int32_t device_index, rpt_value **out_value) {
    return guard([&] { *out_value = new_value(device_from_numbers(device_type, device_index)); }, out_value);
}

rpt_error *rpt_value_from_dtype(int32_t dtype, rpt_value **out_value) {
    // TorchScript and operators take a dtype as its number in c10.
    return guard([&] { *out_value = new_value(static_cast<int64_t>(dtype_from_number(dtype))); }, out_value);
}

rpt_error *rpt_value_from_generator(const rpt_generator *generator, rpt_value **out_value) {
    return guard([&] { *out_value = new_value(require(generator, "generator").generator); }, out_value);
}

rpt_error *rpt_value_from_tuple(rpt_value *const *items, int64_t count, rpt_value **out_value) {
    return guard([&] { *out_value = new_value(c10::ivalue::Tuple::create(values_of(items, count, "items"))); }, out_value);
}

rpt_error *rpt_value_from_list(rpt_value *const *items, int64_t count, rpt_value **out_value) {
    return guard(
        [&] {
            auto values = values_of(items, count, "items");
            c10::impl::GenericList list(shared_type(values));
            list.reserve(values.size());
            for (auto &value : values) {
                list.push_back(std::move(value));
            }
            *out_value = new_value(std::move(list));
        },
        out_value);
}

rpt_error *rpt_value_from_dict(rpt_value *const *keys, rpt_value *const *values, int64_t count, rpt_value **out_value) {
    return guard(
        [&] {
            const auto key_values = values_of(keys, count, "keys");
            const auto item_values = values_of(values, count, "values");
            for (const auto &key : key_values) {
                if (!can_be_key(key)) {
                    invalid("The key of a dict cannot be ", kind_name(kind_of(key)),
                            "; strings, ints, floats, complex numbers, bools, tensors and devices can.");
                }
            }
            c10::TypePtr key_type = shared_type(key_values);
            if (key_values.empty()) {
                key_type = c10::StringType::get();
            } else if (key_type->kind() == c10::TypeKind::AnyType) {
                invalid("The keys of a dict must be of one kind.");
            }
            c10::impl::GenericDict dict(std::move(key_type), shared_type(item_values));
            dict.reserve(key_values.size());
            for (size_t i = 0; i < key_values.size(); ++i) {
                if (!dict.insert(key_values[i], item_values[i]).second) {
                    invalid("The key ", key_values[i], " is given twice.");
                }
            }
            *out_value = new_value(std::move(dict));
        },
        out_value);
}

int32_t rpt_value_kind_of(const rpt_value *value) {
    return value == nullptr ? int32_t{RPT_VALUE_NONE} : kind_of(value->value);
}

rpt_error *rpt_value_to_tensor(const rpt_value *value, rpt_tensor **out_tensor) {
    return guard([&] { *out_tensor = new_tensor(require_kind(value, RPT_VALUE_TENSOR).toTensor()); }, out_tensor);
}

rpt_error *rpt_value_to_bool(const rpt_value *value, int32_t *out_value) {
    return guard([&] { *out_value = require_kind(value, RPT_VALUE_BOOL).toBool(); }, out_value);
}

rpt_error *rpt_value_to_int(const rpt_value *value, int64_t *out_value) {
    return guard([&] { *out_value = require_kind(value, RPT_VALUE_INT).toInt(); }, out_value);
}

rpt_error *rpt_value_to_double(const rpt_value *value, double *out_value) {
    return guard([&] { *out_value = require_kind(value, RPT_VALUE_DOUBLE).toDouble(); }, out_value);
}

rpt_error *rpt_value_to_complex(const rpt_value *value, double *out_real, double *out_imaginary) {
    return guard(
        [&] {
            const auto number = require_kind(value, RPT_VALUE_COMPLEX).toComplexDouble();
            *out_real = number.real();
            *out_imaginary = number.imag();
        },
        out_real, out_imaginary);
}

rpt_error *rpt_value_to_string(const rpt_value *value, char **out_text, int64_t *out_byte_count) {
    return guard(
        [&] {
            const auto &text = require_kind(value, RPT_VALUE_STRING).toStringRef();
            *out_text = copy_text(text);
            *out_byte_count = static_cast<int64_t>(text.size());
        },
        out_text, out_byte_count);
}

rpt_error *rpt_value_to_device(const rpt_value *value, int32_t *out_type, int32_t *out_index) {
    return guard(
        [&] {
            const auto device = require_kind(value, RPT_VALUE_DEVICE).toDevice();
            *out_type = device_type_to_number(device.type());
            *out_index = device.index();
        },
        out_type, out_index);
}

rpt_error *rpt_value_count(const rpt_value *value, int64_t *out_count) {
    return guard([&] { *out_count = static_cast<int64_t>(count_of(value_of(value))); }, out_count);
}

rpt_error *rpt_value_item(const rpt_value *value, int64_t index, rpt_value **out_item) {
    return guard(
        [&] {
            const auto &source = value_of(value);
            const auto position = require_index(source, index);
            switch (kind_of(source)) {
            case RPT_VALUE_TUPLE: *out_item = new_value(source.toTuple()->elements()[position]); break;
            case RPT_VALUE_LIST: *out_item = new_value(source.toListRef()[position]); break;
            case RPT_VALUE_DICT: *out_item = new_value(entry_of(source.toGenericDict(), position)->value()); break;
            default: *out_item = new_value(source.toObjectRef().getSlot(position)); break;
            }
        },
        out_item);
}

rpt_error *rpt_value_key(const rpt_value *value, int64_t index, rpt_value **out_key) {
    return guard(
        [&] {
            const auto &source = require_kind(value, RPT_VALUE_DICT);
            const auto position = require_index(source, index);
            *out_key = new_value(entry_of(source.toGenericDict(), position)->key());
        },
        out_key);
}

rpt_error *rpt_value_name(const rpt_value *value, int64_t index, char **out_name) {
    return guard(
        [&] {
            const auto &source = value_of(value);
            const auto position = require_index(source, index);
            if (source.isTuple()) {
                const auto type = source.type()->expect<c10::TupleType>();
                if (type->schema()) {
                    *out_name = copy_text(type->schema()->arguments()[position].name());
                }
            } else if (source.isObject()) {
                *out_name = copy_text(source.toObjectRef().type()->getAttributeName(position));
            }
        },
        out_name);
}

rpt_error *rpt_value_text(const rpt_value *value, char **out_text) {
    return guard(
        [&] {
            std::ostringstream text;
            text.imbue(std::locale::classic());
            text << value_of(value);
            *out_text = copy_text(text.str());
        },
        out_text);
}

rpt_error *rpt_value_type(const rpt_value *value, char **out_text) {
    return guard([&] { *out_text = copy_text(value_of(value).type()->annotation_str()); }, out_text);
}

void rpt_value_free(rpt_value *value) { delete value; }
