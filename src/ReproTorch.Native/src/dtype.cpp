#include "dtype.h"

#include <limits>
#include <unordered_map>

namespace rpt {

c10::ScalarType dtype_from_number(int32_t dtype) {
    switch (dtype) {
    case RPT_DTYPE_UINT8: return c10::kByte;
    case RPT_DTYPE_INT8: return c10::kChar;
    case RPT_DTYPE_INT16: return c10::kShort;
    case RPT_DTYPE_INT32: return c10::kInt;
    case RPT_DTYPE_INT64: return c10::kLong;
    case RPT_DTYPE_FLOAT16: return c10::kHalf;
    case RPT_DTYPE_FLOAT32: return c10::kFloat;
    case RPT_DTYPE_FLOAT64: return c10::kDouble;
    case RPT_DTYPE_COMPLEX32: return c10::kComplexHalf;
    case RPT_DTYPE_COMPLEX64: return c10::kComplexFloat;
    case RPT_DTYPE_COMPLEX128: return c10::kComplexDouble;
    case RPT_DTYPE_BOOL: return c10::kBool;
    case RPT_DTYPE_QINT8: return c10::kQInt8;
    case RPT_DTYPE_QUINT8: return c10::kQUInt8;
    case RPT_DTYPE_QINT32: return c10::kQInt32;
    case RPT_DTYPE_BFLOAT16: return c10::kBFloat16;
#if RPT_TORCH_AT_LEAST(2, 3)
    case RPT_DTYPE_UINT16: return c10::ScalarType::UInt16;
    case RPT_DTYPE_UINT32: return c10::ScalarType::UInt32;
    case RPT_DTYPE_UINT64: return c10::ScalarType::UInt64;
#else
    case RPT_DTYPE_UINT16:
    case RPT_DTYPE_UINT32:
    case RPT_DTYPE_UINT64: invalid("uint16, uint32 and uint64 need libtorch 2.3 or later; this is ", TORCH_VERSION, ".");
#endif
#if RPT_TORCH_AT_LEAST(2, 1)
    case RPT_DTYPE_FLOAT8_E5M2: return c10::ScalarType::Float8_e5m2;
    case RPT_DTYPE_FLOAT8_E4M3FN: return c10::ScalarType::Float8_e4m3fn;
#else
    case RPT_DTYPE_FLOAT8_E5M2:
    case RPT_DTYPE_FLOAT8_E4M3FN: invalid("float8 needs libtorch 2.1 or later; this is ", TORCH_VERSION, ".");
#endif
    default: invalid("The dtype number ", dtype, " is none of rpt_dtype.");
    }
}

int32_t dtype_to_number(c10::ScalarType dtype) {
    switch (dtype) {
    case c10::kByte: return RPT_DTYPE_UINT8;
    case c10::kChar: return RPT_DTYPE_INT8;
    case c10::kShort: return RPT_DTYPE_INT16;
    case c10::kInt: return RPT_DTYPE_INT32;
    case c10::kLong: return RPT_DTYPE_INT64;
    case c10::kHalf: return RPT_DTYPE_FLOAT16;
    case c10::kFloat: return RPT_DTYPE_FLOAT32;
    case c10::kDouble: return RPT_DTYPE_FLOAT64;
    case c10::kComplexHalf: return RPT_DTYPE_COMPLEX32;
    case c10::kComplexFloat: return RPT_DTYPE_COMPLEX64;
    case c10::kComplexDouble: return RPT_DTYPE_COMPLEX128;
    case c10::kBool: return RPT_DTYPE_BOOL;
    case c10::kQInt8: return RPT_DTYPE_QINT8;
    case c10::kQUInt8: return RPT_DTYPE_QUINT8;
    case c10::kQInt32: return RPT_DTYPE_QINT32;
    case c10::kBFloat16: return RPT_DTYPE_BFLOAT16;
#if RPT_TORCH_AT_LEAST(2, 3)
    case c10::ScalarType::UInt16: return RPT_DTYPE_UINT16;
    case c10::ScalarType::UInt32: return RPT_DTYPE_UINT32;
    case c10::ScalarType::UInt64: return RPT_DTYPE_UINT64;
#endif
#if RPT_TORCH_AT_LEAST(2, 1)
    case c10::ScalarType::Float8_e5m2: return RPT_DTYPE_FLOAT8_E5M2;
    case c10::ScalarType::Float8_e4m3fn: return RPT_DTYPE_FLOAT8_E4M3FN;
#endif
    default: invalid("The dtype ", c10::toString(dtype), " is not supported.");
    }
}

const char *dtype_name(c10::ScalarType dtype) {
    switch (dtype) {
    case c10::kByte: return "uint8";
    case c10::kChar: return "int8";
    case c10::kShort: return "int16";
    case c10::kInt: return "int32";
    case c10::kLong: return "int64";
    case c10::kHalf: return "float16";
    case c10::kFloat: return "float32";
    case c10::kDouble: return "float64";
    case c10::kComplexHalf: return "complex32";
    case c10::kComplexFloat: return "complex64";
    case c10::kComplexDouble: return "complex128";
    case c10::kBool: return "bool";
    case c10::kQInt8: return "qint8";
    case c10::kQUInt8: return "quint8";
    case c10::kQInt32: return "qint32";
    case c10::kBFloat16: return "bfloat16";
#if RPT_TORCH_AT_LEAST(2, 3)
    case c10::ScalarType::UInt16: return "uint16";
    case c10::ScalarType::UInt32: return "uint32";
    case c10::ScalarType::UInt64: return "uint64";
#endif
#if RPT_TORCH_AT_LEAST(2, 1)
    case c10::ScalarType::Float8_e5m2: return "float8_e5m2";
    case c10::ScalarType::Float8_e4m3fn: return "float8_e4m3fn";
#endif
    default: return c10::toString(dtype);
    }
}

optional<c10::ScalarType> dtype_from_name(const std::string &name) {
    static const std::unordered_map<std::string, c10::ScalarType> s_dtypes = [] {
        std::unordered_map<std::string, c10::ScalarType> dtypes = {
            {"half", c10::kHalf},   {"float", c10::kFloat}, {"double", c10::kDouble}, {"cfloat", c10::kComplexFloat},
            {"short", c10::kShort}, {"int", c10::kInt},     {"long", c10::kLong},     {"cdouble", c10::kComplexDouble},
        };
        for (int i = 0; i < static_cast<int>(c10::ScalarType::NumOptions); ++i) {
            const auto dtype = static_cast<c10::ScalarType>(i);
            dtypes.emplace(dtype_name(dtype), dtype);
        }
        return dtypes;
    }();
    const auto found = s_dtypes.find(name);
    if (found == s_dtypes.end()) {
        return nullopt;
    }
    return found->second;
}

c10::Device device_from_numbers(int32_t type, int32_t index) {
    const auto plain = [&](c10::DeviceType device, const char *name) {
        if (index != -1 && index != 0) {
            invalid("The device '", name, "' has no index ", index, "; use -1 or 0.");
        }
        return c10::Device(device);
    };
    switch (type) {
    case RPT_DEVICE_CPU: return plain(c10::kCPU, "cpu");
    case RPT_DEVICE_META: return plain(c10::kMeta, "meta");
    case RPT_DEVICE_MPS:
        if (!at::hasMPS()) {
            invalid("The device 'mps' cannot be used: this libtorch or machine has no Metal back end.");
        }
        return plain(c10::kMPS, "mps");
    case RPT_DEVICE_CUDA: {
        const int32_t count = rpt_cuda_device_count();
        if (count == 0) {
            invalid("The device 'cuda' cannot be used: ",
                    at::hasCUDA() ? "there is no CUDA device or driver." : "this libtorch is built without CUDA.");
        }
        if (index < -1 || index >= count || index > std::numeric_limits<c10::DeviceIndex>::max()) {
            invalid("There is no device 'cuda:", index, "': this machine has ", count, ", counted from 0.");
        }
        return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
    }
    default: invalid("The device type number ", type, " is none of rpt_device_type.");
    }
}

optional<c10::Device> optional_device_from_numbers(int32_t type, int32_t index) {
    if (type == -1) {
        return nullopt;
    }
    return device_from_numbers(type, index);
}

int32_t device_type_to_number(c10::DeviceType type) {
    switch (type) {
    case c10::kCPU: return RPT_DEVICE_CPU;
    case c10::kCUDA: return RPT_DEVICE_CUDA;
    case c10::kMPS: return RPT_DEVICE_MPS;
    case c10::kMeta: return RPT_DEVICE_META;
    default: invalid("Tensors on the device type '", c10::DeviceTypeName(type, true), "' are not supported.");
    }
}

} // namespace rpt
