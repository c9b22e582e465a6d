// How many numbers a generator has given between two moments.
#pragma once

#include "error.h"

namespace rpt {

// Where a generator stands.
struct GeneratorMark {
    uint64_t seed = 0;
    bool is_known = true;            // false where the generator was locked
    int64_t offset = 0;              // CUDA: Philox counts by itself
    at::mt19937_data_pod engine{};   // CPU: the state of MT19937
};

// may_wait: whether to wait for a generator that is locked. A kernel may hold the lock of its generator while it calls
// operators, so that only who is called by no operator may wait.
GeneratorMark mark_of(at::Generator generator, bool may_wait);

// The 32-bit words drawn from one mark to the other, exactly; -1 when the second is not one that the first leads to (the
// generator was seeded or its state was set in between); 0 where a mark is not known.
int64_t draws_between(const GeneratorMark &before, const GeneratorMark &after, bool is_cpu);

} // namespace rpt
