#include "module.h"

#include "dtype.h"
#include "json.h"
#include "tensor.h"

#include <cctype>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <unordered_set>

namespace rpt {

using c10::IValue;
using torch::jit::Module;

const Module &module_of(const rpt_module *handle) { return require(handle, "module").module; }

namespace {

void visit_below(const Module &module, const std::string &prefix, const AttributeVisitor &visit) {
    const auto type = module.type();
    const auto &object = module._ivalue();
    const size_t count = type->numAttributes();
    for (size_t slot = 0; slot < count; ++slot) {
        visit(prefix + type->getAttributeName(slot), object->getSlot(slot), module, slot);
    }
    for (size_t slot = 0; slot < count; ++slot) {
        if (type->getAttribute(slot)->is_module()) {
            visit_below(Module(object->getSlot(slot).toObject()), prefix + type->getAttributeName(slot) + ".", visit);
        }
    }
}

} // namespace

void visit_attributes(const Module &module, const AttributeVisitor &visit) { visit_below(module, "", visit); }

namespace {

rpt_module *new_module(Module module) { return new rpt_module{std::move(module)}; }

bool has_only_word_characters(const std::string &name) {
    bool is_good = !name.empty();
    for (const char c : name) {
        is_good = is_good && (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_');
    }
    return is_good;
}

// A name that can stand in TorchScript code, which archives are made of.
void require_identifier(const std::string &name, const char *what) {
    if (!has_only_word_characters(name) || std::isdigit(static_cast<unsigned char>(name.front())) != 0) {
        invalid("'", name, "' cannot be the name of ", what, "; it takes letters, digits and '_', and no digit first.");
    }
}

void require_free(const Module &module, const std::string &name) {
    if (module.hasattr(name) || module.find_method(name)) {
        invalid("The module already has something called '", name, "'.");
    }
}

// The name of a new attribute, which nothing in the module has yet.
std::string require_new_name(const Module &module, const char *name, const char *what) {
    auto text = require_text(name, "name");
    require_identifier(text, what);
    require_free(module, text);
    return text;
}

// Submodules may be called by a number, as those of nn.Sequential are: code reaches them by getattr(self, "0").
std::string require_new_submodule_name(const Module &module, const char *name) {
    auto text = require_text(name, "name");
    if (!has_only_word_characters(text)) {
        invalid("'", text, "' cannot be the name of a submodule; it takes letters, digits and '_'.");
    }
    require_free(module, text);
    return text;
}

Module load(std::istream &stream, optional<c10::Device> device) {
    return torch::jit::import_ir_module(std::make_shared<torch::jit::CompilationUnit>(), stream, device);
}

// Memory as a stream that is only read. Whatever the archive in it claims, nothing outside is read.
class MemoryBuffer final : public std::streambuf {
public:
    MemoryBuffer(const void *data, size_t byte_count) {
        auto *first = const_cast<char *>(static_cast<const char *>(data));
        setg(first, first, first + byte_count);
    }

private:
    pos_type seekpos(pos_type position, std::ios_base::openmode mode) override {
        return seekoff(off_type(position), std::ios_base::beg, mode);
    }

    pos_type seekoff(off_type offset, std::ios_base::seekdir from, std::ios_base::openmode) override {
        const off_type size = egptr() - eback();
        const off_type base = from == std::ios_base::beg ? 0 : from == std::ios_base::end ? size : gptr() - eback();
        const off_type position = base + offset;
        if (position < 0 || position > size) {
            return pos_type(off_type(-1));
        }
        setg(eback(), eback() + position, egptr());
        return pos_type(position);
    }
};

// libtorch's archive writer ends the process when a write fails, because its destructor writes too. So the writes are
// made to look well, and the stream is asked at the end.
void save(const Module &module, const std::string &path) {
    std::ofstream stream(path_from_utf8(path), std::ios::binary | std::ios::trunc);
    if (!stream) {
        invalid("The file '", path, "' cannot be written: ", std::strerror(errno), ".");
    }
    torch::jit::ExportModule(module, [&stream](const void *data, size_t byte_count) {
        stream.write(static_cast<const char *>(data), static_cast<std::streamsize>(byte_count));
        return byte_count;
    });
    stream.close();
    if (!stream) {
        fail(RPT_ERROR_INTERNAL, "The file '", path, "' could not be written whole: ", std::strerror(errno), ".");
    }
}

void move(const Module &module, optional<c10::Device> device, optional<c10::ScalarType> dtype) {
    const at::NoGradGuard no_grad;
    // Tied parameters are one tensor and are moved once.
    visit_attributes(module, [&](const std::string &, const IValue &value, const Module &owner, size_t slot) {
        const auto type = owner.type();
        if (!value.isTensor() || !value.toTensor().defined() || !(type->is_parameter(slot) || type->is_buffer(slot))) {
            return;
        }
        auto tensor = value.toTensor();
        const bool takes_dtype = dtype && (tensor.is_floating_point() || tensor.is_complex());
        // set_data keeps the tensor's identity, which ties and optimizers rely on.
        tensor.set_data(tensor.to(device.value_or(tensor.device()), takes_dtype ? *dtype : tensor.scalar_type()));
    });
}

// Follows a dotted name to its last part.
struct Place {
    Module owner;
    std::string name;
};

Place find_place(const Module &module, const std::string &dotted) {
    Module owner = module;
    size_t start = 0;
    for (size_t dot = dotted.find('.'); dot != std::string::npos; dot = dotted.find('.', start)) {
        const auto step = dotted.substr(start, dot - start);
        if (!owner.hasattr(step) || !owner.attr(step).isModule()) {
            invalid("There is no '", dotted, "': the module has no submodule '", dotted.substr(0, dot), "'.");
        }
        owner = Module(owner.attr(step).toObject());
        start = dot + 1;
    }
    auto name = dotted.substr(start);
    if (!owner.hasattr(name)) {
        invalid("The module has no '", dotted, "'.");
    }
    return {std::move(owner), std::move(name)};
}

} // namespace

bool is_training(const Module &module) {
    const auto slot = module.type()->findAttributeSlot("training");
    return slot && module._ivalue()->getSlot(*slot).isBool() && module._ivalue()->getSlot(*slot).toBool();
}

// Module::clone makes new types but unties tied tensors, deepcopy keeps them tied but shares the types: one after the other
// does both.
Module clone_module(const Module &module) {
    const at::NoGradGuard no_grad;
    auto copy = module.clone(/*inplace=*/true).deepcopy();
    if (!has_forward_hooks(copy)) {
        require_no_forward_hooks(module, "a copy");
    }
    visit_attributes(module, [&](const std::string &name, const IValue &value, const Module &, size_t) {
        if (value.isTensor() && value.toTensor().defined() && value.toTensor().requires_grad()) {
            const auto place = find_place(copy, name);
            place.owner.attr(place.name).toTensor().set_requires_grad(true);
        }
    });
    return copy;
}

namespace {

void write_tensor(JsonWriter &json, const std::string &name, const at::Tensor &tensor) {
    json.begin_object();
    json.key("name").text(name);
    json.key("dtype").text(dtype_name(tensor.scalar_type()));
    json.key("shape").begin_array();
    for (const int64_t size : tensor.sizes()) {
        json.number(size);
    }
    json.end_array();
    json.key("requiresGrad").boolean(tensor.requires_grad());
    json.key("device").text(tensor.device().str());
    json.end_object();
}

// Parameters (or buffers): each tensor once, under its first name.
void write_tensors(JsonWriter &json, const char *key, const Module &module, bool parameters) {
    std::unordered_set<const void *> seen;
    json.key(key).begin_array();
    visit_attributes(module, [&](const std::string &name, const IValue &value, const Module &owner, size_t slot) {
        const auto type = owner.type();
        const bool is_wanted = parameters ? type->is_parameter(slot) : type->is_buffer(slot);
        if (is_wanted && value.isTensor() && value.toTensor().defined() &&
            seen.insert(value.toTensor().unsafeGetTensorImpl()).second) {
            write_tensor(json, name, value.toTensor());
        }
    });
    json.end_array();
}

void write_method(JsonWriter &json, const torch::jit::Function &method) {
    const auto &schema = method.getSchema();
    json.begin_object();
    json.key("name").text(method.name());
    json.key("schema").text(c10::str(schema));
    json.key("arguments").begin_array();
    for (size_t i = 1; i < schema.arguments().size(); ++i) { // the first is self
        const auto &argument = schema.arguments()[i];
        json.begin_object();
        json.key("name").text(argument.name());
        json.key("type").text(argument.type()->annotation_str());
        json.key("optional").boolean(argument.default_value().has_value());
        json.end_object();
    }
    json.end_array();
    json.key("returns").begin_array();
    for (const auto &result : schema.returns()) {
        json.text(result.type()->annotation_str());
    }
    json.end_array();
    json.end_object();
}

std::string describe(const Module &module) {
    JsonWriter json;
    json.begin_object();
    json.key("type").text(module.type()->name()->qualifiedName());
    json.key("training").boolean(is_training(module));
    json.key("methods").begin_array();
    for (auto *method : module.type()->methods()) {
        write_method(json, *method);
    }
    json.end_array();
    write_tensors(json, "parameters", module, true);
    write_tensors(json, "buffers", module, false);
    json.key("attributes").begin_array();
    visit_attributes(module, [&](const std::string &name, const IValue &, const Module &owner, size_t slot) {
        const auto type = owner.type();
        const auto &declared = type->getAttribute(slot);
        if (!type->is_parameter(slot) && !type->is_buffer(slot) && !declared->is_module()) {
            json.begin_object();
            json.key("name").text(name);
            json.key("type").text(declared->annotation_str());
            json.end_object();
        }
    });
    json.end_array();
    json.key("submodules").begin_array();
    visit_attributes(module, [&](const std::string &name, const IValue &, const Module &owner, size_t slot) {
        const auto declared = owner.type()->getAttribute(slot);
        if (declared->is_module()) {
            json.begin_object();
            json.key("name").text(name);
            json.key("type").text(declared->annotation_str());
            json.end_object();
        }
    });
    json.end_array();
    json.end_object();
    return json.str();
}

} // namespace
} // namespace rpt

using namespace rpt;

rpt_error *rpt_module_load(const char *path, int32_t device_type, int32_t device_index, rpt_module **out_module) {
    return guard<RPT_ERROR_MODEL_FORMAT>(
        [&] {
            const auto name = require_text(path, "path");
            const auto file = path_from_utf8(name);
            const auto device = optional_device_from_numbers(device_type, device_index);
            std::ifstream stream(file, std::ios::binary);
            if (!stream || std::filesystem::is_directory(file)) {
                invalid("The file '", name, "' cannot be read: ",
                        stream ? "it is a directory" : std::strerror(errno), ".");
            }
            *out_module = new_module(load(stream, device));
        },
        out_module);
}

rpt_error *rpt_module_load_bytes(const void *data, int64_t byte_count, int32_t device_type, int32_t device_index,
                                 rpt_module **out_module) {
    return guard<RPT_ERROR_MODEL_FORMAT>(
        [&] {
            require_array(data, byte_count, "data");
            const auto device = optional_device_from_numbers(device_type, device_index);
            MemoryBuffer buffer(data, static_cast<size_t>(byte_count));
            std::istream stream(&buffer);
            *out_module = new_module(load(stream, device));
        },
        out_module);
}

rpt_error *rpt_module_save(const rpt_module *module, const char *path) {
    return guard([&] { save(module_of(module), require_text(path, "path")); });
}

rpt_error *rpt_module_create(const char *name, rpt_module **out_module) {
    return guard(
        [&] {
            auto type_name = require_text(name, "name");
            if (type_name.empty()) {
                type_name = "Module";
            }
            require_identifier(type_name, "a module");
            // Archives take only types from below __torch__.
            Module module(c10::QualifiedName("__torch__." + type_name), std::make_shared<torch::jit::CompilationUnit>());
            module.register_attribute("training", c10::BoolType::get(), true);
            *out_module = new_module(std::move(module));
        },
        out_module);
}

rpt_error *rpt_module_register_parameter(rpt_module *module, const char *name, const rpt_tensor *tensor,
                                         int32_t requires_grad) {
    return guard([&] {
        auto &target = require(module, "module").module;
        const auto &source = tensor_of(tensor);
        if (requires_grad != 0 && !source.is_floating_point() && !source.is_complex()) {
            invalid("Only floating-point and complex tensors can require gradients; '", require_text(name, "name"),
                    "' is ", describe_tensor(source), ".");
        }
        const auto text = require_new_name(target, name, "a parameter");
        auto parameter = source.detach();
        parameter.set_requires_grad(requires_grad != 0);
        target.register_parameter(text, std::move(parameter), /*is_buffer=*/false);
    });
}

rpt_error *rpt_module_register_buffer(rpt_module *module, const char *name, const rpt_tensor *tensor) {
    return guard([&] {
        auto &target = require(module, "module").module;
        const auto &source = tensor_of(tensor);
        // Detached, so that moving the module does not change the caller's tensor to another dtype or device.
        target.register_buffer(require_new_name(target, name, "a buffer"), source.detach());
    });
}

rpt_error *rpt_module_register_submodule(rpt_module *module, const char *name, const rpt_module *submodule) {
    return guard([&] {
        auto &target = require(module, "module").module;
        const auto &child = require(submodule, "submodule").module;
        const auto text = require_new_submodule_name(target, name);
        bool is_circle = child == target;
        visit_attributes(child, [&](const std::string &, const IValue &value, const Module &, size_t) {
            is_circle = is_circle || (value.isObject() && value.toObject() == target._ivalue());
        });
        if (is_circle) {
            invalid("The submodule '", text, "' holds the module that it should become a part of.");
        }
        target.register_module(text, child);
    });
}

rpt_error *rpt_module_register_attribute(rpt_module *module, const char *name, const rpt_value *value) {
    return guard([&] {
        auto &target = require(module, "module").module;
        const auto &source = require(value, "value").value;
        const auto text = require_new_name(target, name, "an attribute");
        target.register_attribute(text, source.isTensor() ? c10::TypePtr(c10::TensorType::get()) : source.type(), source);
    });
}

rpt_error *rpt_module_clone(const rpt_module *module, rpt_module **out_module) {
    return guard([&] { *out_module = new_module(clone_module(module_of(module))); }, out_module);
}

rpt_error *rpt_module_share(const rpt_module *module, rpt_module **out_module) {
    return guard([&] { *out_module = new_module(module_of(module)); }, out_module);
}

rpt_error *rpt_module_type_name(const rpt_module *module, char **out_name) {
    return guard([&] { *out_name = copy_text(module_of(module).type()->name()->qualifiedName()); }, out_name);
}

rpt_error *rpt_module_is_training(const rpt_module *module, int32_t *out_training) {
    return guard([&] { *out_training = is_training(module_of(module)); }, out_training);
}

rpt_error *rpt_module_train(rpt_module *module, int32_t training) {
    return guard([&] { require(module, "module").module.train(training != 0); });
}

rpt_error *rpt_module_to(rpt_module *module, int32_t dtype, int32_t device_type, int32_t device_index) {
    return guard([&] {
        const auto &target = module_of(module);
        const auto device = optional_device_from_numbers(device_type, device_index);
        optional<c10::ScalarType> type;
        if (dtype != -1) {
            type = dtype_from_number(dtype);
            if (!c10::isFloatingType(*type) && !c10::isComplexType(*type)) {
                invalid("A module takes floating-point and complex dtypes only, not ", dtype_name(*type), ".");
            }
        }
        move(target, device, type);
    });
}

rpt_error *rpt_module_describe(const rpt_module *module, char **out_json) {
    return guard([&] { *out_json = copy_text(describe(module_of(module))); }, out_json);
}

rpt_error *rpt_module_tensor(const rpt_module *module, const char *name, rpt_tensor **out_tensor) {
    return guard(
        [&] {
            const auto dotted = require_text(name, "name");
            const auto place = find_place(module_of(module), dotted);
            const auto value = place.owner.attr(place.name);
            if (!value.isTensor()) {
                invalid("'", dotted, "' is no tensor but ", value.type()->annotation_str(), ".");
            }
            *out_tensor = new_tensor(value.toTensor());
        },
        out_tensor);
}

rpt_error *rpt_module_attribute(const rpt_module *module, const char *name, rpt_value **out_value) {
    return guard(
        [&] {
            const auto place = find_place(module_of(module), require_text(name, "name"));
            *out_value = new_value(place.owner.attr(place.name));
        },
        out_value);
}

void rpt_module_free(rpt_module *module) { delete module; }
