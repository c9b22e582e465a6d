#include "handles.h"

#include "warnings.h"

#include <cstdlib>
#include <limits>

namespace rpt {

void require_array(const void *items, int64_t count, const char *name) {
    if (count < 0) {
        invalid("The count of '", name, "' is ", count, ".");
    }
    if (count > 0 && items == nullptr) {
        invalid("'", name, "' is null, but its count is ", count, ".");
    }
}

std::vector<c10::IValue> values_of(rpt_value *const *items, int64_t count, const char *name) {
    require_array(items, count, name);
    std::vector<c10::IValue> values;
    values.reserve(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) {
        if (items[i] == nullptr) {
            invalid("'", name, "' is null at index ", i, "; None is a value of its own (rpt_value_from_none).");
        }
        values.push_back(items[i]->value);
    }
    return values;
}

} // namespace rpt

using namespace rpt;

uint32_t rpt_abi_version(void) { return RPT_ABI_VERSION; }

const char *rpt_torch_version_built(void) { return TORCH_VERSION; }

const char *rpt_torch_version_loaded(void) {
    static const std::string s_version = []() noexcept -> std::string {
        try {
            const auto summary = at::show_config();
            const std::string key = "TORCH_VERSION=";
            const auto start = summary.find(key);
            if (start == std::string::npos) {
                return {};
            }
            const auto first = start + key.size();
            return summary.substr(first, summary.find_first_of(", \n", first) - first);
        } catch (...) {
            return {};
        }
    }();
    return s_version.c_str();
}

rpt_error *rpt_warnings_take(char ***out_texts, int64_t *out_count) {
    return guard(
        [&] {
            const auto warnings = take_warnings();
            if (warnings.empty()) {
                return;
            }
            auto **texts = static_cast<char **>(std::calloc(warnings.size(), sizeof(char *)));
            if (texts == nullptr) {
                throw std::bad_alloc();
            }
            try {
                for (size_t i = 0; i < warnings.size(); ++i) {
                    texts[i] = copy_text(warnings[i]);
                }
            } catch (...) {
                rpt_warnings_free(texts, static_cast<int64_t>(warnings.size()));
                throw;
            }
            *out_texts = texts;
            *out_count = static_cast<int64_t>(warnings.size());
        },
        out_texts, out_count);
}

void rpt_warnings_free(char **texts, int64_t count) {
    if (texts == nullptr) {
        return;
    }
    for (int64_t i = 0; i < count; ++i) {
        std::free(texts[i]);
    }
    std::free(texts);
}

rpt_error *rpt_warnings_set_always(int32_t always) {
    return guard([&] { warning_api::set_warnAlways(always != 0); });
}

rpt_error *rpt_environment_get(const char *name, char **out_value) {
    return guard(
        [&] {
            const char *value = std::getenv(&require(name, "name"));
            *out_value = value == nullptr ? nullptr : copy_text(value);
        },
        out_value);
}

rpt_error *rpt_environment_set(const char *name, const char *value) {
    return guard([&] {
        const auto key = require_text(name, "name");
        if (key.empty() || key.find('=') != std::string::npos) {
            invalid("'", key, "' cannot be the name of an environment variable.");
        }
#if defined(_WIN32)
        const int failed = _putenv_s(key.c_str(), value == nullptr ? "" : value);
#else
        const int failed = value == nullptr ? unsetenv(key.c_str()) : setenv(key.c_str(), value, 1);
#endif
        if (failed != 0) {
            fail(RPT_ERROR_INTERNAL, "The environment variable '", key, "' could not be set.");
        }
    });
}

rpt_error *rpt_torch_build_summary(char **out_text) {
    return guard([&] { *out_text = copy_text(at::show_config()); }, out_text);
}

rpt_error *rpt_torch_parallel_summary(char **out_text) {
    return guard([&] { *out_text = copy_text(at::get_parallel_info()); }, out_text);
}

rpt_error *rpt_torch_cpu_capability(char **out_text) {
    return guard(
        [&] {
            auto capability = cpu_capability();
            if (capability.empty()) {
                const std::string key = "CPU capability usage: ";
                const auto summary = at::show_config();
                const auto start = summary.find(key);
                if (start == std::string::npos) {
                    fail(RPT_ERROR_INTERNAL, "libtorch's build summary does not tell the CPU capability.");
                }
                const auto first = start + key.size();
                capability = summary.substr(first, summary.find('\n', first) - first);
            }
            *out_text = copy_text(capability == "NO AVX" ? "DEFAULT" : capability);
        },
        out_text);
}
