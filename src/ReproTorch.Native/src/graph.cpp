#include "graph.h"

#include "hash.h"
#include "json.h"

namespace rpt {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;

std::shared_ptr<Graph> inlined_graph(torch::jit::Function &function) {
    auto graph = torch::jit::toGraphFunction(function).graph()->copy();
    torch::jit::Inline(*graph);
    return graph;
}

namespace {

// Code that was read from an archive knows the lines that it was written from.
torch::jit::SourceRange original_range(const Node &node) {
    const auto range = node.sourceRange();
    const auto original = range.source() ? range.source()->findSourceRangeThatGenerated(range) : nullopt;
    return original ? *original : range;
}

} // namespace

std::string source_of(const Node &node) {
    const auto place = original_range(node).file_line_col();
    if (!place) {
        return {};
    }
    return c10::str(std::get<0>(*place), ":", std::get<1>(*place));
}

std::string line_of(const Node &node) {
    const auto range = original_range(node);
    if (!range.source()) {
        return {};
    }
    const auto &source = *range.source();
    const auto line = source.get_line(source.lineno_for_offset(range.start())).str();
    const auto first = line.find_first_not_of(" \t");
    const auto last = line.find_last_not_of(" \t\r\n");
    return first == std::string::npos ? std::string() : line.substr(first, last - first + 1);
}

std::string scope_of(const Node &node) {
    std::string path;
    if (const auto stack = node.callstack()) {
        for (const auto &entry : (*stack)->vec()) {
            const auto &instance = std::get<2>(entry);
            if (instance && instance->instance_name() != "SELF" && instance->instance_name() != "INSTANCE_NAME_UNKNOWN") {
                path += (path.empty() ? "" : ".") + instance->instance_name();
            }
        }
    }
    return path;
}

bool is_tensor_constant(const Node &node) {
    return node.kind() == c10::prim::Constant && node.hasAttribute(c10::attr::value) &&
           node.kindOf(c10::attr::value) == torch::jit::AttributeKind::t;
}

optional<c10::IValue> KnownValues::attribute(const torch::jit::Value *value) const {
    if (value == _graph.inputs()[0]) {
        return c10::IValue(_module._ivalue());
    }
    if (value->node()->kind() != c10::prim::GetAttr) {
        return nullopt;
    }
    const auto owner = attribute(value->node()->input());
    if (!owner || !owner->isObject()) {
        return nullopt;
    }
    return owner->toObject()->getAttr(value->node()->s(c10::attr::name));
}

optional<bool> KnownValues::is_none(const torch::jit::Value *value) {
    if (value->mustBeNone()) {
        return true;
    }
    return value->type()->kind() == c10::TypeKind::TensorType ? optional<bool>(false) : nullopt;
}

optional<bool> KnownValues::condition(const torch::jit::Value *value) const {
    const Node &node = *value->node();
    if (node.kind() == c10::aten::__not__) {
        const auto operand = condition(node.input());
        return operand ? optional<bool>(!*operand) : nullopt;
    }
    if (node.kind() == c10::prim::If) { // `and` and `or`
        const auto branch = condition(node.input());
        return branch ? condition(node.blocks()[*branch ? 0 : 1]->outputs()[value->offset()]) : nullopt;
    }
    if (node.kind() == c10::aten::__is__ || node.kind() == c10::aten::__isnot__) {
        const auto left = is_none(node.inputs()[0]);
        const auto right = is_none(node.inputs()[1]);
        const bool decided = left && right && (*left || *right);
        return decided ? optional<bool>((*left == *right) == (node.kind() == c10::aten::__is__)) : nullopt;
    }
    const auto held = node.kind() == c10::prim::Constant ? torch::jit::toIValue(value) : attribute(value);
    return held && held->isBool() ? optional<bool>(held->toBool()) : nullopt;
}

namespace {

void write_node(JsonWriter &json, const Node &node) {
    json.begin_object();
    json.key("kind").text(node.kind().toQualString());
    const auto *schema = node.maybeSchema();
    json.key("schema").text(schema == nullptr ? std::string() : c10::str(*schema));
    json.key("source").text(source_of(node));
    json.key("nondeterministic").boolean(node.isNondeterministic());
    std::ostringstream text;
    std::vector<const Node *> groups;
    node.print(text, 0, &groups, /*print_source_locations=*/false, /*print_attributes=*/true,
               /*print_scopes=*/false, /*print_body=*/false);
    auto line = text.str();
    while (!line.empty() && line.back() == '\n') {
        line.pop_back();
    }
    json.key("text").text(line);
    if (is_tensor_constant(node)) {
        json.key("hash").text(to_hex(hash_tensor(node.t(c10::attr::value))));
    }
    json.end_object();
}

void write_nodes(JsonWriter &json, const Block &block) {
    for (const Node *node : block.nodes()) {
        write_node(json, *node);
        for (const Block *inner : node->blocks()) {
            write_nodes(json, *inner);
        }
    }
    write_node(json, *block.return_node());
}

void collect_constants(const Block &block, c10::List<at::Tensor> &constants) {
    for (const Node *node : block.nodes()) {
        if (is_tensor_constant(*node)) {
            constants.push_back(node->t(c10::attr::value));
        }
        for (const Block *inner : node->blocks()) {
            collect_constants(*inner, constants);
        }
    }
}

} // namespace
} // namespace rpt

using namespace rpt;

rpt_error *rpt_method_code(const rpt_method *method, char **out_text) {
    return guard(
        [&] {
            std::vector<c10::IValue> constants;
            torch::jit::PrintDepsTable dependencies;
            torch::jit::PythonPrint printer(constants, dependencies);
            printer.printMethod(*require(method, "method").function);
            *out_text = copy_text(printer.str());
        },
        out_text);
}

rpt_error *rpt_method_graph(const rpt_method *method, int32_t inlined, char **out_text) {
    return guard(
        [&] {
            auto &function = *require(method, "method").function;
            const auto graph = inlined != 0 ? inlined_graph(function) : torch::jit::toGraphFunction(function).graph();
            *out_text = copy_text(graph->toString());
        },
        out_text);
}

rpt_error *rpt_method_nodes(const rpt_method *method, char **out_json) {
    return guard(
        [&] {
            auto graph = torch::jit::Canonicalize(inlined_graph(*require(method, "method").function), /*keep_unique_names=*/false);
            torch::jit::EraseShapeInformation(graph);
            JsonWriter json;
            json.begin_array();
            write_nodes(json, *graph->block());
            json.end_array();
            *out_json = copy_text(json.str());
        },
        out_json);
}

rpt_error *rpt_method_constants(const rpt_method *method, rpt_value **out_tensors) {
    return guard(
        [&] {
            c10::List<at::Tensor> constants;
            collect_constants(*inlined_graph(*require(method, "method").function)->block(), constants);
            *out_tensors = new_value(constants);
        },
        out_tensors);
}
