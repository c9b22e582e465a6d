#include "draws.h"
#include "hash.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <vector>

namespace rpt {
namespace {

constexpr int c_words = at::MERSENNE_STATE_N;
constexpr int c_middle = at::MERSENNE_STATE_M;

// Some 6 * 10^9 words: no operator draws more at once in memory that a machine has.
constexpr int64_t c_most_blocks = 10'000'000;

using Block = std::array<uint32_t, c_words>;

// The next block of words: M. Matsumoto, T. Nishimura, "Mersenne Twister", ACM TOMACS 8(1), 1998.
void advance(Block &words) {
    const auto twist = [](uint32_t upper, uint32_t lower) {
        const uint32_t mixed = (upper & 0x80000000U) | (lower & 0x7fffffffU);
        return (mixed >> 1) ^ ((lower & 1U) != 0 ? 0x9908b0dfU : 0U);
    };
    for (int i = 0; i < c_words - c_middle; ++i) {
        words[i] = words[i + c_middle] ^ twist(words[i], words[i + 1]);
    }
    for (int i = c_words - c_middle; i < c_words - 1; ++i) {
        words[i] = words[i + c_middle - c_words] ^ twist(words[i], words[i + 1]);
    }
    words[c_words - 1] = words[c_middle - 1] ^ twist(words[c_words - 1], words[0]);
}

int64_t s_seedings = 0;

// How many words of its block an engine has given. A seeded one has given none of a block that is not made yet: its
// state is that from which the first block comes, and all of it counts as given.
int64_t given(const at::mt19937_data_pod &engine) {
    return engine.left_ == 1 && engine.next_ == 0 ? c_words : static_cast<int64_t>(engine.next_);
}

int64_t words_between(const at::mt19937_data_pod &before, const at::mt19937_data_pod &after) {
    if (before.state_ == after.state_) {
        return given(after) - given(before);
    }
    Block words;
    std::copy(before.state_.begin(), before.state_.end(), words.begin());
    int64_t count = c_words - given(before);
    for (int64_t block = 0; block < c_most_blocks; ++block) {
        advance(words);
        if (std::equal(words.begin(), words.end(), after.state_.begin())) {
            return count + given(after);
        }
        count += c_words;
    }
    return -1;
}

} // namespace

GeneratorMark mark_of(at::Generator generator, bool may_wait) {
    GeneratorMark mark;
    std::unique_lock<std::mutex> lock(generator.mutex(), std::defer_lock);
    if (may_wait) {
        lock.lock();
    } else if (!lock.try_lock()) {
        mark.is_known = false;
        return mark;
    }
    mark.seed = generator.current_seed();
    if (generator.device().is_cpu()) {
        auto *cpu = generator.get<at::CPUGeneratorImpl>();
        mark.engine = cpu->engine().data();
        mark.spare_float = cpu->next_float_normal_sample();
        mark.spare_double = cpu->next_double_normal_sample();
    } else {
        // Philox: 8 bytes of seed, 8 of offset; older releases put padding before them.
        const auto state = generator.get_state();
        std::memcpy(&mark.offset, static_cast<const uint8_t *>(state.data_ptr()) + state.numel() - 8, sizeof mark.offset);
    }
    return mark;
}

int64_t draws_between(const GeneratorMark &before, const GeneratorMark &after, bool is_cpu) {
    if (!before.is_known || !after.is_known) {
        return 0;
    }
    if (before.seed != after.seed) {
        return -1;
    }
    const int64_t count = is_cpu ? words_between(before.engine, after.engine) : after.offset - before.offset;
    return count < 0 ? -1 : count;
}

bool spare_changed(const GeneratorMark &before, const GeneratorMark &after) {
    return before.is_known && after.is_known &&
           (before.spare_float != after.spare_float || before.spare_double != after.spare_double);
}

std::string place_of(const GeneratorMark &mark, bool is_cpu) {
    constexpr size_t c_digits = 16;
    std::vector<uint8_t> bytes;
    const auto add = [&](const void *data, size_t count) {
        const auto *from = static_cast<const uint8_t *>(data);
        bytes.insert(bytes.end(), from, from + count);
    };
    if (is_cpu) {
        const auto taken = given(mark.engine);
        add(mark.engine.state_.data(), sizeof mark.engine.state_);
        add(&taken, sizeof taken);
        if (mark.spare_float.has_value()) {
            add(&*mark.spare_float, sizeof(float));
        }
        if (mark.spare_double.has_value()) {
            add(&*mark.spare_double, sizeof(double));
        }
    } else {
        add(&mark.seed, sizeof mark.seed);
        add(&mark.offset, sizeof mark.offset);
    }
    return to_hex(hash_bytes(bytes.data(), bytes.size())).substr(0, c_digits);
}

Gate &generator_gate() {
    static Gate s_gate;
    return s_gate;
}

int64_t seedings() { return s_seedings; }

Seeding::Seeding() : _gate(generator_gate()) { ++s_seedings; }

} // namespace rpt
