#pragma once

#include <torch/script.h>

#include <string>

/// A float32 tensor of a .npy file in C order, as numpy.save writes it.
at::Tensor read_npy(const std::string &path);
