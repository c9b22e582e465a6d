// How many numbers a generator has given between two moments.
#pragma once

#include "error.h"

#include <mutex>
#include <string>

namespace rpt {

// Where a generator stands.
struct GeneratorMark {
    uint64_t seed = 0;
    bool is_known = true;            // false where the generator was locked
    int64_t offset = 0;              // CUDA: Philox counts by itself
    at::mt19937_data_pod engine{};   // CPU: the state of MT19937
    // CPU: the second of a pair of normal numbers, kept for the next single one (Box and Muller's method gives two).
    c10::optional<float> spare_float;
    c10::optional<double> spare_double;
};

// may_wait: whether to wait for a generator that is locked. A kernel may hold the lock of its generator while it calls
// operators, so that only who is called by no operator may wait.
GeneratorMark mark_of(at::Generator generator, bool may_wait);

// The 32-bit words drawn from one mark to the other, exactly; -1 when the second is not one that the first leads to (the
// generator was seeded or its state was set in between); 0 where a mark is not known.
int64_t draws_between(const GeneratorMark &before, const GeneratorMark &after, bool is_cpu);

// Whether a kept normal number was made or taken: taking one draws no word, and yet moves the stream.
bool spare_changed(const GeneratorMark &before, const GeneratorMark &after);

// A text for the place in its stream at which a generator stood: from equal ones the same numbers come.
std::string place_of(const GeneratorMark &mark, bool is_cpu);

// Held by an operator that draws for as long as it runs, while operators are recorded, and by this library's functions
// that seed a generator or set its state: what one thread drew can then be told from what another did.
using Gate = std::recursive_timed_mutex;
Gate &generator_gate();

// How often this library's functions have seeded a generator or set its state. Read it with the gate held.
int64_t seedings();

// Around what seeds a generator or sets its state.
class Seeding {
public:
    Seeding();

private:
    std::lock_guard<Gate> _gate;
};

} // namespace rpt
