// XXH3, 128 bits: what tensors and plain bytes are told apart by.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <string>

namespace rpt {

using Hash = std::array<uint8_t, 16>;

Hash hash_bytes(const void *data, size_t byte_count);
// As reprotorch.h defines it at rpt_tensor_hash.
Hash hash_tensor(const at::Tensor &tensor);
std::string to_hex(const Hash &hash);

} // namespace rpt
