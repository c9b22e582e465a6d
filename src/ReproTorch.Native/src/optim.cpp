// The optimizers of torch.optim. Operators, their order and the arithmetic of the numbers follow the single-tensor functions of
// PyTorch 1.13 (torch/optim/{sgd,adam,adamw,rmsprop,adagrad}.py and torch/nn/utils/clip_grad.py): torch::optim of C++ computes some
// of it in another order, which gives other bits.
#include "tensor.h"

#include <array>
#include <cmath>
#include <limits>

namespace rpt {
namespace {

constexpr const char *c_step = "step";

// What is kept for one parameter. `step` counts in float32, as in torch.optim, where it is a tensor.
struct State {
    float step = 0;
    bool has_step = false;
    std::array<at::Tensor, 3> tensors;
};

struct Kind {
    const char *names;                 // all of them, as rpt_optimizer_state_names gives them
    bool counts_steps;
    std::array<const char *, 3> slots; // names of State::tensors
};

constexpr std::array<Kind, 5> c_kinds{{
    {"momentum_buffer", false, {"momentum_buffer", nullptr, nullptr}},
    {"step exp_avg exp_avg_sq max_exp_avg_sq", true, {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}},
    {"step exp_avg exp_avg_sq max_exp_avg_sq", true, {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}},
    {"square_avg grad_avg momentum_buffer", false, {"square_avg", "grad_avg", "momentum_buffer"}},
    {"step sum", true, {"sum", nullptr, nullptr}},
}};

const Kind &kind_of(int32_t kind) {
    if (kind < 0 || static_cast<size_t>(kind) >= c_kinds.size()) {
        invalid("There is no optimizer of the kind ", kind, ".");
    }
    return c_kinds[static_cast<size_t>(kind)];
}

// Zeros of the parameter's shape, strides and type.
at::Tensor empty_state(const at::Tensor &tensor) { return at::zeros_like(tensor, {}, at::MemoryFormat::Preserve); }

float next_step(State &state) {
    state.has_step = true;
    state.step += 1;
    return state.step;
}

at::Tensor real_view(const at::Tensor &tensor) { return tensor.is_complex() ? at::view_as_real(tensor) : tensor; }

// What most of them begin with: the gradient to go down, with the penalty of large weights.
at::Tensor penalized(const at::Tensor &parameter, const rpt_optimizer_numbers &numbers) {
    auto gradient = parameter.grad();
    if (numbers.maximize != 0) {
        gradient = gradient.neg();
    }
    return numbers.weight_decay != 0 ? gradient.add(parameter, numbers.weight_decay) : gradient;
}

void step_sgd(at::Tensor &parameter, State &state, const rpt_optimizer_numbers &numbers) {
    auto direction = penalized(parameter, numbers);
    if (numbers.momentum != 0) {
        auto &buffer = state.tensors[0];
        if (buffer.defined()) {
            buffer.mul_(numbers.momentum).add_(direction, 1 - numbers.dampening);
        } else {
            buffer = at::clone(direction).detach();
        }
        direction = numbers.nesterov != 0 ? direction.add(buffer, numbers.momentum) : buffer;
    }
    parameter.add_(direction, -numbers.lr);
}

// Adam and AdamW, which differ in where the penalty of large weights is applied.
void step_adam(at::Tensor &parameter, State &state, const rpt_optimizer_numbers &numbers, bool decoupled) {
    auto &[average, square, greatest] = state.tensors;
    if (!average.defined()) {
        average = empty_state(parameter);
        square = empty_state(parameter);
    }
    if (numbers.amsgrad != 0 && !greatest.defined()) {
        greatest = empty_state(parameter);
    }
    const double step = next_step(state);
    at::Tensor gradient;
    if (decoupled) {
        gradient = numbers.maximize != 0 ? parameter.grad().neg() : parameter.grad();
        parameter.mul_(1 - numbers.lr * numbers.weight_decay);
    } else {
        gradient = penalized(parameter, numbers);
    }
    gradient = real_view(gradient);
    auto real_average = real_view(average);
    auto real_square = real_view(square);
    real_average.mul_(numbers.beta1).add_(gradient, 1 - numbers.beta1);
    real_square.mul_(numbers.beta2).addcmul_(gradient, gradient, 1 - numbers.beta2);
    const double correction1 = 1 - std::pow(numbers.beta1, step);
    const double correction2 = 1 - std::pow(numbers.beta2, step);
    const double size = numbers.lr / correction1;
    const double root = std::sqrt(correction2);
    at::Tensor denominator;
    if (numbers.amsgrad != 0) {
        auto real_greatest = real_view(greatest);
        at::maximum_out(real_greatest, real_greatest, real_square);
        denominator = real_greatest.sqrt().div(root).add_(numbers.eps);
    } else {
        denominator = real_square.sqrt().div(root).add_(numbers.eps);
    }
    real_view(parameter).addcdiv_(real_average, denominator, -size);
}

void step_rmsprop(at::Tensor &parameter, State &state, const rpt_optimizer_numbers &numbers) {
    auto &[square, average, buffer] = state.tensors;
    if (!square.defined()) {
        square = empty_state(parameter);
    }
    if (numbers.momentum > 0 && !buffer.defined()) {
        buffer = empty_state(parameter);
    }
    if (numbers.centered != 0 && !average.defined()) {
        average = empty_state(parameter);
    }
    const auto gradient = real_view(penalized(parameter, numbers));
    auto real_square = real_view(square);
    real_square.mul_(numbers.alpha).addcmul_(gradient, gradient, 1 - numbers.alpha);
    at::Tensor root;
    if (numbers.centered != 0) {
        auto real_average = real_view(average);
        real_average.mul_(numbers.alpha).add_(gradient, 1 - numbers.alpha);
        root = real_square.addcmul(real_average, real_average, -1).sqrt_();
    } else {
        root = real_square.sqrt();
    }
    root.add_(numbers.eps);
    if (numbers.momentum > 0) {
        auto real_buffer = real_view(buffer);
        real_buffer.mul_(numbers.momentum).addcdiv_(gradient, root);
        real_view(parameter).add_(real_buffer, -numbers.lr);
    } else {
        real_view(parameter).addcdiv_(gradient, root, -numbers.lr);
    }
}

void step_adagrad(at::Tensor &parameter, State &state, const rpt_optimizer_numbers &numbers) {
    auto &sum = state.tensors[0];
    if (!sum.defined()) {
        const auto start = numbers.initial_accumulator_value;
        const c10::Scalar value = parameter.is_complex() ? c10::Scalar(c10::complex<double>(start, start)) : c10::Scalar(start);
        sum = at::full_like(parameter, value, {}, at::MemoryFormat::Preserve);
    }
    const double step = next_step(state);
    const auto gradient = real_view(penalized(parameter, numbers));
    const double rate = numbers.lr / (1 + (step - 1) * numbers.lr_decay);
    auto real_sum = real_view(sum);
    real_sum.addcmul_(gradient, gradient, 1);
    real_view(parameter).addcdiv_(gradient, real_sum.sqrt().add_(numbers.eps), -rate);
}

} // namespace
} // namespace rpt

struct rpt_optimizer {
    int32_t kind;
    std::vector<at::Tensor> parameters;
    std::vector<int32_t> groups;
    std::vector<rpt::State> states;
};

namespace rpt {
namespace {

std::vector<at::Tensor> gradients_of(const rpt_optimizer &optimizer) {
    std::vector<at::Tensor> gradients;
    for (const auto &parameter : optimizer.parameters) {
        if (parameter.grad().defined()) {
            gradients.push_back(parameter.grad().detach());
        }
    }
    return gradients;
}

at::Tensor total_norm(const std::vector<at::Tensor> &gradients, double norm_type) {
    const auto device = gradients.front().device();
    std::vector<at::Tensor> norms;
    norms.reserve(gradients.size());
    for (const auto &gradient : gradients) {
        norms.push_back((std::isinf(norm_type) ? gradient.abs().max() : at::norm(gradient, norm_type)).to(device));
    }
    if (!std::isinf(norm_type)) {
        return at::norm(at::stack(norms), norm_type);
    }
    return norms.size() == 1 ? norms.front() : at::max(at::stack(norms));
}

void step(at::Tensor &parameter, State &state, const rpt_optimizer_numbers &numbers, int32_t kind) {
    switch (kind) {
    case RPT_OPTIMIZER_SGD:
        return step_sgd(parameter, state, numbers);
    case RPT_OPTIMIZER_RMSPROP:
        return step_rmsprop(parameter, state, numbers);
    case RPT_OPTIMIZER_ADAGRAD:
        return step_adagrad(parameter, state, numbers);
    default:
        return step_adam(parameter, state, numbers, kind == RPT_OPTIMIZER_ADAMW);
    }
}

// The slot of State::tensors with that name.
size_t slot_of(const Kind &kind, const std::string &name) {
    for (size_t i = 0; i < kind.slots.size() && kind.slots[i] != nullptr; ++i) {
        if (name == kind.slots[i]) {
            return i;
        }
    }
    invalid("The optimizer keeps no '", name, "'; it keeps: ", kind.names, ".");
}

template <typename Optimizer>
auto &state_of(Optimizer &optimizer, int64_t parameter) {
    if (parameter < 0 || static_cast<size_t>(parameter) >= optimizer.states.size()) {
        invalid("There is no parameter ", parameter, "; the optimizer has ", optimizer.states.size(), ".");
    }
    return optimizer.states[static_cast<size_t>(parameter)];
}

} // namespace
} // namespace rpt

using namespace rpt;

rpt_error *rpt_optimizer_create(int32_t kind, rpt_tensor *const *parameters, const int32_t *groups, int64_t count,
                                rpt_optimizer **out_optimizer) {
    return guard(
        [&] {
            kind_of(kind);
            auto tensors = tensors_of(parameters, count, "parameters");
            require_array(groups, count, "groups");
            for (const auto &tensor : tensors) {
                if (!tensor.is_leaf()) {
                    invalid("A parameter of ", describe_tensor(tensor), " is computed from others; only leaves are trained.");
                }
            }
            std::vector<State> states(tensors.size());
            *out_optimizer = new rpt_optimizer{kind, std::move(tensors), {groups, groups + count}, std::move(states)};
        },
        out_optimizer);
}

rpt_error *rpt_optimizer_step(rpt_optimizer *optimizer, const rpt_optimizer_numbers *groups, int64_t group_count) {
    return guard([&] {
        auto &self = require(optimizer, "optimizer");
        require_array(groups, group_count, "groups");
        for (int64_t i = 0; i < group_count; ++i) {
            if (groups[i].struct_size != sizeof(rpt_optimizer_numbers)) {
                invalid("rpt_optimizer_numbers has ", sizeof(rpt_optimizer_numbers), " bytes, not ", groups[i].struct_size, ".");
            }
        }
        for (const int32_t group : self.groups) {
            if (group < 0 || group >= group_count) {
                invalid("A parameter is of group ", group, ", but numbers were given for ", group_count, " groups.");
            }
        }
        const at::NoGradGuard no_grad;
        for (size_t i = 0; i < self.parameters.size(); ++i) {
            if (self.parameters[i].grad().defined()) {
                step(self.parameters[i], self.states[i], groups[self.groups[i]], self.kind);
            }
        }
    });
}

rpt_error *rpt_optimizer_zero_gradients(rpt_optimizer *optimizer, int32_t set_to_none) {
    return guard([&] {
        const at::NoGradGuard no_grad;
        for (auto &parameter : require(optimizer, "optimizer").parameters) {
            auto &gradient = parameter.mutable_grad();
            if (set_to_none != 0) {
                gradient.reset();
            } else if (gradient.defined()) {
                gradient.zero_();
            }
        }
    });
}

rpt_error *rpt_optimizer_clip_norm(rpt_optimizer *optimizer, double max_norm, double norm_type, double *out_norm) {
    return guard(
        [&] {
            const at::NoGradGuard no_grad;
            auto gradients = gradients_of(require(optimizer, "optimizer"));
            if (gradients.empty()) {
                return;
            }
            const auto norm = total_norm(gradients, norm_type);
            // A tensor below a number: max_norm * reciprocal, as Tensor.__rtruediv__ has it.
            const auto coefficient = at::clamp_max(norm.add(1e-6).reciprocal().mul(max_norm), 1.0);
            for (auto &gradient : gradients) {
                gradient.mul_(coefficient.to(gradient.device()));
            }
            *out_norm = norm.item<double>();
        },
        out_norm);
}

rpt_error *rpt_optimizer_clip_value(rpt_optimizer *optimizer, double clip_value) {
    return guard([&] {
        const at::NoGradGuard no_grad;
        for (auto &gradient : gradients_of(require(optimizer, "optimizer"))) {
            gradient.clamp_(-clip_value, clip_value);
        }
    });
}

rpt_error *rpt_optimizer_state(const rpt_optimizer *optimizer, int64_t parameter, const char *name,
                               rpt_tensor **out_tensor) {
    return guard(
        [&] {
            const auto &self = require(optimizer, "optimizer");
            const auto &state = state_of(self, parameter);
            const auto &kind = kind_of(self.kind);
            const auto text = require_text(name, "name");
            if (kind.counts_steps && text == c_step) {
                if (state.has_step) {
                    *out_tensor = new_tensor(at::scalar_tensor(state.step, at::kFloat));
                }
                return;
            }
            const auto &tensor = state.tensors[slot_of(kind, text)];
            if (tensor.defined()) {
                *out_tensor = new_tensor(tensor);
            }
        },
        out_tensor);
}

rpt_error *rpt_optimizer_set_state(rpt_optimizer *optimizer, int64_t parameter, const char *name,
                                   const rpt_tensor *tensor) {
    return guard([&] {
        auto &self = require(optimizer, "optimizer");
        auto &state = state_of(self, parameter);
        const auto &kind = kind_of(self.kind);
        const auto text = require_text(name, "name");
        const auto &value = tensor_of(tensor);
        const at::NoGradGuard no_grad;
        if (kind.counts_steps && text == c_step) {
            if (value.numel() != 1) {
                invalid("'step' is one number, not ", describe_tensor(value), ".");
            }
            state.step = value.item<float>();
            state.has_step = true;
            return;
        }
        auto &slot = state.tensors[slot_of(kind, text)];
        const auto &owner = self.parameters[static_cast<size_t>(parameter)];
        if (value.sizes() != owner.sizes() || value.scalar_type() != owner.scalar_type()) {
            invalid("'", text, "' of ", describe_tensor(value), " does not fit a parameter of ", describe_tensor(owner), ".");
        }
        slot = empty_state(owner).copy_(value);
    });
}

const char *rpt_optimizer_state_names(int32_t kind) {
    return kind >= 0 && static_cast<size_t>(kind) < c_kinds.size() ? c_kinds[static_cast<size_t>(kind)].names : nullptr;
}

void rpt_optimizer_free(rpt_optimizer *optimizer) { delete optimizer; }
