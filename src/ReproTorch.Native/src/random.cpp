#include "draws.h"
#include "dtype.h"
#include "handles.h"

#include <cstring>
#include <mutex>

namespace rpt {
namespace {

// torch.Generator() starts from this seed on every device.
constexpr uint64_t c_unseeded = c10::default_rng_seed_val;

const at::Generator &default_generator(int32_t device_type, int32_t device_index) {
    const auto device = device_from_numbers(device_type, device_index);
    if (device.is_meta()) {
        invalid("The device 'meta' has no generator: it computes nothing.");
    }
    return at::globalContext().defaultGenerator(device);
}

// Generator's methods are not const, but what is behind one is shared anyway.
at::Generator generator_of(const rpt_generator *generator) { return require(generator, "generator").generator; }

} // namespace
} // namespace rpt

using namespace rpt;

rpt_error *rpt_seed_all(uint64_t seed) {
    return guard([&] {
        const Seeding seeding;
        at::manual_seed(seed);
    });
}

rpt_error *rpt_generator_default(int32_t device_type, int32_t device_index, rpt_generator **out_generator) {
    return guard([&] { *out_generator = new rpt_generator{default_generator(device_type, device_index)}; }, out_generator);
}

rpt_error *rpt_generator_create(int32_t device_type, int32_t device_index, rpt_generator **out_generator) {
    return guard(
        [&] {
            // A clone seeded anew is what torch.Generator makes, and needs no header of the device's back end.
            auto source = default_generator(device_type, device_index);
            at::Generator generator;
            {
                const std::lock_guard<std::mutex> lock(source.mutex());
                generator = source.clone();
            }
            generator.set_current_seed(c_unseeded);
            *out_generator = new rpt_generator{std::move(generator)};
        },
        out_generator);
}

rpt_error *rpt_generator_seed(rpt_generator *generator, uint64_t seed) {
    return guard([&] {
        auto target = generator_of(generator);
        const Seeding seeding;
        const std::lock_guard<std::mutex> lock(target.mutex());
        target.set_current_seed(seed);
    });
}

rpt_error *rpt_generator_initial_seed(const rpt_generator *generator, uint64_t *out_seed) {
    return guard(
        [&] {
            auto source = generator_of(generator);
            const std::lock_guard<std::mutex> lock(source.mutex());
            *out_seed = source.current_seed();
        },
        out_seed);
}

rpt_error *rpt_generator_get_state(const rpt_generator *generator, void *buffer, int64_t capacity,
                                   int64_t *out_byte_count) {
    return guard(
        [&] {
            auto source = generator_of(generator);
            at::Tensor state;
            {
                const std::lock_guard<std::mutex> lock(source.mutex());
                state = source.get_state();
            }
            const int64_t byte_count = state.numel();
            if (buffer != nullptr) {
                if (capacity < byte_count) {
                    invalid("The state has ", byte_count, " bytes, but the buffer's capacity is ", capacity, ".");
                }
                std::memcpy(buffer, state.contiguous().data_ptr(), static_cast<size_t>(byte_count));
            }
            *out_byte_count = byte_count;
        },
        out_byte_count);
}

rpt_error *rpt_generator_set_state(rpt_generator *generator, const void *state, int64_t byte_count) {
    return guard<RPT_ERROR_INVALID_ARGUMENT>([&] {
        auto target = generator_of(generator);
        require_array(state, byte_count, "state");
        auto bytes = at::empty({byte_count}, at::TensorOptions().dtype(at::kByte));
        if (byte_count > 0) {
            std::memcpy(bytes.data_ptr(), state, static_cast<size_t>(byte_count));
        }
        const Seeding seeding;
        const std::lock_guard<std::mutex> lock(target.mutex());
        target.set_state(bytes);
    });
}

void rpt_generator_free(rpt_generator *generator) { delete generator; }
