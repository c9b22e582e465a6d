#include "tensor.h"

#include "dtype.h"

#include <cstring>
#include <limits>
#include <memory>

namespace rpt {

const at::Tensor &tensor_of(const rpt_tensor *handle, const char *name) { return require(handle, name).tensor; }

std::vector<at::Tensor> tensors_of(rpt_tensor *const *tensors, int64_t count, const char *name) {
    require_array(tensors, count, name);
    std::vector<at::Tensor> result;
    result.reserve(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) {
        if (tensors[i] == nullptr) {
            invalid("'", name, "' is null at index ", i, ".");
        }
        result.push_back(tensors[i]->tensor);
    }
    return result;
}

at::Tensor to_host(const at::Tensor &tensor) {
    if (tensor.is_meta()) {
        invalid("A tensor on the device 'meta' has a shape but no elements to read.");
    }
    const Quiet quiet;
    const at::NoGradGuard no_grad;
    auto host = tensor.detach();
    if (host.is_mkldnn() || host.layout() != at::kStrided) {
        host = host.to_dense();
    }
    return host.to(at::kCPU).resolve_conj().resolve_neg().contiguous();
}

std::string describe_tensor(const at::Tensor &tensor) {
    return c10::str(dtype_name(tensor.scalar_type()), tensor.sizes());
}

namespace {

struct Shape {
    at::IntArrayRef sizes;
    int64_t byte_count;
};

Shape require_shape(const int64_t *sizes, int32_t dimensions, c10::ScalarType dtype) {
    require_array(sizes, dimensions, "sizes");
    auto byte_count = static_cast<int64_t>(c10::elementSize(dtype));
    bool is_empty = false;
    for (int32_t i = 0; i < dimensions; ++i) {
        if (sizes[i] < 0) {
            invalid("Dimension ", i, " has the size ", sizes[i], "; a size is at least 0.");
        }
        is_empty = is_empty || sizes[i] == 0;
    }
    const at::IntArrayRef shape(sizes, static_cast<size_t>(dimensions));
    for (const int64_t size : shape) {
        // The product without the zeros must fit too: strides are computed from it.
        if (size != 0 && byte_count > std::numeric_limits<int64_t>::max() / size) {
            invalid("A tensor of the shape ", shape, " has more bytes than can be counted.");
        }
        byte_count *= size == 0 ? 1 : size;
    }
    return {shape, is_empty ? 0 : byte_count};
}

void require_byte_count(int64_t given, int64_t needed, const char *what) {
    if (given != needed) {
        invalid(what, " needs ", needed, " bytes, but byte_count is ", given, ".");
    }
}

int64_t byte_count_of(const at::Tensor &tensor) {
    return tensor.numel() * static_cast<int64_t>(tensor.element_size());
}

void require_plain_dtype(c10::ScalarType dtype) {
    if (c10::isQIntType(dtype)) {
        invalid("A ", dtype_name(dtype), " tensor also needs a scale and a zero point: make it with "
                "aten::quantize_per_tensor or aten::_make_per_tensor_quantized_tensor.");
    }
}

} // namespace
} // namespace rpt

using namespace rpt;

rpt_error *rpt_tensor_create(int32_t dtype, const int64_t *sizes, int32_t dimensions, const void *data,
                             int64_t byte_count, int32_t device_type, int32_t device_index, rpt_tensor **out_tensor) {
    return guard(
        [&] {
            const Quiet quiet;
            const auto type = dtype_from_number(dtype);
            require_plain_dtype(type);
            const auto shape = require_shape(sizes, dimensions, type);
            const auto device = device_from_numbers(device_type, device_index);
            require_byte_count(byte_count, shape.byte_count, "The shape");
            require_array(data, byte_count, "data");
            auto tensor = at::empty(shape.sizes, at::TensorOptions().dtype(type));
            if (byte_count > 0) {
                std::memcpy(tensor.data_ptr(), data, static_cast<size_t>(byte_count));
            }
            *out_tensor = new_tensor(device.is_cpu() ? std::move(tensor) : tensor.to(device));
        },
        out_tensor);
}

rpt_error *rpt_tensor_borrow(int32_t dtype, const int64_t *sizes, int32_t dimensions, const void *data,
                             int64_t byte_count, rpt_release_callback release, void *context, rpt_tensor **out_tensor) {
    return guard(
        [&] {
            const Quiet quiet;
            const auto type = dtype_from_number(dtype);
            require_plain_dtype(type);
            const auto shape = require_shape(sizes, dimensions, type);
            require_byte_count(byte_count, shape.byte_count, "The shape");
            require_array(data, byte_count, "data");
            if (release == nullptr) {
                invalid("'release' is null; borrowed memory needs to know when it is free again.");
            }
            if (reinterpret_cast<uintptr_t>(data) % c10::elementSize(type) != 0) {
                invalid("'data' is not aligned to ", c10::elementSize(type), " bytes, the size of one ",
                        dtype_name(type), ".");
            }
            auto handle = std::make_unique<rpt_tensor>();
            // Release only once the tensor stands: until then a failure leaves the memory with the caller.
            auto armed = std::make_shared<bool>(false);
            static char s_nothing; // libtorch does not release a null
            handle->tensor = at::from_blob(
                data == nullptr ? &s_nothing : const_cast<void *>(data), shape.sizes,
                [armed, release, context](void *) {
                    if (*armed) {
                        release(context);
                    }
                },
                at::TensorOptions().dtype(type));
            *armed = true;
            *out_tensor = handle.release();
        },
        out_tensor);
}

rpt_error *rpt_tensor_describe(const rpt_tensor *tensor, rpt_tensor_info *info) {
    return guard([&] {
        auto &result = require(info, "info");
        const auto struct_size = result.struct_size;
        if (struct_size < sizeof(rpt_tensor_info)) {
            invalid("rpt_tensor_info.struct_size is ", struct_size, "; it must be ", sizeof(rpt_tensor_info), ".");
        }
        result = rpt_tensor_info{};
        result.struct_size = struct_size;
        const auto &source = tensor_of(tensor);
        const auto device_type = device_type_to_number(source.device().type());
        const bool is_dense = source.layout() == at::kStrided && !source.is_mkldnn();
        result.dtype = dtype_to_number(source.scalar_type());
        result.device_type = device_type;
        result.device_index = source.device().index();
        result.dimensions = static_cast<int32_t>(source.dim());
        result.requires_grad = source.requires_grad();
        result.is_dense = is_dense;
        result.is_contiguous = is_dense && source.is_contiguous();
        result.is_quantized = source.is_quantized();
        result.is_shared = source.has_storage() && (source.storage().use_count() > 1 || source.use_count() > 1);
        result.elements = source.numel();
        result.storage_bytes = is_dense && source.has_storage() ? static_cast<int64_t>(source.storage().nbytes()) : 0;
        result.sizes = source.sizes().data();
        result.strides = is_dense ? source.strides().data() : nullptr;
        // A conjugated or negated view has its elements computed when they are read: its memory does not hold them.
        const bool is_plain = is_dense && device_type == RPT_DEVICE_CPU && !source.is_conj() && !source.is_neg();
        result.data = is_plain ? source.data_ptr() : nullptr;
    });
}

rpt_error *rpt_tensor_copy_to_host(const rpt_tensor *tensor, void *buffer, int64_t byte_count) {
    return guard([&] {
        const auto &source = tensor_of(tensor);
        require_byte_count(byte_count, byte_count_of(source), "The tensor");
        require_array(buffer, byte_count, "buffer");
        if (byte_count > 0) {
            std::memcpy(buffer, to_host(source).data_ptr(), static_cast<size_t>(byte_count));
        }
    });
}

rpt_error *rpt_tensor_copy_from_host(rpt_tensor *tensor, const void *buffer, int64_t byte_count) {
    return guard([&] {
        const Quiet quiet;
        auto &target = require(tensor, "tensor").tensor;
        require_byte_count(byte_count, byte_count_of(target), "The tensor");
        require_array(buffer, byte_count, "buffer");
        if (target.layout() != at::kStrided || target.is_mkldnn() || target.is_quantized()) {
            invalid("Only dense tensors that are not quantized can be overwritten.");
        }
        if (byte_count == 0) {
            return;
        }
        // The buffer may lie at any address, so its bytes are copied to memory of libtorch's own before it reads elements.
        const at::NoGradGuard no_grad;
        auto source = at::empty(target.sizes(), at::TensorOptions().dtype(target.scalar_type()));
        std::memcpy(source.data_ptr(), buffer, static_cast<size_t>(byte_count));
        target.copy_(source);
    });
}

rpt_error *rpt_tensor_to_host(const rpt_tensor *tensor, rpt_tensor **out_tensor) {
    return guard([&] { *out_tensor = new_tensor(to_host(tensor_of(tensor))); }, out_tensor);
}

rpt_error *rpt_tensor_to(const rpt_tensor *tensor, int32_t dtype, int32_t device_type, int32_t device_index,
                         int32_t copy, rpt_tensor **out_tensor) {
    return guard(
        [&] {
            const Quiet quiet;
            const auto &source = tensor_of(tensor);
            const auto type = dtype == -1 ? source.scalar_type() : dtype_from_number(dtype);
            const auto device = optional_device_from_numbers(device_type, device_index).value_or(source.device());
            const at::NoGradGuard no_grad;
            *out_tensor = new_tensor(source.detach().to(device, type, /*non_blocking=*/false, copy != 0));
        },
        out_tensor);
}

rpt_error *rpt_tensor_narrow(const rpt_tensor *tensor, int64_t start, int64_t length, rpt_tensor **out_tensor) {
    return guard(
        [&] {
            const Quiet quiet;
            const auto &source = tensor_of(tensor);
            if (source.dim() == 0) {
                invalid("A tensor without dimensions has no rows.");
            }
            const int64_t rows = source.size(0);
            if (start < 0 || length < 0 || start > rows || length > rows - start) {
                invalid(length, " rows from row ", start, " on are not in a tensor of ", rows, " rows.");
            }
            const at::NoGradGuard no_grad;
            *out_tensor = new_tensor(source.detach().narrow(0, start, length));
        },
        out_tensor);
}

rpt_error *rpt_tensor_concatenate(rpt_tensor *const *tensors, int64_t count, rpt_tensor **out_tensor) {
    return guard<RPT_ERROR_INVALID_ARGUMENT>(
        [&] {
            const Quiet quiet;
            const auto parts = tensors_of(tensors, count, "tensors");
            if (parts.empty()) {
                invalid("There is nothing to concatenate: count is 0.");
            }
            const at::NoGradGuard no_grad;
            *out_tensor = new_tensor(at::cat(parts, 0));
        },
        out_tensor);
}

rpt_error *rpt_tensor_quantization(const rpt_tensor *tensor, double *out_scale, int64_t *out_zero_point) {
    return guard(
        [&] {
            const auto &source = tensor_of(tensor);
            if (!source.is_quantized() || source.qscheme() != at::kPerTensorAffine) {
                invalid("Only a per-tensor quantized tensor has one scale and one zero point; this one is ",
                        source.is_quantized() ? "quantized another way" : describe_tensor(source), ".");
            }
            *out_scale = source.q_scale();
            *out_zero_point = source.q_zero_point();
        },
        out_scale, out_zero_point);
}

rpt_error *rpt_tensor_share(const rpt_tensor *tensor, rpt_tensor **out_tensor) {
    return guard([&] { *out_tensor = new_tensor(tensor_of(tensor)); }, out_tensor);
}

void rpt_tensor_free(rpt_tensor *tensor) { delete tensor; }
