// How many numbers a generator has given between two moments.
#pragma once

#include "error.h"

namespace rpt {

// Where a generator stands.
struct GeneratorMark {
    uint64_t seed = 0;
    int64_t offset = 0;              // CUDA: Philox counts by itself
    at::mt19937_data_pod engine{};   // CPU: the state of MT19937
};

GeneratorMark mark_of(at::Generator generator);

// The 32-bit words drawn from one mark to the other, exactly; -1 when the second is not one that the first leads to (the
// generator was seeded or its state was set in between).
int64_t draws_between(const GeneratorMark &before, const GeneratorMark &after, bool is_cpu);

} // namespace rpt
