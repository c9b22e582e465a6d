#include "error.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace rpt {
namespace {

// Handed out when there is no memory left for an error; rpt_error_free knows it.
rpt_error s_out_of_memory{RPT_ERROR_OUT_OF_MEMORY, "Out of memory.", ""};

bool contains(const std::string &text, const char *part) { return text.find(part) != std::string::npos; }

// The interpreter turns every exception of an operator into a std::runtime_error with the model's stack in front, so
// for those the text is all that tells what happened.
rpt_error_kind kind_from_text(const std::string &message, rpt_error_kind otherwise) {
    if (contains(message, "does not have a deterministic implementation") ||
        contains(message, "Deterministic behavior was enabled with either")) {
        return RPT_ERROR_NONDETERMINISTIC;
    }
    if (contains(message, "DefaultCPUAllocator: can't allocate") ||
        contains(message, "DefaultCPUAllocator: not enough memory") || contains(message, "CUDA out of memory") ||
        contains(message, "std::bad_alloc")) {
        return RPT_ERROR_OUT_OF_MEMORY;
    }
    if (contains(message, "INTERNAL ASSERT FAILED")) {
        return RPT_ERROR_INTERNAL;
    }
    if (otherwise == RPT_ERROR_INTERNAL &&
        contains(message, "The following operation failed in the TorchScript interpreter")) {
        return RPT_ERROR_OPERATOR;
    }
    return otherwise;
}

Failure failure_from_exception(rpt_error_kind otherwise) {
    const auto operator_or = [&] { return otherwise == RPT_ERROR_INTERNAL ? RPT_ERROR_OPERATOR : otherwise; };
    const auto from_error = [](const c10::Error &error, rpt_error_kind kind) {
        std::string message = error.what_without_backtrace();
        kind = kind_from_text(message, kind);
        return Failure(kind, std::move(message), error.backtrace());
    };
    try {
        throw;
    } catch (Failure &failure) {
        return std::move(failure);
    } catch (const std::bad_alloc &) {
        return Failure(RPT_ERROR_OUT_OF_MEMORY, "Out of memory: the process cannot get the memory that this call needs.");
    } catch (const c10::OutOfMemoryError &error) {
        return Failure(RPT_ERROR_OUT_OF_MEMORY, error.what_without_backtrace(), error.backtrace());
    } catch (const torch::jit::ErrorReport &report) {
        return Failure(RPT_ERROR_SCRIPT_SOURCE, report.what());
    } catch (const torch::jit::JITException &exception) {
        return Failure(RPT_ERROR_SCRIPT_RAISE, exception.what());
    } catch (const c10::IndexError &error) {
        return from_error(error, RPT_ERROR_INVALID_ARGUMENT);
    } catch (const c10::ValueError &error) {
        return from_error(error, RPT_ERROR_INVALID_ARGUMENT);
    } catch (const c10::TypeError &error) {
        return from_error(error, RPT_ERROR_INVALID_ARGUMENT);
    } catch (const c10::Error &error) {
        return from_error(error, operator_or());
    } catch (const torch::jit::ObjectAttributeError &error) {
        return Failure(RPT_ERROR_INVALID_ARGUMENT, error.what());
    } catch (const std::exception &exception) {
        std::string message = exception.what();
        const auto kind = kind_from_text(message, otherwise);
        return Failure(kind, std::move(message));
    } catch (...) {
        return Failure(RPT_ERROR_INTERNAL, "An exception of unknown type was thrown.");
    }
}

} // namespace

std::string require_text(const char *text, const char *name) {
    require(text, name);
    return text;
}

char *copy_text(const char *text, size_t byte_count) {
    auto *copy = static_cast<char *>(std::malloc(byte_count + 1));
    if (copy == nullptr) {
        throw std::bad_alloc();
    }
    if (byte_count > 0) {
        std::memcpy(copy, text, byte_count);
    }
    copy[byte_count] = '\0';
    return copy;
}

char *copy_text(const std::string &text) { return copy_text(text.data(), text.size()); }

rpt_error *error_from_exception(rpt_error_kind otherwise) noexcept {
    try {
        auto failure = failure_from_exception(otherwise);
        return new rpt_error{failure.kind, std::move(failure.message), std::move(failure.backtrace)};
    } catch (...) {
        return &s_out_of_memory;
    }
}

rpt_error *error_from_null_output() noexcept {
    try {
        return new rpt_error{RPT_ERROR_INVALID_ARGUMENT, "An out_ parameter is null; the result needs a place to go.", ""};
    } catch (...) {
        return &s_out_of_memory;
    }
}

} // namespace rpt

int32_t rpt_error_code(const rpt_error *error) { return error == nullptr ? int32_t{RPT_ERROR_NONE} : error->kind; }

const char *rpt_error_message(const rpt_error *error) { return error == nullptr ? "" : error->message.c_str(); }

const char *rpt_error_backtrace(const rpt_error *error) { return error == nullptr ? "" : error->backtrace.c_str(); }

void rpt_error_free(rpt_error *error) {
    if (error != &rpt::s_out_of_memory) {
        delete error;
    }
}

void rpt_string_free(char *text) { std::free(text); }
