#include "error.h"
#include "warnings.h"

#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>

#if defined(__x86_64__) || defined(_M_X64) || defined(__i386__)
#include <xmmintrin.h>
#define RPT_HAS_MXCSR 1
#endif

namespace rpt {
namespace {

// OpenMP keeps the number of threads per thread, so at::set_num_threads reaches the calling one and those that have not
// run anything parallel yet. The last number asked for is therefore kept here, with a count of how often it was set, and
// each thread that enters the library catches up.
std::atomic<int32_t> s_threads{0};
std::atomic<uint32_t> s_threads_version{0};
thread_local uint32_t t_threads_version = 0;

void set_threads(int32_t threads) {
    s_threads.store(threads);
    s_threads_version.fetch_add(1);
    at::set_num_threads(threads);
    t_threads_version = s_threads_version.load();
}

// Whether results smaller than the smallest normal number are made zero on this thread; -1 where that cannot be told.
int32_t flush_denormal() {
#if defined(RPT_HAS_MXCSR)
    constexpr unsigned flush_to_zero = 0x8000;
    constexpr unsigned denormals_are_zero = 0x0040;
    return (_mm_getcsr() & (flush_to_zero | denormals_are_zero)) == (flush_to_zero | denormals_are_zero);
#elif defined(__aarch64__) && !defined(_MSC_VER)
    uint64_t control = 0;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    return (control >> 24 & 1U) != 0;
#else
    return -1;
#endif
}

int32_t algorithms() {
    const auto &context = at::globalContext();
    return !context.deterministicAlgorithms() ? 0 : context.deterministicAlgorithmsWarnOnly() ? 1 : 2;
}

int32_t matmul_precision() {
    switch (at::globalContext().float32MatmulPrecision()) {
    case at::Float32MatmulPrecision::HIGHEST: return 0;
    case at::Float32MatmulPrecision::HIGH: return 1;
    case at::Float32MatmulPrecision::MEDIUM: return 2;
    }
    return -1;
}

void read(rpt_determinism &settings) {
    auto &context = at::globalContext();
    settings.algorithms = algorithms();
    settings.cudnn_enabled = context.userEnabledCuDNN();
    settings.cudnn_benchmark = context.benchmarkCuDNN();
    settings.cudnn_deterministic = context.deterministicCuDNN();
    settings.cudnn_allow_tf32 = context.allowTF32CuDNN();
    settings.cublas_allow_tf32 = context.allowTF32CuBLAS();
    settings.matmul_precision = matmul_precision();
    settings.fill_uninitialized_memory = fill_uninitialized_memory();
    settings.mkldnn_enabled = context.userEnabledMkldnn();
    settings.flush_denormal = flush_denormal();
    settings.threads = at::get_num_threads();
    settings.interop_threads = at::get_num_interop_threads();
}

void require_range(int32_t value, int32_t largest, const char *name) {
    if (value < -1 || value > largest) {
        invalid("rpt_determinism.", name, " is ", value, "; it goes from 0 to ", largest,
                ", and -1 leaves the switch as it is.");
    }
}

void require_threads(int32_t value, const char *name) {
    if (value != -1 && value < 1) {
        invalid("rpt_determinism.", name, " is ", value, "; it is at least 1, and -1 leaves it as it is.");
    }
}

void require_settings(const rpt_determinism &settings) {
    require_range(settings.algorithms, 2, "algorithms");
    require_range(settings.cudnn_enabled, 1, "cudnn_enabled");
    require_range(settings.cudnn_benchmark, 1, "cudnn_benchmark");
    require_range(settings.cudnn_deterministic, 1, "cudnn_deterministic");
    require_range(settings.cudnn_allow_tf32, 1, "cudnn_allow_tf32");
    require_range(settings.cublas_allow_tf32, 1, "cublas_allow_tf32");
    require_range(settings.matmul_precision, 2, "matmul_precision");
    require_range(settings.fill_uninitialized_memory, 1, "fill_uninitialized_memory");
    require_range(settings.mkldnn_enabled, 1, "mkldnn_enabled");
    require_range(settings.flush_denormal, 1, "flush_denormal");
    require_threads(settings.threads, "threads");
    require_threads(settings.interop_threads, "interop_threads");
    if (settings.fill_uninitialized_memory == 1 && !has_fill_uninitialized_memory) {
        invalid("rpt_determinism.fill_uninitialized_memory needs libtorch 2.1 or later; this is ", TORCH_VERSION, ".");
    }
    if (settings.flush_denormal == 1 && flush_denormal() == -1) {
        invalid("rpt_determinism.flush_denormal: this CPU or compiler cannot flush denormal numbers.");
    }
    // libtorch keeps one precision for both: TF32 is allowed exactly when the precision is not the highest.
    if (settings.cublas_allow_tf32 != -1 && settings.matmul_precision != -1 &&
        (settings.cublas_allow_tf32 == 1) != (settings.matmul_precision != 0)) {
        invalid("rpt_determinism.cublas_allow_tf32 is ", settings.cublas_allow_tf32, " and matmul_precision is ",
                settings.matmul_precision, "; they contradict each other: TF32 is allowed exactly when the precision is "
                "not 0 (highest).");
    }
}

void write(const rpt_determinism &settings) {
    auto &context = at::globalContext();
    // First, because it alone can fail.
    if (settings.interop_threads != -1 && settings.interop_threads != at::get_num_interop_threads()) {
        try {
            at::set_num_interop_threads(settings.interop_threads);
        } catch (const c10::Error &) {
            invalid("rpt_determinism.interop_threads is ", settings.interop_threads, ", but it can be set only once and "
                    "before parallel work has started; it stays ", at::get_num_interop_threads(),
                    ". Set it first thing in a new process. Nothing was set.");
        }
    }
    if (settings.algorithms != -1) {
        context.setDeterministicAlgorithms(settings.algorithms != 0, settings.algorithms == 1);
    }
    if (settings.cudnn_enabled != -1) {
        context.setUserEnabledCuDNN(settings.cudnn_enabled == 1);
    }
    if (settings.cudnn_benchmark != -1) {
        context.setBenchmarkCuDNN(settings.cudnn_benchmark == 1);
    }
    if (settings.cudnn_deterministic != -1) {
        context.setDeterministicCuDNN(settings.cudnn_deterministic == 1);
    }
    if (settings.cudnn_allow_tf32 != -1) {
        context.setAllowTF32CuDNN(settings.cudnn_allow_tf32 == 1);
    }
    if (settings.cublas_allow_tf32 != -1) {
        context.setAllowTF32CuBLAS(settings.cublas_allow_tf32 == 1);
    }
    if (settings.matmul_precision != -1) {
        constexpr const char *precisions[] = {"highest", "high", "medium"};
        context.setFloat32MatmulPrecision(std::string(precisions[settings.matmul_precision]));
    }
    if (settings.fill_uninitialized_memory != -1) {
        set_fill_uninitialized_memory(settings.fill_uninitialized_memory == 1);
    }
    if (settings.mkldnn_enabled != -1) {
        context.setUserEnabledMkldnn(settings.mkldnn_enabled == 1);
    }
    if (settings.flush_denormal != -1) {
        at::globalContext().setFlushDenormal(settings.flush_denormal == 1);
    }
    if (settings.threads != -1 && settings.threads != at::get_num_threads()) {
        set_threads(settings.threads);
    }
}

template <typename Settings>
Settings &require_settings_struct(Settings *settings) {
    auto &result = require(settings, "settings");
    if (result.struct_size < sizeof(rpt_determinism)) {
        invalid("rpt_determinism.struct_size is ", result.struct_size, "; it must be ", sizeof(rpt_determinism), ".");
    }
    return result;
}

} // namespace

void enter_thread() {
    capture_warnings();
    const uint32_t version = s_threads_version.load(std::memory_order_relaxed);
    if (t_threads_version != version) {
        t_threads_version = version;
        at::set_num_threads(s_threads.load());
    }
}

} // namespace rpt

using namespace rpt;

rpt_error *rpt_determinism_get(rpt_determinism *settings) {
    return guard([&] { read(require_settings_struct(settings)); });
}

rpt_error *rpt_determinism_set(const rpt_determinism *settings) {
    return guard([&] {
        const auto &wanted = require_settings_struct(settings);
        require_settings(wanted);
        write(wanted);
    });
}
