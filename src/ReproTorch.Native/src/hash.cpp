#include "hash.h"

#include "dtype.h"
#include "error.h"
#include "tensor.h"

#include <cstring>

// Inlined into this file, so that nothing has to be linked and a system library of another version cannot get in.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace rpt {
namespace {

Hash canonical(XXH128_hash_t hash) {
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, hash);
    Hash result;
    static_assert(sizeof bytes.digest == sizeof(Hash), "XXH3 128 has 16 bytes");
    std::memcpy(result.data(), bytes.digest, result.size());
    return result;
}

template <typename Integer>
void append_little_endian(std::string &bytes, Integer value) {
    for (size_t i = 0; i < sizeof value; ++i) {
        bytes += static_cast<char>(static_cast<uint64_t>(value) >> (8 * i) & 0xFFU);
    }
}

} // namespace

Hash hash_bytes(const void *data, size_t byte_count) { return canonical(XXH3_128bits(data, byte_count)); }

Hash hash_tensor(const at::Tensor &tensor) {
    const auto host = to_host(tensor);
    std::string head;
    append_little_endian(head, dtype_to_number(host.scalar_type()));
    append_little_endian(head, static_cast<int32_t>(host.dim()));
    for (const int64_t size : host.sizes()) {
        append_little_endian(head, size);
    }
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, head.data(), head.size());
    const auto byte_count = static_cast<size_t>(host.numel()) * host.element_size();
    if (byte_count > 0) {
        XXH3_128bits_update(&state, host.data_ptr(), byte_count);
    }
    return canonical(XXH3_128bits_digest(&state));
}

std::string to_hex(const Hash &hash) {
    static const char s_digits[] = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : hash) {
        text += s_digits[byte >> 4];
        text += s_digits[byte & 15];
    }
    return text;
}

} // namespace rpt

rpt_error *rpt_tensor_hash(const rpt_tensor *tensor, uint8_t out_hash[16]) {
    using namespace rpt;
    return guard([&] {
        std::memset(&require(out_hash, "out_hash"), 0, sizeof(Hash));
        const auto hash = hash_tensor(tensor_of(tensor));
        std::memcpy(out_hash, hash.data(), hash.size());
    });
}

rpt_error *rpt_hash_bytes(const void *data, int64_t byte_count, uint8_t out_hash[16]) {
    using namespace rpt;
    return guard([&] {
        std::memset(&require(out_hash, "out_hash"), 0, sizeof(Hash));
        require_array(data, byte_count, "data");
        const auto hash = hash_bytes(data, static_cast<size_t>(byte_count));
        std::memcpy(out_hash, hash.data(), hash.size());
    });
}
