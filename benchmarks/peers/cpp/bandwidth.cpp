// How fast one core reads memory: bandwidth BYTES. Two arrays of that size are read in step, as a comparison must read them.
#include "worker.h"

#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace {

constexpr size_t kPage = size_t{2} << 20;

// Huge pages where there are any: what the translation of addresses costs is none of memory's doing.
uint64_t *filled(size_t bytes, uint64_t value) {
    auto *words = static_cast<uint64_t *>(::operator new[]((bytes + kPage - 1) / kPage * kPage, std::align_val_t{kPage}));
#ifdef __linux__
    madvise(words, bytes, MADV_HUGEPAGE);
#endif
    for (size_t i = 0; i < bytes / sizeof *words; i++) {
        words[i] = value + i;
    }
    return words;
}

} // namespace

int main(int, char **arguments) {
    size_t words = std::stoull(arguments[1]) / sizeof(uint64_t);
    const uint64_t *a = filled(words * sizeof(uint64_t), 1);
    const uint64_t *b = filled(words * sizeof(uint64_t), 2);
    volatile uint64_t sink = 0; // keeps the reading from being optimized away
    serve("C++", [&](long calls) {
        for (long call = 0; call < calls; call++) {
            // Independent sums, so that no addition waits for the one before.
            uint64_t sums[32] = {};
            for (size_t i = 0; i + 32 <= words; i += 32) {
                for (size_t lane = 0; lane < 32; lane++) {
                    sums[lane] += a[i + lane] ^ b[i + lane];
                }
            }
            for (uint64_t sum : sums) {
                sink = sink + sum;
            }
        }
    });
}
