#include "error.h"
#include "json.h"

#include <limits>

using namespace rpt;

int32_t rpt_cuda_device_count(void) {
    try {
        return static_cast<int32_t>(at::getNumGPUs());
    } catch (...) {
        return 0;
    }
}

namespace {

int32_t require_device(int32_t index, int32_t smallest) {
    const int32_t count = rpt_cuda_device_count();
    if (index < smallest || index >= count) {
        invalid("There is no CUDA device ", index, ": ", count, " can be used here, counted from 0.");
    }
    return count;
}

} // namespace

rpt_error *rpt_cuda_device_describe(int32_t index, char **out_json) {
    return guard(
        [&] {
            require_device(index, 0);
#if defined(RPT_WITH_CUDA)
            const cudaDeviceProp &properties = *at::cuda::getDeviceProperties(static_cast<c10::DeviceIndex>(index));
            int driver = 0;
            cudaDriverGetVersion(&driver);
            JsonWriter json;
            json.begin_object();
            json.key("name").text(properties.name);
            json.key("computeCapability").text(c10::str(properties.major, ".", properties.minor));
            json.key("totalMemory").number(static_cast<int64_t>(properties.totalGlobalMem));
            json.key("multiprocessors").number(properties.multiProcessorCount);
            json.key("driverVersion").number(driver);
            json.key("runtimeVersion").number(at::detail::getCUDAHooks().versionCUDART());
            const auto &hooks = at::detail::getCUDAHooks();
            json.key("cudnnVersion").number(hooks.hasCuDNN() ? hooks.versionCuDNN() : 0);
            json.end_object();
            *out_json = copy_text(json.str());
#else
            fail(RPT_ERROR_INTERNAL, "libtorch has CUDA, but this library was built where CUDA's headers are missing.");
#endif
        },
        out_json);
}

rpt_error *rpt_cuda_synchronize(int32_t index) {
    return guard([&] {
        if (index < -1) {
            invalid("The device index is ", index, "; -1 means all devices.");
        }
        const int32_t count = rpt_cuda_device_count();
        if (count == 0) {
            return;
        }
        require_device(index, -1);
        const int32_t first = index == -1 ? 0 : index;
        const int32_t last = index == -1 ? count - 1 : index;
        for (int32_t device = first; device <= last; ++device) {
            at::detail::getCUDAHooks().deviceSynchronize(static_cast<c10::DeviceIndex>(device));
        }
    });
}
