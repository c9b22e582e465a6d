// Our numbers for data types and devices, and libtorch's.
#pragma once

#include "error.h"

namespace rpt {

c10::ScalarType dtype_from_number(int32_t dtype);
int32_t dtype_to_number(c10::ScalarType dtype);
// PyTorch's name, such as "float32".
const char *dtype_name(c10::ScalarType dtype);
// The dtype that torch.<name> is, its short names included.
optional<c10::ScalarType> dtype_from_name(const std::string &name);

// Checks that the device can be used here and now.
c10::Device device_from_numbers(int32_t type, int32_t index);
// The same, where type -1 means none.
optional<c10::Device> optional_device_from_numbers(int32_t type, int32_t index);
int32_t device_type_to_number(c10::DeviceType type);

} // namespace rpt
