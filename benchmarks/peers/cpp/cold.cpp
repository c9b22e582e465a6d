// From the start of the process to the first output: cold MODEL INPUT.npy THREADS. Prints the output's sum.
#include "npy.h"

#include <ATen/Parallel.h>

#include <cstdio>

int main(int, char **arguments) {
    at::set_num_threads(std::stoi(arguments[3]));
    torch::NoGradGuard no_gradients;
    torch::jit::Module module = torch::jit::load(arguments[1]);
    module.eval();
    at::Tensor output = module.forward({read_npy(arguments[2])}).toTensor();
    std::printf("%.9g\n", output.sum().item<double>());
}
