#include "tensor.h"

using namespace rpt;

rpt_error *rpt_tensor_require_gradient(rpt_tensor *tensor, int32_t on) {
    return guard([&] { require(tensor, "tensor").tensor.set_requires_grad(on != 0); });
}

rpt_error *rpt_tensor_gradient(const rpt_tensor *tensor, rpt_tensor **out_gradient) {
    return guard(
        [&] {
            const auto &gradient = tensor_of(tensor).grad();
            if (gradient.defined()) {
                *out_gradient = new_tensor(gradient);
            }
        },
        out_gradient);
}

rpt_error *rpt_tensor_set_gradient(rpt_tensor *tensor, const rpt_tensor *gradient) {
    return guard([&] {
        auto &target = require(tensor, "tensor").tensor;
        if (gradient == nullptr) {
            target.mutable_grad().reset();
            return;
        }
        const auto &value = gradient->tensor;
        if (value.sizes() != target.sizes() || value.scalar_type() != target.scalar_type() ||
            value.device() != target.device()) {
            invalid("A gradient of ", describe_tensor(value), " on ", value.device(), " does not fit a tensor of ",
                    describe_tensor(target), " on ", target.device(), ".");
        }
        target.mutable_grad() = value;
    });
}

rpt_error *rpt_tensor_backward(const rpt_tensor *loss) {
    return guard([&] {
        const auto &root = tensor_of(loss, "loss");
        if (root.numel() != 1) {
            invalid("A loss is one number, but this one is ", describe_tensor(root), ".");
        }
        if (!root.requires_grad()) {
            invalid("The loss depends on no parameter that requires a gradient, so there is nothing to train.");
        }
        torch::autograd::backward({root}, {});
    });
}
