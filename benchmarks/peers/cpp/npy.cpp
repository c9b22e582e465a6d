#include "npy.h"

#include <cstdint>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <vector>

at::Tensor read_npy(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    char prefix[10];
    if (!file.read(prefix, sizeof prefix) || std::memcmp(prefix, "\x93NUMPY\x01\x00", 8) != 0) {
        throw std::runtime_error(path + " is no .npy file of version 1.0");
    }

    uint16_t length;
    std::memcpy(&length, prefix + 8, sizeof length);
    std::string header(length, ' ');
    file.read(header.data(), length);
    size_t shape = header.find("'shape': (");
    if (header.find("'<f4'") == std::string::npos || header.find("True") != std::string::npos || shape == std::string::npos) {
        throw std::runtime_error(path + " does not hold float32 in C order");
    }

    std::vector<int64_t> sizes;
    for (const char *at = header.c_str() + shape + 10; *at != ')';) {
        char *end;
        int64_t size = std::strtoll(at, &end, 10);
        if (end == at) {
            break;
        }
        sizes.push_back(size);
        at = end + std::strspn(end, ", ");
    }

    at::Tensor tensor = at::empty(sizes);
    if (!file.read(static_cast<char *>(tensor.data_ptr()), static_cast<std::streamsize>(tensor.nbytes()))) {
        throw std::runtime_error(path + " is cut short");
    }
    return tensor;
}
