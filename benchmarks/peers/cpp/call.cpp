// Calls a TorchScript model over and over: call MODEL INPUT.npy THREADS. See ../worker.py for what it reads and prints.
#include "npy.h"
#include "worker.h"

#include <ATen/Parallel.h>
#include <torch/version.h>

int main(int, char **arguments) {
    at::set_num_threads(std::stoi(arguments[3]));
    torch::NoGradGuard no_gradients;
    torch::jit::Module module = torch::jit::load(arguments[1]);
    module.eval();
    torch::jit::Method forward = module.get_method("forward"); // quicker than looking it up in every call
    at::Tensor input = read_npy(arguments[2]);
    serve("libtorch " TORCH_VERSION, [&](long calls) {
        at::Tensor output;
        for (long i = 0; i < calls; i++) {
            output = forward({input}).toTensor();
        }
    });
}
