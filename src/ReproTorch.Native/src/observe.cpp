#include "draws.h"
#include "dtype.h"
#include "handles.h"
#include "hash.h"
#include "json.h"
#include "tensor.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace rpt {
namespace {

using Clock = std::chrono::steady_clock;

// How long an operator within another waits until those that draw in other threads have ended.
constexpr std::chrono::seconds c_patience{10};

// Long lists of numbers are told by their beginning.
constexpr size_t c_most_items = 16;

// How much of one result is hashed at most to look for the rows of a batch within larger dimensions.
constexpr size_t c_row_view_bytes = size_t{1} << 25;

std::string device_suffix(const c10::Device &device) { return device.is_cpu() ? std::string() : " " + device.str(); }

std::string describe(const at::Tensor &tensor) {
    if (!tensor.defined()) {
        return "None";
    }
    std::string text = dtype_name(tensor.scalar_type());
    text += " (";
    for (int64_t d = 0; d < tensor.dim(); ++d) {
        text += (d == 0 ? "" : ", ") + std::to_string(tensor.size(d));
    }
    return text + ")" + device_suffix(tensor.device());
}

// What an argument or a result is: a tensor by its type, a number by its value.
std::string describe(const c10::IValue &value) {
    if (value.isTensor()) {
        return describe(value.toTensor());
    }
    if (value.isNone()) {
        return "None";
    }
    if (value.isBool()) {
        return value.toBool() ? "True" : "False";
    }
    if (value.isInt()) {
        return std::to_string(value.toInt());
    }
    if (value.isDouble()) {
        char text[32];
        std::snprintf(text, sizeof text, "%.17g", value.toDouble());
        return text;
    }
    if (value.isString()) {
        return "'" + value.toStringRef() + "'";
    }
    if (value.isGenerator()) {
        return "Generator";
    }
    if (value.isList()) {
        std::string text = "[";
        const auto &items = value.toListRef();
        for (size_t i = 0; i < items.size() && i < c_most_items; ++i) {
            text += (i == 0 ? "" : ", ") + describe(items[i]);
        }
        return text + (items.size() > c_most_items ? ", ..]" : "]");
    }
    return value.tagKind();
}

// A source of random numbers, and where it stood before the operator.
struct Watched {
    at::Generator generator;
    std::string name; // of a default generator: its device's; "own" for any other
    GeneratorMark before;
    int64_t accounted = 0; // what all threads had drawn from it by then, as far as it was told to an operator
};

// What was drawn from a generator.
struct Drawn {
    int64_t words = 0;
    int64_t spares = 0;   // how often a kept normal number was made or taken
    int64_t seedings = 0; // how often its state became another one, so that no words can be told

    Drawn &operator+=(const Drawn &other) {
        words += other.words;
        spares += other.spares;
        seedings += other.seedings;
        return *this;
    }
    Drawn &operator-=(const Drawn &other) {
        words -= other.words;
        spares -= other.spares;
        seedings -= other.seedings;
        return *this;
    }
    bool any() const { return words != 0 || spares != 0 || seedings != 0; }
};

using Tally = std::unordered_map<const c10::GeneratorImpl *, Drawn>;

Drawn drawn_in(const Tally &tally, const c10::GeneratorImpl *generator) {
    const auto found = tally.find(generator);
    return found == tally.end() ? Drawn() : found->second;
}

// What an operator is by its registration.
struct Traits {
    bool draws = false;        // draws random numbers by itself: it has the tag, or takes a generator
    bool is_composite = false; // has no kernel but the composition of others, of which autograd and Python's dispatch
                               // modes see only those
};

Traits traits_of(const c10::OperatorName &name) {
    static std::mutex s_known_mutex;
    static std::unordered_map<c10::OperatorName, Traits> s_known;
    const std::lock_guard<std::mutex> lock(s_known_mutex);
    const auto known = s_known.find(name);
    if (known != s_known.end()) {
        return known->second;
    }
    Traits traits;
    if (const auto found = c10::Dispatcher::singleton().findSchema(name)) {
        traits.draws = found->hasTag(at::Tag::nondeterministic_seeded);
        for (const auto &argument : found->schema().arguments()) {
            traits.draws |= argument.type()->str().rfind("Generator", 0) == 0;
        }
        traits.is_composite = found->hasKernelForDispatchKey(c10::DispatchKey::CompositeImplicitAutograd) &&
                              !found->hasKernelForDispatchKey(c10::DispatchKey::CompositeExplicitAutograd) &&
                              !found->hasKernelForDispatchKey(c10::DispatchKey::AutogradCPU) &&
                              !found->hasKernelForDispatchKey(c10::DispatchKey::CPU);
    }
    return s_known.emplace(name, traits).first->second;
}

// TorchScript's interpreter hands over its whole stack; the operator's own are the last on it.
c10::ArrayRef<const c10::IValue> own(c10::ArrayRef<const c10::IValue> values, size_t count) {
    return values.size() > count ? values.slice(values.size() - count) : values;
}

c10::ArrayRef<const c10::IValue> inputs_of(const at::RecordFunction &function) {
    return function.operator_name().has_value() ? own(function.inputs(), function.num_inputs()) : function.inputs();
}

c10::ArrayRef<const c10::IValue> outputs_of(const at::RecordFunction &function) {
    const auto &outputs = function.outputs();
    const c10::ArrayRef<const c10::IValue> all(outputs.data(), outputs.size());
    return function.operator_name().has_value() ? own(all, function.num_outputs()) : all;
}

class Recorder;

struct Context final : at::ObserverContext {
    std::shared_ptr<Recorder> recorder;
    int64_t index = 0;
    int64_t parent = -1;
    bool is_operator = false;
    bool is_outermost = false;
    bool draws = false; // whether it is one that draws by itself
    bool is_dispatched = false; // what a dispatch mode sees: outermost among those that are no compositions
    const std::string *place = nullptr;
    std::vector<std::string> inputs;
    bool may_wait = false;      // for a generator that is locked
    std::unique_lock<Gate> gate; // held from begin to end by what draws
    std::vector<Watched> watched;
    int64_t seedings = 0;
    Tally tally; // of its thread, before it
    Clock::time_point start;
};

// What runs on this thread now, and what it has drawn, for one recorder. A TorchScript function may end on another thread
// than it began on (when it waited for a fork), so that a frame may be over without having been taken off here.
thread_local int64_t t_recorder = 0;
thread_local std::vector<int64_t> t_frames;
thread_local int t_operators = 0;
thread_local Tally t_tally;
thread_local int t_dispatched = 0;

// The tensor that a dispatched operator of the composition that runs gave last, and its hash: mostly the composition's
// own result. A weak reference, so that nobody sees one more, and that its address is not another tensor's meanwhile.
struct LastHash {
    std::unique_ptr<c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>> tensor;
    std::string hash;
};
thread_local LastHash t_last;

// Script lines are few; those that were told once are kept for ever, so that a record needs only a pointer. Each thread
// has its place; one that was never told any (of autograd, of a fork) works for who was told one last.
thread_local bool t_has_place = false;
thread_local const std::string *t_place = nullptr;
std::atomic<const std::string *> s_place{nullptr};

std::atomic<int64_t> s_recorders{0};

class Recorder {
public:
    Recorder(const std::string &path, const std::string &header, int32_t hash, int64_t rows, bool random_only)
        : _file(open(path)), _path(path), _buffer(header), _hash(hash), _rows(rows), _random_only(random_only) {
        auto &context = at::globalContext();
        _defaults.push_back({context.defaultGenerator(c10::Device(c10::kCPU)), "cpu", {}});
        if (at::globalContext().hasCUDA()) {
            for (int index = 0; index < at::detail::getCUDAHooks().getNumGPUs(); ++index) {
                const c10::Device device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
                _defaults.push_back({context.defaultGenerator(device), device.str(), {}});
            }
        }
    }

    ~Recorder() {
        if (_file != nullptr) {
            std::fclose(_file);
        }
    }

    std::unique_ptr<Context> begin(const at::RecordFunction &function, std::shared_ptr<Recorder> self) {
        auto context = std::make_unique<Context>();
        context->recorder = std::move(self);
        context->index = _next++;
        context->parent = enter(context->index);
        context->is_operator = function.operator_name().has_value();
        context->is_outermost = context->is_operator && t_operators == 0;
        if (context->is_outermost) {
            t_last.tensor.reset();
        }
        context->place = t_has_place ? t_place : s_place.load();
        if (context->is_operator) {
            const auto traits = traits_of(*function.operator_name());
            context->draws = traits.draws;
            context->is_dispatched = t_dispatched == 0 && !traits.is_composite;
            context->tally = t_tally;
        }
        for (const auto &input : inputs_of(function)) {
            if (!_random_only) {
                context->inputs.push_back(describe(input));
            }
            if (context->draws && input.isGenerator() && input.toGenerator().defined()) {
                watch(*context, input.toGenerator());
            }
        }
        mark(*context);
        _under_way += context->is_operator ? 1 : 0;
        t_operators += context->is_operator ? 1 : 0;
        t_dispatched += context->is_dispatched ? 1 : 0;
        context->start = Clock::now();
        return context;
    }

    void leave(int64_t index) {
        {
            const std::lock_guard<std::mutex> lock(_open_mutex);
            _open.erase(index);
        }
        if (t_recorder == _id && !t_frames.empty() && t_frames.back() == index) {
            t_frames.pop_back();
        }
    }

    void end(const at::RecordFunction &function, Context &context) {
        const auto duration = Clock::now() - context.start;
        _under_way -= context.is_operator ? 1 : 0;
        measure(context);
        JsonWriter json;
        json.begin_object().key("index").number(context.index).key("parent").number(context.parent);
        json.key("name").text(function.name());
        if (context.is_operator) {
            json.key("overload").text(function.operator_name()->overload_name);
        }
        json.key("kind").text(kind_of(function, context));
        if (context.is_dispatched) {
            json.key("dispatched").boolean(true);
        }
        json.key("thread").number(static_cast<int64_t>(function.threadId()));
        json.key("inputs").begin_array();
        for (const auto &input : context.inputs) {
            json.text(input);
        }
        json.end_array().key("outputs").begin_array();
        for (const auto &output : outputs_of(function)) {
            json.text(describe(output));
        }
        json.end_array().key("nanoseconds");
        json.number(std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count());
        const bool drew = write_draws(json, context);
        if (context.is_dispatched) {
            t_last.tensor.reset();
        }
        const bool is_hashed = (_hash >= 1 && context.is_outermost) || (_hash >= 2 && context.is_dispatched);
        if (is_hashed && !(_random_only && !drew) && !is_uninitialized(function.name())) {
            json.key("hashes").begin_array();
            for (const auto &output : outputs_of(function)) {
                write_hashes(json, output, context.is_dispatched);
            }
            json.end_array();
            if (_rows > 0 && context.is_outermost) {
                json.key("rowHashes").begin_array();
                for (const auto &output : outputs_of(function)) {
                    write_row_hashes(json, output);
                }
                json.end_array();
            }
        }
        if (context.place != nullptr) {
            json.key("place").text(*context.place);
        }
        json.end_object();
        if (!_random_only || drew) {
            write(json.str());
        }
    }

    void fail() { _failed = true; }

    // Writes what is left. The number of records, and of operators that have not ended; an error where a record could not be
    // written or made.
    int64_t finish(int64_t &unfinished) {
        unfinished = _under_way;
        const std::lock_guard<std::mutex> lock(_mutex);
        flush();
        const bool closed = _file == nullptr || std::fclose(_file) == 0;
        _file = nullptr;
        if (!closed || _write_failed) {
            rpt::fail(RPT_ERROR_INTERNAL, "The trace could not be written to ", _path, ": the disk may be full.");
        }
        if (_failed) {
            rpt::fail(RPT_ERROR_INTERNAL, "An operator could not be recorded: the trace in ", _path, " is not complete.");
        }
        return _written;
    }

private:
    // Puts a frame on this thread's; what it stands on, or -1.
    int64_t enter(int64_t index) {
        if (t_recorder != _id) {
            t_recorder = _id;
            t_frames.clear();
            t_tally.clear();
        }
        const std::lock_guard<std::mutex> lock(_open_mutex);
        while (!t_frames.empty() && _open.count(t_frames.back()) == 0) {
            t_frames.pop_back();
        }
        const auto parent = t_frames.empty() ? -1 : t_frames.back();
        t_frames.push_back(index);
        _open.insert(index);
        return parent;
    }

    static FILE *open(const std::string &path) {
#if defined(_WIN32)
        FILE *file = _wfopen(path_from_utf8(path).c_str(), L"wb");
#else
        FILE *file = std::fopen(path.c_str(), "wb");
#endif
        if (file == nullptr) {
            invalid("The file ", path, " cannot be written.");
        }
        return file;
    }

    static const char *kind_of(const at::RecordFunction &function, const Context &context) {
        return context.is_operator                                         ? "operator"
               : function.scope() == at::RecordScope::BACKWARD_FUNCTION    ? "backward"
               : function.scope() == at::RecordScope::TORCHSCRIPT_FUNCTION ? "function"
                                                                           : "other";
    }

    static void watch(Context &context, const at::Generator &generator) {
        for (const auto &known : context.watched) {
            if (known.generator == generator) {
                return;
            }
        }
        context.watched.push_back({generator, "own", {}});
    }

    // Where the generators stand before an operator. What draws by itself has them for itself until it ends. Only outermost
    // operators wait for that without end: a kernel may hold its generator's lock while it calls operators, and in a parallel
    // loop who waits may be waited for. What one further in cannot tell then, the one above it tells. Any other outermost operator is marked too: a kernel without the tag may draw.
    void mark(Context &context) {
        if (!context.draws && !context.is_outermost) {
            return;
        }
        std::unique_lock<Gate> gate(generator_gate(), std::defer_lock);
        context.may_wait = context.is_outermost && !at::in_parallel_region();
        if (context.may_wait) {
            gate.lock();
        } else if (!gate.try_lock_for(at::in_parallel_region() ? std::chrono::seconds(0) : c_patience)) {
            context.watched.clear();
            return;
        }
        context.watched.insert(context.watched.end(), _defaults.begin(), _defaults.end());
        context.seedings = seedings();
        for (auto &watched : context.watched) {
            watched.before = mark_of(watched.generator, context.may_wait);
            watched.accounted = drawn_in(_accounted, watched.generator.unsafeGetGeneratorImpl()).words;
        }
        if (context.draws) {
            context.gate = std::move(gate);
        }
    }

    // Adds to the thread's tally what the operator drew and what it called did not tell.
    void measure(Context &context) {
        if (context.watched.empty()) {
            return;
        }
        const std::lock_guard<Gate> gate(generator_gate());
        for (const auto &watched : context.watched) {
            const auto *key = watched.generator.unsafeGetGeneratorImpl();
            const auto after = mark_of(watched.generator, context.may_wait);
            if (!watched.before.is_known || !after.is_known) {
                continue;
            }
            Drawn drawn;
            if (context.draws) {
                drawn.words = draws_between(watched.before, after, watched.generator.device().is_cpu());
                drawn.spares = spare_changed(watched.before, after) ? 1 : 0;
                if (drawn.words < 0) {
                    drawn = {0, 0, 1};
                } else {
                    auto told = drawn_in(t_tally, key);
                    told -= drawn_in(context.tally, key);
                    drawn.words -= told.words;
                    drawn.spares = told.spares == 0 ? drawn.spares : 0;
                }
            } else if (context.seedings == seedings()) {
                // Other threads may have drawn meanwhile: that was told by their operators.
                const auto words = draws_between(watched.before, after, watched.generator.device().is_cpu());
                const auto others = drawn_in(_accounted, key).words - watched.accounted;
                drawn.words = words > others ? words - others : 0;
                drawn.seedings = words < 0 ? 1 : 0;
            }
            t_tally[key] += drawn;
            _accounted[key] += drawn;
        }
        if (context.gate.owns_lock()) {
            context.gate.unlock();
        }
    }

    // What these give is memory as it was found: its bytes mean nothing.
    static bool is_uninitialized(const std::string &name) {
        for (const char *start : {"aten::empty", "aten::new_empty", "aten::resize"}) {
            if (name.rfind(start, 0) == 0) {
                return true;
            }
        }
        return false;
    }

    bool write_draws(JsonWriter &json, const Context &context) const {
        std::map<std::string, Drawn> by_name;
        if (context.is_operator) {
            for (const auto &entry : t_tally) {
                auto drawn = entry.second;
                drawn -= drawn_in(context.tally, entry.first);
                if (drawn.any()) {
                    by_name[name_of(entry.first)] += drawn;
                }
            }
        }
        if (by_name.empty()) {
            return false;
        }
        json.key("draws").begin_object();
        for (const auto &entry : by_name) {
            json.key(entry.first).number(entry.second.seedings != 0 ? -1 : entry.second.words);
        }
        json.end_object().key("from").begin_object();
        for (const auto &watched : context.watched) {
            if (watched.before.is_known && by_name.count(watched.name) != 0) {
                json.key(watched.name).text(place_of(watched.before, watched.generator.device().is_cpu()));
            }
        }
        json.end_object();
        return true;
    }

    std::string name_of(const c10::GeneratorImpl *generator) const {
        for (const auto &known : _defaults) {
            if (known.generator.unsafeGetGeneratorImpl() == generator) {
                return known.name;
            }
        }
        return "own";
    }

    // Where the batch stands in a result the reader finds out, from how its shape follows the batch's size. Here is each place where it
    // may stand: any dimension of its size or a multiple of it, cut into (outer, rows, inner).
    void write_row_hashes(JsonWriter &json, const c10::IValue &value) const {
        if (value.isTensorList()) {
            const auto &items = value.toListRef();
            for (size_t i = 0; i < items.size() && i < c_most_items; ++i) {
                write_row_hashes(json, items[i]);
            }
        }
        if (!value.isTensor()) {
            return;
        }
        const auto &tensor = value.toTensor();
        const bool is_plain = tensor.defined() && tensor.layout() == c10::kStrided && !tensor.device().is_meta();
        json.begin_object().key("shape").begin_array();
        for (int64_t dimension = 0; is_plain && dimension < tensor.dim(); ++dimension) {
            json.number(tensor.size(dimension));
        }
        json.end_array().key("views").begin_array();
        if (is_plain && tensor.numel() > 0) {
            write_row_views(json, to_host(tensor));
        }
        json.end_array().end_object();
    }

    void write_row_views(JsonWriter &json, const at::Tensor &host) const {
        // The batch as it is comes first; multiples of it only while that costs little.
        size_t budget = c_row_view_bytes;
        for (int64_t dimension = 0; dimension < host.dim(); ++dimension) {
            if (host.size(dimension) == _rows) {
                write_row_view(json, host, dimension, 1);
            }
        }
        for (int64_t dimension = 0; dimension < host.dim(); ++dimension) {
            const auto multiple = host.size(dimension) / _rows;
            if (host.size(dimension) % _rows != 0 || multiple < 2) {
                continue;
            }
            for (int64_t outer = 1; outer <= multiple; ++outer) {
                if (multiple % outer != 0) {
                    continue;
                }
                if (host.nbytes() > budget) {
                    return;
                }
                budget -= host.nbytes();
                write_row_view(json, host, dimension, outer);
            }
        }
    }

    void write_row_view(JsonWriter &json, const at::Tensor &host, int64_t dimension, int64_t outer) const {
        json.begin_object().key("dimension").number(dimension).key("outer").number(outer).key("hashes").begin_array();
        int64_t pieces = outer;
        for (int64_t before = 0; before < dimension; ++before) {
            pieces *= host.size(before);
        }
        const auto *bytes = static_cast<const uint8_t *>(host.data_ptr());
        const auto length = static_cast<size_t>(host.numel() / pieces / _rows) * host.element_size();
        std::string gathered;
        for (int64_t row = 0; row < _rows; ++row) {
            const auto *first = bytes + static_cast<size_t>(row) * length;
            if (pieces == 1) {
                json.text(to_hex(hash_bytes(first, length)));
                continue;
            }
            gathered.clear();
            for (int64_t piece = 0; piece < pieces; ++piece) {
                const auto *begin = first + static_cast<size_t>(piece * _rows) * length;
                gathered.append(reinterpret_cast<const char *>(begin), length);
            }
            json.text(to_hex(hash_bytes(gathered.data(), gathered.size())));
        }
        json.end_array().end_object();
    }

    static void write_hashes(JsonWriter &json, const c10::IValue &value, bool is_dispatched) {
        if (value.isTensor()) {
            const auto &tensor = value.toTensor();
            const bool is_plain = tensor.defined() && tensor.layout() == c10::kStrided && !tensor.device().is_meta();
            json.text(is_plain ? hash_text(tensor, is_dispatched) : std::string());
        } else if (value.isTensorList()) {
            for (const auto &item : value.toListRef()) {
                write_hashes(json, item, is_dispatched);
            }
        }
    }

    // What is dispatched may have written to the tensor: only a composition, all of whose work is told, takes a known hash.
    static std::string hash_text(const at::Tensor &tensor, bool is_dispatched) {
        if (!is_dispatched && t_last.tensor != nullptr && t_last.tensor->_unsafe_get_target() == tensor.unsafeGetTensorImpl()) {
            return t_last.hash;
        }
        auto text = to_hex(hash_tensor(tensor));
        if (is_dispatched) {
            t_last.tensor = std::make_unique<c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>>(tensor.getIntrusivePtr());
            t_last.hash = text;
        }
        return text;
    }

    void write(const std::string &line) {
        const std::lock_guard<std::mutex> lock(_mutex);
        _buffer += line;
        _buffer += '\n';
        ++_written;
        if (_buffer.size() > 1U << 18) {
            flush();
        }
    }

    void flush() {
        if (_file != nullptr && !_buffer.empty()) {
            _write_failed |= std::fwrite(_buffer.data(), 1, _buffer.size(), _file) != _buffer.size();
        }
        _buffer.clear();
    }

    const int64_t _id = ++s_recorders;
    FILE *_file;
    std::string _path;
    std::string _buffer;
    int32_t _hash;
    int64_t _rows;
    bool _random_only;
    std::vector<Watched> _defaults;
    std::atomic<int64_t> _next{0};
    std::atomic<bool> _failed{false};
    std::mutex _open_mutex;
    std::unordered_set<int64_t> _open;
    std::atomic<int64_t> _under_way{0}; // operators
    Tally _accounted; // of all threads; guarded by the gate
    std::mutex _mutex;
    int64_t _written = 0;
    bool _write_failed = false;
};

// libtorch's callbacks are plain functions, so there is one recorder in a process. What is under way when it stops
// keeps it alive through its context.
std::mutex s_mutex;
std::shared_ptr<Recorder> s_recorder;

std::unique_ptr<at::ObserverContext> on_begin(const at::RecordFunction &function) {
    std::shared_ptr<Recorder> recorder;
    {
        const std::lock_guard<std::mutex> lock(s_mutex);
        recorder = s_recorder;
    }
    if (recorder == nullptr) {
        return nullptr;
    }
    // What recording does itself is not recorded.
    const at::DisableRecordFunctionGuard quiet;
    try {
        return recorder->begin(function, recorder);
    } catch (...) {
        recorder->fail();
        return nullptr;
    }
}

void on_end(const at::RecordFunction &function, at::ObserverContext *base) {
    auto *context = static_cast<Context *>(base);
    if (context == nullptr) {
        return;
    }
    context->recorder->leave(context->index);
    t_operators -= context->is_operator ? 1 : 0;
    t_dispatched -= context->is_dispatched ? 1 : 0;
    const at::DisableRecordFunctionGuard quiet;
    const c10::impl::ExcludeDispatchKeyGuard no_autograd(c10::autograd_dispatch_keyset);
    try {
        context->recorder->end(function, *context);
    } catch (...) {
        context->recorder->fail();
    }
}

} // namespace
} // namespace rpt

struct rpt_observer {
    std::shared_ptr<rpt::Recorder> recorder;
    at::CallbackHandle handle;
    bool running;

    void stop() {
        if (running) {
            running = false;
            at::removeCallback(handle);
            const std::lock_guard<std::mutex> lock(rpt::s_mutex);
            rpt::s_recorder = nullptr;
        }
    }
};

using namespace rpt;

rpt_error *rpt_observer_start(const char *path, const char *header, int32_t hash, int64_t rows, int32_t random_only,
                              rpt_observer **out_observer) {
    return guard(
        [&] {
            const std::lock_guard<std::mutex> lock(s_mutex);
            if (s_recorder != nullptr) {
                invalid("Operators are being recorded already. libtorch has one observer in a process: end that trace first.");
            }
            auto recorder = std::make_shared<Recorder>(require_text(path, "path"), require_text(header, "header"), hash,
                                                       rows, random_only != 0);
            const auto handle = at::addGlobalCallback(
                at::RecordFunctionCallback(on_begin, on_end)
                    .needsInputs(true)
                    .needsOutputs(true)
                    .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION,
                             at::RecordScope::TORCHSCRIPT_FUNCTION, at::RecordScope::USER_SCOPE}));
            s_recorder = recorder;
            *out_observer = new rpt_observer{std::move(recorder), handle, true};
        },
        out_observer);
}

rpt_error *rpt_observer_stop(rpt_observer *observer, int64_t *out_count, int64_t *out_unfinished) {
    return guard(
        [&] {
            auto &target = require(observer, "observer");
            target.stop();
            *out_count = target.recorder->finish(*out_unfinished);
        },
        out_count);
}

rpt_error *rpt_observer_place(const char *place) {
    return guard([&] {
        static std::mutex s_places_mutex;
        static std::unordered_set<std::string> s_places;
        t_has_place = true;
        t_place = nullptr;
        if (place != nullptr) {
            const std::lock_guard<std::mutex> lock(s_places_mutex);
            t_place = &*s_places.insert(place).first;
        }
        s_place = t_place;
    });
}

void rpt_observer_free(rpt_observer *observer) {
    if (observer != nullptr) {
        observer->stop();
        delete observer;
    }
}
