/* reprotorch.h: the whole ABI of libreprotorch, a flat C library over libtorch.
 *
 * Rules that hold for every function
 * - A function that can fail returns an rpt_error *. Null means success. The caller frees an error with
 *   rpt_error_free. On failure every out_ parameter is set to null or zero.
 * - A pointer that comes back through an out_ parameter is a new reference: the caller frees it with the free
 *   function of its type. Pointers that go in are borrowed for the call. Exceptions are named where they occur.
 * - Every free function takes null and cannot fail.
 * - Strings are UTF-8 and end with a zero byte. Strings that go in are copied before the call returns. A char *
 *   that comes out is freed with rpt_string_free; a const char * is borrowed from the object that the comment names.
 * - Booleans are int32_t: 0 or 1. Sizes are int64_t. No C++ exception ever leaves a function.
 * - A null where an object is needed, or a number outside its range, gives RPT_ERROR_INVALID_ARGUMENT.
 * - Functions may be called from any thread. One object must not be changed by two threads at once. State that libtorch
 *   keeps for the process (generators, switches, thread counts) is shared by all threads.
 * - Types are written as TorchScript annotations ("Tensor", "Optional[int]", "Dict[str, List[Tensor]]").
 * - The library stays in the process once it is loaded: libtorch keeps pointers into it.
 */
#ifndef REPROTORCH_H
#define REPROTORCH_H

#include <stdint.h>

#if defined(_WIN32)
#if defined(RPT_BUILD)
#define RPT_API __declspec(dllexport)
#else
#define RPT_API __declspec(dllimport)
#endif
#else
#define RPT_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Raised by one whenever a function here changes its meaning or goes away. New functions do not raise it. */
#define RPT_ABI_VERSION 1

typedef struct rpt_error rpt_error;         /* why a call failed */
typedef struct rpt_tensor rpt_tensor;       /* an at::Tensor */
typedef struct rpt_value rpt_value;         /* a TorchScript value (c10::IValue) */
typedef struct rpt_module rpt_module;       /* a torch::jit::Module */
typedef struct rpt_method rpt_method;       /* one method of a module */
typedef struct rpt_generator rpt_generator; /* an at::Generator */
typedef struct rpt_observer rpt_observer;   /* what records the operators that run */
typedef struct rpt_optimizer rpt_optimizer; /* parameters that are trained, and the optimizer's state for each */

/* ---- error ------------------------------------------------------------------------------------------------- */

/* Append only. */
typedef enum rpt_error_kind {
    RPT_ERROR_NONE = 0,
    RPT_ERROR_INVALID_ARGUMENT = 1,  /* a wrong type, count, shape, range, or a null */
    RPT_ERROR_NONDETERMINISTIC = 2,  /* an operator without a deterministic form, while deterministic algorithms are on */
    RPT_ERROR_SCRIPT_SOURCE = 3,     /* TorchScript source that does not compile (torch::jit::ErrorReport) */
    RPT_ERROR_MODEL_FORMAT = 4,      /* a model archive that cannot be read */
    RPT_ERROR_OUT_OF_MEMORY = 5,     /* host or device */
    RPT_ERROR_OPERATOR = 6,          /* an operator failed; the message is its own */
    RPT_ERROR_SCRIPT_RAISE = 7,      /* a TorchScript `raise` or a failed assert (torch::jit::JITException) */
    RPT_ERROR_INTERNAL = 8           /* anything else: a fault in this library or in libtorch */
} rpt_error_kind;

/* The kind, one of rpt_error_kind. Null gives RPT_ERROR_NONE. */
RPT_API int32_t rpt_error_code(const rpt_error *error);
/* What went wrong, without a C++ backtrace. Borrowed until rpt_error_free; never null. */
RPT_API const char *rpt_error_message(const rpt_error *error);
/* The C++ backtrace that libtorch attached, or an empty string. Borrowed until rpt_error_free; never null. */
RPT_API const char *rpt_error_backtrace(const rpt_error *error);
RPT_API void rpt_error_free(rpt_error *error);

/* ---- library ----------------------------------------------------------------------------------------------- */

RPT_API uint32_t rpt_abi_version(void);
/* The libtorch that this library was compiled against, such as "1.13.0". Borrowed for ever. */
RPT_API const char *rpt_torch_version_built(void);
/* The libtorch that the process has loaded, read from its own build summary; equal to the above unless files were
 * exchanged after the build. Empty when the build summary does not tell. Borrowed for ever. */
RPT_API const char *rpt_torch_version_loaded(void);
RPT_API void rpt_string_free(char *text);

/* Takes the warnings that libtorch raised since the last take on the calling thread (and those raised on threads that
 * never called this library, such as libtorch's own): one warning, one element. What a model prints with print() comes
 * the same way, with its newline at the end. out_count strings in a new array (null when there are none), freed with
 * rpt_warnings_free. Nothing of libtorch is printed. At most 1,000 are kept a thread; a last element then says how many
 * were dropped. */
RPT_API rpt_error *rpt_warnings_take(char ***out_texts, int64_t *out_count);
RPT_API void rpt_warnings_free(char **texts, int64_t count);
/* 1: a warning that libtorch gives only once in a process is given every time (torch.set_warn_always). */
RPT_API rpt_error *rpt_warnings_set_always(int32_t always);

/* getenv and setenv of the C library, which libtorch, OpenMP and CUDA read. .NET's own functions do not reach it on
 * Unix. A null value removes the variable; out_value is null when it is not set. */
RPT_API rpt_error *rpt_environment_get(const char *name, char **out_value);
RPT_API rpt_error *rpt_environment_set(const char *name, const char *value);

/* at::show_config(): compiler, BLAS, oneDNN, build settings, as one text of several lines. */
RPT_API rpt_error *rpt_torch_build_summary(char **out_text);
/* at::get_parallel_info(): thread pools and OpenMP or native back end, as one text of several lines. */
RPT_API rpt_error *rpt_torch_parallel_summary(char **out_text);
/* The vector instructions that ATen's kernels use: "DEFAULT", "AVX2", "AVX512", ... (at::get_cpu_capability or, where
 * that is missing, the word in the build summary). */
RPT_API rpt_error *rpt_torch_cpu_capability(char **out_text);

/* ---- device ------------------------------------------------------------------------------------------------ */

/* Device types are ours, not c10's. Append only. */
typedef enum rpt_device_type { RPT_DEVICE_CPU = 0, RPT_DEVICE_CUDA = 1, RPT_DEVICE_MPS = 2, RPT_DEVICE_META = 3 } rpt_device_type;

/* Number of CUDA devices that can be used now; 0 without a CUDA build or driver. Never fails. */
RPT_API int32_t rpt_cuda_device_count(void);
/* One JSON object: name, compute capability, total memory in bytes, driver and runtime version, cuDNN version. */
RPT_API rpt_error *rpt_cuda_device_describe(int32_t index, char **out_json);
/* Waits until all work on the device is done. Index -1 means all devices. Does nothing without CUDA. */
RPT_API rpt_error *rpt_cuda_synchronize(int32_t index);

/* ---- tensor ------------------------------------------------------------------------------------------------ */

/* Data types, named as PyTorch names them. Append only. Numbers are ours, not c10's. */
typedef enum rpt_dtype {
    RPT_DTYPE_UINT8 = 0,
    RPT_DTYPE_INT8 = 1,
    RPT_DTYPE_INT16 = 2,
    RPT_DTYPE_INT32 = 3,
    RPT_DTYPE_INT64 = 4,
    RPT_DTYPE_FLOAT16 = 5,
    RPT_DTYPE_FLOAT32 = 6,
    RPT_DTYPE_FLOAT64 = 7,
    RPT_DTYPE_COMPLEX32 = 8,
    RPT_DTYPE_COMPLEX64 = 9,
    RPT_DTYPE_COMPLEX128 = 10,
    RPT_DTYPE_BOOL = 11,
    RPT_DTYPE_QINT8 = 12,
    RPT_DTYPE_QUINT8 = 13,
    RPT_DTYPE_QINT32 = 14,
    RPT_DTYPE_BFLOAT16 = 15,
    RPT_DTYPE_UINT16 = 16, /* libtorch 2.3 and later */
    RPT_DTYPE_UINT32 = 17,
    RPT_DTYPE_UINT64 = 18,
    RPT_DTYPE_FLOAT8_E5M2 = 19, /* libtorch 2.1 and later */
    RPT_DTYPE_FLOAT8_E4M3FN = 20
} rpt_dtype;

/* Filled in one call, because shape, dtype and device are always wanted together. */
typedef struct rpt_tensor_info {
    uint32_t struct_size;    /* in: sizeof(rpt_tensor_info) */
    int32_t dtype;           /* rpt_dtype */
    int32_t device_type;     /* rpt_device_type */
    int32_t device_index;    /* -1 where the device has none */
    int32_t dimensions;      /* number of dimensions */
    int32_t requires_grad;
    int32_t is_contiguous;   /* in C order */
    int32_t is_dense;        /* 0 for sparse, compressed and mkldnn layouts */
    int32_t is_quantized;
    int32_t is_shared;       /* 1 when another tensor, a module or a view refers to the same storage */
    int64_t elements;        /* number of elements */
    int64_t storage_bytes;   /* bytes of the storage that the tensor keeps alive, 0 if unknown */
    const int64_t *sizes;    /* borrowed from the tensor */
    const int64_t *strides;  /* borrowed from the tensor, in elements; null when not dense */
    const void *data;        /* borrowed from the tensor: first element; null unless dense, on the CPU, and with its
                              * elements in memory as they are (not a lazily conjugated or negated view) */
} rpt_tensor_info;

/* A new tensor with a copy of byte_count bytes in C order. byte_count must be elements times the size of the dtype.
 * Quantized dtypes need a scale too and are refused: aten::_make_per_tensor_quantized_tensor makes those. */
RPT_API rpt_error *rpt_tensor_create(int32_t dtype, const int64_t *sizes, int32_t dimensions, const void *data,
                                     int64_t byte_count, int32_t device_type, int32_t device_index,
                                     rpt_tensor **out_tensor);
/* Called once, on any thread, when the last reference to borrowed memory is gone. It must not throw. */
typedef void (*rpt_release_callback)(void *context);
/* A new CPU tensor over memory that the caller keeps alive and unchanged until release(context) is called (also on
 * failure of this function it is NOT called). The memory is aligned to the size of one element. */
RPT_API rpt_error *rpt_tensor_borrow(int32_t dtype, const int64_t *sizes, int32_t dimensions, const void *data,
                                     int64_t byte_count, rpt_release_callback release, void *context,
                                     rpt_tensor **out_tensor);
RPT_API rpt_error *rpt_tensor_describe(const rpt_tensor *tensor, rpt_tensor_info *info);
/* Copies the elements in C order to host memory, from any device and layout (sparse becomes dense, a quantized tensor
 * gives its integers). byte_count must be elements times the size of the dtype. */
RPT_API rpt_error *rpt_tensor_copy_to_host(const rpt_tensor *tensor, void *buffer, int64_t byte_count);
/* Overwrites the elements from C-order host memory of the same byte count. */
RPT_API rpt_error *rpt_tensor_copy_from_host(rpt_tensor *tensor, const void *buffer, int64_t byte_count);
/* A dense CPU tensor in C order with the same elements: the tensor itself where it is one already. */
RPT_API rpt_error *rpt_tensor_to_host(const rpt_tensor *tensor, rpt_tensor **out_tensor);
/* The same elements on another device and with another dtype (-1 keeps the dtype; device_type -1 keeps the device).
 * Shares memory when nothing changes and copy is 0. The result requires no gradient; nor does that of to_host and narrow. */
RPT_API rpt_error *rpt_tensor_to(const rpt_tensor *tensor, int32_t dtype, int32_t device_type, int32_t device_index,
                                 int32_t copy, rpt_tensor **out_tensor);
/* The rows start..start+length-1 of dimension 0, sharing memory. */
RPT_API rpt_error *rpt_tensor_narrow(const rpt_tensor *tensor, int64_t start, int64_t length, rpt_tensor **out_tensor);
/* The tensors one after the other along dimension 0 (torch.cat). */
RPT_API rpt_error *rpt_tensor_concatenate(rpt_tensor *const *tensors, int64_t count, rpt_tensor **out_tensor);
/* scale and zero point of a per-tensor quantized tensor; an error for any other. */
RPT_API rpt_error *rpt_tensor_quantization(const rpt_tensor *tensor, double *out_scale, int64_t *out_zero_point);
/* XXH3, 128 bits, seed 0, in its canonical (big-endian) form, over: the rpt_dtype number as int32, the number of dimensions
 * as int32, each size as int64 (all little endian), then the elements' bytes in C order. Works from any device. */
RPT_API rpt_error *rpt_tensor_hash(const rpt_tensor *tensor, uint8_t out_hash[16]);
/* A second reference to the same tensor. */
RPT_API rpt_error *rpt_tensor_share(const rpt_tensor *tensor, rpt_tensor **out_tensor);
RPT_API void rpt_tensor_free(rpt_tensor *tensor);

/* XXH3, 128 bits, canonical form, of plain bytes. */
RPT_API rpt_error *rpt_hash_bytes(const void *data, int64_t byte_count, uint8_t out_hash[16]);

/* ---- value ------------------------------------------------------------------------------------------------- */

/* Append only. */
typedef enum rpt_value_kind {
    RPT_VALUE_NONE = 0,
    RPT_VALUE_TENSOR = 1,
    RPT_VALUE_BOOL = 2,
    RPT_VALUE_INT = 3,
    RPT_VALUE_DOUBLE = 4,
    RPT_VALUE_COMPLEX = 5,
    RPT_VALUE_STRING = 6,
    RPT_VALUE_DEVICE = 7,
    RPT_VALUE_TUPLE = 8, /* a NamedTuple too: its fields have names */
    RPT_VALUE_LIST = 9,
    RPT_VALUE_DICT = 10,   /* keys in insertion order */
    RPT_VALUE_GENERATOR = 11,
    RPT_VALUE_OBJECT = 12, /* a TorchScript class instance; its attributes are items with names */
    RPT_VALUE_OTHER = 13   /* anything else; rpt_value_text says what */
} rpt_value_kind;

RPT_API rpt_error *rpt_value_from_none(rpt_value **out_value);
RPT_API rpt_error *rpt_value_from_tensor(const rpt_tensor *tensor, rpt_value **out_value);
RPT_API rpt_error *rpt_value_from_bool(int32_t value, rpt_value **out_value);
RPT_API rpt_error *rpt_value_from_int(int64_t value, rpt_value **out_value);
RPT_API rpt_error *rpt_value_from_double(double value, rpt_value **out_value);
RPT_API rpt_error *rpt_value_from_complex(double real, double imaginary, rpt_value **out_value);
RPT_API rpt_error *rpt_value_from_string(const char *text, int64_t byte_count, rpt_value **out_value);
RPT_API rpt_error *rpt_value_from_device(int32_t device_type, int32_t device_index, rpt_value **out_value);
RPT_API rpt_error *rpt_value_from_dtype(int32_t dtype, rpt_value **out_value);
RPT_API rpt_error *rpt_value_from_generator(const rpt_generator *generator, rpt_value **out_value);
/* Containers copy their items' references; the items stay the caller's. A list's items may be of mixed kinds: it takes
 * the element type that the method or operator declares when it is passed to one (until then that of its items, else
 * Any). Keys of a dict are all of one kind: strings, ints, floats, complex numbers, bools, tensors or devices; one that is
 * given twice is an error. */
RPT_API rpt_error *rpt_value_from_tuple(rpt_value *const *items, int64_t count, rpt_value **out_value);
RPT_API rpt_error *rpt_value_from_list(rpt_value *const *items, int64_t count, rpt_value **out_value);
RPT_API rpt_error *rpt_value_from_dict(rpt_value *const *keys, rpt_value *const *values, int64_t count,
                                       rpt_value **out_value);

/* The kind, one of rpt_value_kind. Null, and an undefined tensor, give RPT_VALUE_NONE. */
RPT_API int32_t rpt_value_kind_of(const rpt_value *value);
/* Each fails with RPT_ERROR_INVALID_ARGUMENT when the value is of another kind. */
RPT_API rpt_error *rpt_value_to_tensor(const rpt_value *value, rpt_tensor **out_tensor);
RPT_API rpt_error *rpt_value_to_bool(const rpt_value *value, int32_t *out_value);
RPT_API rpt_error *rpt_value_to_int(const rpt_value *value, int64_t *out_value);
RPT_API rpt_error *rpt_value_to_double(const rpt_value *value, double *out_value);
RPT_API rpt_error *rpt_value_to_complex(const rpt_value *value, double *out_real, double *out_imaginary);
/* A new string of *out_byte_count bytes (it may hold zero bytes), and a zero byte after them. */
RPT_API rpt_error *rpt_value_to_string(const rpt_value *value, char **out_text, int64_t *out_byte_count);
RPT_API rpt_error *rpt_value_to_device(const rpt_value *value, int32_t *out_type, int32_t *out_index);
/* Number of items of a tuple, list, dict or object; 0 for anything else. */
RPT_API rpt_error *rpt_value_count(const rpt_value *value, int64_t *out_count);
/* Item number index of a tuple, list or object; the value of entry number index of a dict. */
RPT_API rpt_error *rpt_value_item(const rpt_value *value, int64_t index, rpt_value **out_item);
/* The key of entry number index of a dict. */
RPT_API rpt_error *rpt_value_key(const rpt_value *value, int64_t index, rpt_value **out_key);
/* The name of a NamedTuple's field or of an object's attribute; null where items have no names. */
RPT_API rpt_error *rpt_value_name(const rpt_value *value, int64_t index, char **out_name);
/* How libtorch prints it (elements of tensors included), and its type's name ("Tuple[Tensor, Dict[str, int]]"). */
RPT_API rpt_error *rpt_value_text(const rpt_value *value, char **out_text);
RPT_API rpt_error *rpt_value_type(const rpt_value *value, char **out_text);
RPT_API void rpt_value_free(rpt_value *value);

/* ---- operator ---------------------------------------------------------------------------------------------- */

/* Calls an operator by name, as torch.ops.<namespace>.<name>(*arguments, **keywords) does: the first overload that
 * accepts the arguments. name: "aten::randn", or with the overload "aten::randn.generator" (".default" is the one without
 * a name). A dtype is passed as rpt_value_from_dtype. Arguments are converted as rpt_method_run converts them; also, one
 * number stands for a list of fixed length (int[2]), and for a tensor in add, sub, mul and div, as in Python. Two
 * differences from Python: a bool for a number stays a bool, and None for a Tensor that is not Optional is an error.
 * out_value: the result; several results come as a tuple, none as None. Runs without recording gradients unless
 * record_gradients is 1. When no overload accepts the arguments, the error says why for each. */
RPT_API rpt_error *rpt_operator_call(const char *name, rpt_value *const *arguments, int64_t argument_count,
                                     const char *const *keyword_names, rpt_value *const *keyword_values,
                                     int64_t keyword_count, int32_t record_gradients, rpt_value **out_value);

/* ---- module ------------------------------------------------------------------------------------------------ */

/* Loads a TorchScript archive, as torch.jit.load with map_location. device_type -1 keeps the devices that the file names.
 * The file is not screened here: libtorch neither checks checksums nor bounds nesting and sizes, so that is the caller's.
 * What cannot be read gives RPT_ERROR_MODEL_FORMAT, code that does not compile RPT_ERROR_SCRIPT_SOURCE. */
RPT_API rpt_error *rpt_module_load(const char *path, int32_t device_type, int32_t device_index, rpt_module **out_module);
/* The same from memory, which is borrowed for the call. */
RPT_API rpt_error *rpt_module_load_bytes(const void *data, int64_t byte_count, int32_t device_type, int32_t device_index,
                                         rpt_module **out_module);
/* Writes the archive to path, replacing what is there. The caller sees to it that a failure costs nothing. The folder in
 * the archive is always called "archive", so the file's name does not change its bytes. */
RPT_API rpt_error *rpt_module_save(const rpt_module *module, const char *path);
/* A new module with that type name (an identifier; an empty name gives "Module"). It has one attribute, `training`, which
 * is true. */
RPT_API rpt_error *rpt_module_create(const char *name, rpt_module **out_module);
/* Compiles one or several methods given as TorchScript source and adds them to the module: all of them, or none when
 * one does not compile. Known names are TorchScript's own, self and its submodules (calling one runs its forward), torch
 * (operators, and dtypes such as torch.float32), math, warnings.warn, inf, nan, ops.<namespace>, and Python's common
 * exceptions; not torch.nn. Expressions and blocks nested deeper than 400 levels are refused, because the compiler's
 * recursion could exhaust the stack. */
RPT_API rpt_error *rpt_module_define(rpt_module *module, const char *source);
RPT_API rpt_error *rpt_module_register_parameter(rpt_module *module, const char *name, const rpt_tensor *tensor,
                                                 int32_t requires_grad);
RPT_API rpt_error *rpt_module_register_buffer(rpt_module *module, const char *name, const rpt_tensor *tensor);
/* The name may be a number, as in nn.Sequential; source reaches it by getattr(self, "0"). */
RPT_API rpt_error *rpt_module_register_submodule(rpt_module *module, const char *name, const rpt_module *submodule);
/* The attribute's TorchScript type is the value's (rpt_value_type). */
RPT_API rpt_error *rpt_module_register_attribute(rpt_module *module, const char *name, const rpt_value *value);
/* An independent copy, types included: parameters and buffers are cloned, tied ones stay tied, and what is registered or
 * defined on one does not show on the other. */
RPT_API rpt_error *rpt_module_clone(const rpt_module *module, rpt_module **out_module);
/* Two handles on one module: rpt_module_train on one shows on the other. */
RPT_API rpt_error *rpt_module_share(const rpt_module *module, rpt_module **out_module);
RPT_API rpt_error *rpt_module_type_name(const rpt_module *module, char **out_name);
RPT_API rpt_error *rpt_module_is_training(const rpt_module *module, int32_t *out_training);
/* Module.train() and Module.eval(), submodules included. A module without a `training` attribute is left as it is. */
RPT_API rpt_error *rpt_module_train(rpt_module *module, int32_t training);
/* Moves parameters and buffers in place. dtype -1 or device_type -1 keeps what is; a dtype applies to floating-point
 * tensors only, as Module.to does. */
RPT_API rpt_error *rpt_module_to(rpt_module *module, int32_t dtype, int32_t device_type, int32_t device_index);
/* One JSON document about the module: {"type", "training", "methods": [{"name", "schema", "arguments": [{"name",
 * "type", "optional"}], "returns": [type]}], "parameters": [{"name", "dtype", "shape", "requiresGrad", "device"}],
 * "buffers": [...the same], "attributes": [{"name", "type"}], "submodules": [{"name", "type"}]}; names are dotted, in the
 * order of Module.named_parameters() and named_buffers(), each tensor once. "optional": has a default. dtype is PyTorch's
 * name ("float32"). */
RPT_API rpt_error *rpt_module_describe(const rpt_module *module, char **out_json);
/* A parameter or buffer by its dotted name; shares memory with the module. */
RPT_API rpt_error *rpt_module_tensor(const rpt_module *module, const char *name, rpt_tensor **out_tensor);
/* Any attribute by its dotted name. */
RPT_API rpt_error *rpt_module_attribute(const rpt_module *module, const char *name, rpt_value **out_value);
/* What the module is, as text of lines that tell: type names; parameters, buffers, attributes and constants with their
 * types and values (tensors by dtype, shape and rpt_tensor_hash); the code of all methods and of what they use. Two modules
 * with the same text compute the same. Saving and loading, and what else only changes the container, leaves the text as it
 * is: the names of variables, the marks that keep types of one name apart, sources and devices are not in it. */
RPT_API rpt_error *rpt_module_content(const rpt_module *module, char **out_text);
RPT_API void rpt_module_free(rpt_module *module);

/* A method, found once and called often. It keeps the module alive. */
RPT_API rpt_error *rpt_module_method(const rpt_module *module, const char *name, rpt_method **out_method);
/* Runs the method. arguments and keywords are converted to the declared types as Python's binding does (int to float,
 * list to List[T], list and tuple to each other, None to Optional, a string to device, a tensor of one element to the
 * number in it). Stricter than Python: a float tensor is no int, None is no bool and no Tensor. A wrong count or type gives
 * RPT_ERROR_INVALID_ARGUMENT that names the argument and shows the schema. Lists and dicts are copied: a method that
 * changes them does not change the caller's. record_gradients 0: torch.no_grad(). `forward` runs with the forward hooks that
 * the module itself has, as a call of the module in Python does; copies, traces and freezing of such a module are refused,
 * as they would leave the hooks out. */
RPT_API rpt_error *rpt_method_run(const rpt_method *method, rpt_value *const *arguments, int64_t argument_count,
                                  const char *const *keyword_names, rpt_value *const *keyword_values,
                                  int64_t keyword_count, int32_t record_gradients, rpt_value **out_value);
/* The same for the most common case, all arguments tensors, with one call across the border. When the result is one
 * tensor it comes in out_tensor (and out_value is null), else in out_value (and out_tensor is null). */
RPT_API rpt_error *rpt_method_run_tensors(const rpt_method *method, rpt_tensor *const *arguments, int64_t argument_count,
                                          int32_t record_gradients, rpt_tensor **out_tensor, rpt_value **out_value);
/* TorchScript code (Module.code) and graph (Module.graph) of the method; inlined: 1 gives inlined_graph. */
RPT_API rpt_error *rpt_method_code(const rpt_method *method, char **out_text);
RPT_API rpt_error *rpt_method_graph(const rpt_method *method, int32_t inlined, char **out_text);
/* The graph as data; with inlined 0 calls of submodules and functions are nodes, but those of the module's own methods are
 * put in: {"inputs": [value], "nodes": [node], "outputs": [id]}. A value is {"id", "name", "type"}, a node
 * {"kind", "source": file and line or "", "scope": dotted name of the submodule whose method it comes from, "name": of the
 * attribute or method, where it has one, "value": of a constant, as text (a tensor: dtype and shape), "random": true where it
 * draws random numbers with the module as it is now (dropout of recurrent layers too), "inputs": [id], "outputs": [value],
 * "blocks": [the same as the whole, for branches and loops], "taken": 0 or 1, for a prim::If whose condition the module as
 * it is now decides alone}. */
RPT_API rpt_error *rpt_method_structure(const rpt_method *method, int32_t inlined, char **out_json);
/* Whether TorchScript's executor rewrites a method after it has watched its first runs
 * (torch._C._set_graph_executor_optimize), on this thread. out_before: how it was. */
RPT_API rpt_error *rpt_executor_optimize(int32_t on, int32_t *out_before);
/* What the method's inlined graph calls its operators with, as far as the module as it is now decides that alone (constants,
 * attributes, comparisons and arithmetic of both): a JSON array in the order of the graph, branches, loops and what
 * torch.jit.fork runs right after their node. What the module never reaches in any mode is left out. An operator is {"kind",
 * "overload", "source": file and line or "", "line": the text of that line or "", "scope": dotted name of the submodule,
 * "live": false where only the other mode (train(), eval()) leads, "hangsOnMode": in a branch that the mode decides, "random":
 * Node::isNondeterministic, "overwritten": nobody sees what memory its result held at first, "arguments": [{"name", "value":
 * as Python writes it, "isLiteral": written in the graph, "otherwise": the values that it has after train() or eval(), where they
 * are others, "" where the input decides then}]}; arguments that the input decides are left out. Of tensors "value" tells only
 * "number" (one without dimensions), of lists of tensors only "masks". A constant tensor has "constant": dtype and shape, and
 * "isNumber", in place of the last three; a node that runs code which cannot be read has "unread": true in their place. What a method
 * of an interface may be, what the interpreter calls itself (__enter__, __exit__, the __lt__ of what is sorted), and of forward the
 * module's hooks and the __setstate__ of submodules, is in the array once, where it may run first. */
RPT_API rpt_error *rpt_method_uses(const rpt_method *method, char **out_json);
/* Forgets the plans that TorchScript's executor made from earlier runs of the method, which it prefers to rpt_executor_optimize. */
RPT_API rpt_error *rpt_method_forget_plans(const rpt_method *method);
RPT_API void rpt_method_free(rpt_method *method);

/* ---- trace ------------------------------------------------------------------------------------------------- */

/* Runs a method of the module once on the arguments (as rpt_method_run takes them, keywords by name) without recording
 * gradients, and records the operators: a new module of the same parameters, buffers and attributes (memory shared, types
 * of its own) whose method of the same name is the recorded graph: branches frozen, control flow gone. Its other methods
 * are not carried over. The arguments given become its arguments, by name: tensors, and tuples, lists and dicts of tensors;
 * one that is left out has its default recorded, and anything else is an error. It returns what the method returned:
 * tensors, None, tuples and NamedTuples of them, and with strict 0 lists and dicts too, as torch.jit.trace(strict=False).
 * Draws from the generators exactly what one run draws, and changes buffers as one run does. On failure the thread is out
 * of tracing. A torch.jit.fork is recorded where it is called.
 * out_frozen: a JSON array of what the trace froze, empty when none: [{"kind", "source": file and line or ""}], each pair
 * once, in the order of the inlined graph. These are
 * - "prim::If" and "prim::Loop" whose condition or count comes from a tensor's elements or size, from the length of a list
 *   of tensors, or from a number that is an argument. Not those that hold for every input of the same kind (dtype, device,
 *   number of dimensions, `is None`, `self.training`), nor those that only guard a raise or assert;
 * - numbers taken from the elements of a tensor ("aten::item", "aten::Float", "aten::Int", ...), unless they decide a
 *   branch on the same line;
 * - "aten::size", "aten::len", "aten::numel": sizes of inputs that are arguments of an operator, such as a batch size in
 *   view(). A trace is then good for that size alone;
 * - "prim::SetAttr": an attribute that the method assigns. The trace computes with what it was and assigns nothing.
 * A branch that the module does not take as it is now (`if self.training`, when it is not) is left out. */
RPT_API rpt_error *rpt_module_trace(const rpt_module *module, const char *method, rpt_value *const *arguments,
                                    int64_t argument_count, const char *const *keyword_names,
                                    rpt_value *const *keyword_values, int64_t keyword_count, int32_t strict,
                                    rpt_module **out_module, char **out_frozen);
/* The nodes of the method's inlined graph, in order (those in a branch or loop right after it; at the end of the graph, and
 * of each branch and loop, a "prim::Return" that tells what comes out), as a JSON array:
 * [{"kind": "aten::dropout", "schema", "source": file and line or "", "nondeterministic": Node::isNondeterministic,
 * "text": the node, canonical, shapes erased, without its blocks}]. Constant tensors come with "hash" (rpt_tensor_hash,
 * hex). */
RPT_API rpt_error *rpt_method_nodes(const rpt_method *method, char **out_json);
/* The constant tensors of these nodes, in order, as a list. */
RPT_API rpt_error *rpt_method_constants(const rpt_method *method, rpt_value **out_tensors);

/* ---- optimize ---------------------------------------------------------------------------------------------- */

/* Each level does what those before it do, too. Append only. */
typedef enum rpt_optimization {
    RPT_OPTIMIZE_FREEZE = 0,   /* torch.jit.freeze(optimize_numerics=False): attributes become constants; bits stay */
    RPT_OPTIMIZE_NUMERICS = 1, /* torch.jit.freeze(): folds batch norm, additions and factors into convolutions */
    RPT_OPTIMIZE_INFERENCE = 2 /* torch.jit.optimize_for_inference: lays weights out for this machine. libtorch does not
                                * promise that the result can be saved */
} rpt_optimization;

/* A new module, which shares nothing with the old one. It has the method `forward`, and the methods and attributes that
 * preserved names; parameters and buffers that nothing preserved needs, and `training`, are gone. A module in training mode
 * gives RPT_ERROR_INVALID_ARGUMENT. */
RPT_API rpt_error *rpt_module_optimize(const rpt_module *module, int32_t level, const char *const *preserved,
                                       int64_t preserved_count, rpt_module **out_module);

/* ---- autograd ---------------------------------------------------------------------------------------------- */

/* Tensor.requires_grad_(on). Only of a leaf, which a parameter is, and of floating-point or complex numbers. */
RPT_API rpt_error *rpt_tensor_require_gradient(rpt_tensor *tensor, int32_t on);
/* Tensor.grad; null where there is none. Shares memory. */
RPT_API rpt_error *rpt_tensor_gradient(const rpt_tensor *tensor, rpt_tensor **out_gradient);
/* Sets Tensor.grad; null takes it away. Shape, dtype and device must be the tensor's. */
RPT_API rpt_error *rpt_tensor_set_gradient(rpt_tensor *tensor, const rpt_tensor *gradient);
/* Tensor.backward() of a tensor of one element: adds to the gradients of all leaves that it was computed from, and frees the
 * recorded graph. */
RPT_API rpt_error *rpt_tensor_backward(const rpt_tensor *loss);

/* ---- optimizer --------------------------------------------------------------------------------------------- */

/* Append only. */
typedef enum rpt_optimizer_kind {
    RPT_OPTIMIZER_SGD = 0,
    RPT_OPTIMIZER_ADAM = 1,
    RPT_OPTIMIZER_ADAMW = 2,
    RPT_OPTIMIZER_RMSPROP = 3,
    RPT_OPTIMIZER_ADAGRAD = 4
} rpt_optimizer_kind;

/* The numbers of one group of parameters, by the names that torch.optim has for them. Each optimizer reads its own. */
typedef struct rpt_optimizer_numbers {
    uint32_t struct_size; /* in: sizeof(rpt_optimizer_numbers) */
    int32_t maximize;
    int32_t nesterov; /* SGD */
    int32_t amsgrad;  /* Adam, AdamW */
    int32_t centered; /* RMSprop */
    int32_t reserved; /* 0 */
    double lr;
    double weight_decay;
    double momentum;                  /* SGD, RMSprop */
    double dampening;                 /* SGD */
    double beta1;                     /* Adam, AdamW */
    double beta2;                     /* Adam, AdamW */
    double eps;                       /* all but SGD */
    double alpha;                     /* RMSprop */
    double lr_decay;                  /* Adagrad */
    double initial_accumulator_value; /* Adagrad; read at a parameter's first step */
} rpt_optimizer_numbers;

/* An optimizer of these parameters, without state yet. groups[i] is the number of parameter i's group. The parameters stay
 * where they are: a step changes them in place. */
RPT_API rpt_error *rpt_optimizer_create(int32_t kind, rpt_tensor *const *parameters, const int32_t *groups, int64_t count,
                                        rpt_optimizer **out_optimizer);
/* One step of every parameter that has a gradient, with the numbers of its group (group_count of them). The operators, their
 * order and the double arithmetic of the numbers are those of the loop over single tensors in torch/optim of 1.13, so the
 * bits are Python's. */
RPT_API rpt_error *rpt_optimizer_step(rpt_optimizer *optimizer, const rpt_optimizer_numbers *groups, int64_t group_count);
/* Optimizer.zero_grad(set_to_none). */
RPT_API rpt_error *rpt_optimizer_zero_gradients(rpt_optimizer *optimizer, int32_t set_to_none);
/* torch.nn.utils.clip_grad_norm_ over the gradients of all parameters, in their order. norm_type may be infinite. out_norm is
 * the total norm from before. */
RPT_API rpt_error *rpt_optimizer_clip_norm(rpt_optimizer *optimizer, double max_norm, double norm_type, double *out_norm);
/* torch.nn.utils.clip_grad_value_. */
RPT_API rpt_error *rpt_optimizer_clip_value(rpt_optimizer *optimizer, double clip_value);
/* State of a parameter by the name that torch.optim has for it ("step", "momentum_buffer", "exp_avg", ...); null where there is
 * none yet. "step" is a copy, the others share memory. */
RPT_API rpt_error *rpt_optimizer_state(const rpt_optimizer *optimizer, int64_t parameter, const char *name,
                                       rpt_tensor **out_tensor);
/* Sets it to a copy of the tensor. The shape must be the parameter's (of "step": none). */
RPT_API rpt_error *rpt_optimizer_set_state(rpt_optimizer *optimizer, int64_t parameter, const char *name,
                                           const rpt_tensor *tensor);
/* The names of the states that an optimizer of that kind may have, with a space between. Borrowed for ever; null for no kind. */
RPT_API const char *rpt_optimizer_state_names(int32_t kind);
RPT_API void rpt_optimizer_free(rpt_optimizer *optimizer);

/* ---- random ------------------------------------------------------------------------------------------------ */

/* torch.manual_seed: the default generators of the CPU and of every CUDA device. */
RPT_API rpt_error *rpt_seed_all(uint64_t seed);
/* The default generator of a device (index -1: the current one). It is libtorch's own: seeding it seeds every operator
 * that names no generator. */
RPT_API rpt_error *rpt_generator_default(int32_t device_type, int32_t device_index, rpt_generator **out_generator);
/* A generator of one's own, unseeded state as torch.Generator(device). */
RPT_API rpt_error *rpt_generator_create(int32_t device_type, int32_t device_index, rpt_generator **out_generator);
RPT_API rpt_error *rpt_generator_seed(rpt_generator *generator, uint64_t seed);
RPT_API rpt_error *rpt_generator_initial_seed(const rpt_generator *generator, uint64_t *out_seed);
/* The state as torch.Generator.get_state() gives it (FACTS: 5056 bytes on the CPU). First call with buffer null to learn
 * the size; capacity smaller than the state is an error. */
RPT_API rpt_error *rpt_generator_get_state(const rpt_generator *generator, void *buffer, int64_t capacity,
                                           int64_t *out_byte_count);
RPT_API rpt_error *rpt_generator_set_state(rpt_generator *generator, const void *state, int64_t byte_count);
RPT_API void rpt_generator_free(rpt_generator *generator);

/* ---- observe ----------------------------------------------------------------------------------------------- */

/* Records every operator that runs in the process from now on, in all threads, nested ones and backward passes included,
 * and appends one line of JSON for each to the file at path, in the order in which they end:
 * {"index": number in the order in which they began, "parent": the index of the operator that called it, or -1, "name":
 * "aten::conv2d", "overload", "kind": "operator", "backward" (a node of autograd), "function" (a TorchScript function) or "other",
 * "thread": libtorch's number of it, "inputs" and "outputs": what they are ("float32 (2, 3)", "0.5", "[1, 1]", "None"),
 * "nanoseconds", "draws": {"cpu": n, "cuda:0": n, "own": n}: 32-bit words drawn from the default generators and from one that was
 * given as argument, exactly, by the operator and by what it calls (-1: it was seeded meanwhile); not there when none, "from": where each of those
 * stood in its stream before, as 16 hex digits (the same for the same numbers to come),
 * (what is called by an operator that holds its generator's lock, as aten::multinomial does, has its draws told by that operator alone),
 * "dispatched": true for what a dispatch mode of Python sees: the outermost of the operators that have a kernel of their own, and
 * are no mere composition of others (CompositeImplicitAutograd); not there for the others,
 * "hashes": rpt_tensor_hash of each output tensor, "" for one without plain memory; with hash 1 or 2, and of outermost operators
 * only, because what they call gives the same bytes (with hash 2 also of dispatched ones), and not of those that leave memory
 * uninitialized (aten::empty), "place": see rpt_observer_place}.
 * rows above 0, with hash 1 or 2: also "rowHashes", for each output that is a tensor whose first dimension has that size a hash of each
 * row's bytes (XXH3, without dtype and shape), for any other output none.
 * What the functions of the section "tensor" do is not recorded. random_only 1: only what drew, without inputs. The file is made anew and
 * begins with header (with its line's end); when another observer runs (there is one in a process) it is left as it was. Draws are
 * told by thread: while operators are recorded, those that draw run one at a time, and this library's seeding waits for them. A
 * generator whose kept normal number was made or taken is in "draws" too, with 0 words when it gave none. */
RPT_API rpt_error *rpt_observer_start(const char *path, const char *header, int32_t hash, int64_t rows, int32_t random_only,
                                      rpt_observer **out_observer);
/* out_unfinished: operators of other threads that had begun and not ended; they are not in the file. */
RPT_API rpt_error *rpt_observer_stop(rpt_observer *observer, int64_t *out_count, int64_t *out_unfinished);
/* The place (script and line) that records of this thread name from now on; null for none. Threads that were never told one name the
 * place that was told last in any. Costs nothing while nothing is recorded. */
RPT_API rpt_error *rpt_observer_place(const char *place);
/* Stops too, without an error, when that was not done. */
RPT_API void rpt_observer_free(rpt_observer *observer);

/* ---- determinism ------------------------------------------------------------------------------------------- */

/* All switches at once, so that one call reads a consistent whole and one call puts it back. In rpt_determinism_set a
 * value of -1 leaves that switch as it is. rpt_determinism_get gives -1 for a switch that this libtorch has not. */
typedef struct rpt_determinism {
    uint32_t struct_size;               /* in: sizeof(rpt_determinism) */
    int32_t algorithms;                 /* torch.use_deterministic_algorithms: 0 off, 1 warn only, 2 error */
    int32_t cudnn_enabled;              /* torch.backends.cudnn.enabled */
    int32_t cudnn_benchmark;            /* torch.backends.cudnn.benchmark */
    int32_t cudnn_deterministic;        /* torch.backends.cudnn.deterministic */
    int32_t cudnn_allow_tf32;           /* torch.backends.cudnn.allow_tf32 */
    int32_t cublas_allow_tf32;          /* torch.backends.cuda.matmul.allow_tf32 */
    int32_t matmul_precision;           /* torch.set_float32_matmul_precision: 0 highest, 1 high, 2 medium */
    int32_t fill_uninitialized_memory;  /* torch.utils.deterministic.fill_uninitialized_memory (libtorch 2.1 and later) */
    int32_t mkldnn_enabled;             /* torch.backends.mkldnn.enabled */
    int32_t flush_denormal;             /* torch.set_flush_denormal, of the calling thread; -1 where the CPU cannot */
    int32_t threads;                    /* torch.set_num_threads, at least 1; threads take it over on their next call */
    int32_t interop_threads;            /* torch.set_num_interop_threads: once, before parallel work has started; the
                                         * number that it is already is always accepted */
} rpt_determinism;

RPT_API rpt_error *rpt_determinism_get(rpt_determinism *settings);
/* Sets nothing at all when one value is out of range, when cublas_allow_tf32 and matmul_precision contradict each other
 * (libtorch keeps one setting for both: TF32 is allowed exactly when the precision is not highest), or when it is too late
 * for interop_threads. */
RPT_API rpt_error *rpt_determinism_set(const rpt_determinism *settings);

#ifdef __cplusplus
}
#endif

#endif
