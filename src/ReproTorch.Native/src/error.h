// How failures travel: `fail` and everything that libtorch throws end in `guard`, which every exported function is
// wrapped in, and leave as an rpt_error.
#pragma once

#include "torch_compat.h"

#include "reprotorch.h"

#include <exception>
#include <string>
#include <utility>

struct rpt_error {
    int32_t kind;
    std::string message;
    std::string backtrace;
};

namespace rpt {

// An exception of our own that knows its kind.
class Failure final : public std::exception {
public:
    Failure(rpt_error_kind kind, std::string message, std::string backtrace = {})
        : kind(kind), message(std::move(message)), backtrace(std::move(backtrace)) {}

    const char *what() const noexcept override { return message.c_str(); }

    rpt_error_kind kind;
    std::string message;
    std::string backtrace;
};

template <typename... Parts>
[[noreturn]] void fail(rpt_error_kind kind, const Parts &...parts) {
    throw Failure(kind, c10::str(parts...));
}

template <typename... Parts>
[[noreturn]] void invalid(const Parts &...parts) {
    fail(RPT_ERROR_INVALID_ARGUMENT, parts...);
}

// The object behind a pointer that must not be null.
template <typename Object>
Object &require(Object *object, const char *name) {
    if (object == nullptr) {
        invalid("'", name, "' is null, but an object is needed.");
    }
    return *object;
}

// A copy of a string that must not be null.
std::string require_text(const char *text, const char *name);

// Bytes with a zero byte after them, to be freed with rpt_string_free.
char *copy_text(const char *text, size_t byte_count);
char *copy_text(const std::string &text);

// The error for the exception being handled. `otherwise` is the kind of what does not tell its kind itself.
rpt_error *error_from_exception(rpt_error_kind otherwise) noexcept;
rpt_error *error_from_null_output() noexcept;

// What must be set on a thread before libtorch runs on it: see library.cpp and determinism.cpp.
void enter_thread();

// Runs the body of an exported function. No exception leaves; on failure every output is null or zero.
template <rpt_error_kind otherwise = RPT_ERROR_INTERNAL, typename Body, typename... Outputs>
rpt_error *guard(Body &&body, Outputs *...outputs) noexcept {
    const auto clear = [&] { ((outputs == nullptr ? void() : void(*outputs = Outputs{})), ...); };
    clear();
    if (((outputs == nullptr) || ...)) {
        return error_from_null_output();
    }
    try {
        enter_thread();
        body();
        return nullptr;
    } catch (...) {
        clear();
        return error_from_exception(otherwise);
    }
}

} // namespace rpt
