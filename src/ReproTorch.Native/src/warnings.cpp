#include "warnings.h"

#include "error.h"

#include <mutex>
#include <new>
#include <thread>

namespace rpt {
namespace {

// What nobody takes must not grow without end.
constexpr size_t c_longest_queue = 1000;

class WarningQueue {
public:
    void add(std::string text) {
        if (_texts.size() < c_longest_queue) {
            _texts.push_back(std::move(text));
        } else {
            ++_dropped;
        }
    }

    void take_into(std::vector<std::string> &texts) {
        for (auto &text : _texts) {
            texts.push_back(std::move(text));
        }
        if (_dropped > 0) {
            texts.push_back(c10::str(_dropped, " further warnings were dropped."));
        }
        _texts.clear();
        _dropped = 0;
    }

private:
    std::vector<std::string> _texts;
    size_t _dropped = 0;
};

// A thread has a queue of its own once it has called this library; all others are libtorch's own and share one.
thread_local bool t_is_caller = false;
thread_local WarningQueue t_queue;
std::mutex s_foreign_mutex;
WarningQueue s_foreign_queue;

void queue_text(std::string text) {
    if (t_is_caller) {
        t_queue.add(std::move(text));
    } else {
        const std::lock_guard<std::mutex> lock(s_foreign_mutex);
        s_foreign_queue.add(std::move(text));
    }
}

class QueueingHandler final : public WarningReceiver {
    void receive(const std::string &message) override { queue_text(message); }
};

// libtorch keeps the handler per thread, and a thread that it starts itself (torch.jit.fork) has one static base
// handler, which prints and cannot be exchanged through the API. Its object is a virtual table and nothing else, so
// ours is built in its place: every thread that did not choose another handler then queues.
static_assert(sizeof(QueueingHandler) == sizeof(c10::WarningHandler) && sizeof(c10::WarningHandler) == sizeof(void *),
              "c10::WarningHandler has gained members: it can no longer be replaced in place.");

void replace_base_handler() {
    c10::WarningHandler *base = nullptr;
    std::thread([&base] { base = warning_api::get_warning_handler(); }).join(); // a fresh thread has the base handler
    new (base) QueueingHandler();
}

} // namespace

void capture_warnings() {
    static const bool s_once = [] {
        replace_base_handler();
        // What a model prints with print() would go to standard output, which belongs to the caller.
        torch::jit::setPrintHandler([](const std::string &text) { queue_text(text); });
        return true;
    }();
    static_cast<void>(s_once);
    t_is_caller = true;
}

std::vector<std::string> take_warnings() {
    std::vector<std::string> texts;
    t_queue.take_into(texts);
    const std::lock_guard<std::mutex> lock(s_foreign_mutex);
    s_foreign_queue.take_into(texts);
    return texts;
}

} // namespace rpt
