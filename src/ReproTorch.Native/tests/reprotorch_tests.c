/* Tests of libreprotorch through its C ABI: what it promises, and that bad input gives an error object and never ends the
 * process. In C, so that the header is proven to be C. The last line is "N passed, N failed". With a number as argument
 * everything runs that many times (to look for leaks). */
#include "reprotorch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int s_passed;
static int s_failed;

static void check(int condition, const char *text, int line) {
    if (condition) {
        ++s_passed;
    } else {
        ++s_failed;
        printf("line %d: %s\n", line, text);
    }
}

#define CHECK(condition) check((condition) ? 1 : 0, #condition, __LINE__)

static void check_good(rpt_error *error, const char *text, int line) {
    check(error == NULL, text, line);
    if (error != NULL) {
        printf("    kind %d: %s\n", rpt_error_code(error), rpt_error_message(error));
        rpt_error_free(error);
    }
}

/* A call that must succeed. */
#define GOOD(call) check_good((call), #call, __LINE__)

static void check_bad(rpt_error *error, int32_t kind, const char *part, const char *text, int line) {
    const int good = error != NULL && rpt_error_code(error) == kind && strstr(rpt_error_message(error), part) != NULL &&
                     rpt_error_backtrace(error) != NULL;
    check(good, text, line);
    if (!good) {
        printf("    wanted kind %d with \"%s\", got kind %d: %s\n", kind, part, rpt_error_code(error),
               rpt_error_message(error));
    }
    rpt_error_free(error);
}

/* A call that must fail with that kind, and that text in its message. */
#define BAD(call, kind, part) check_bad((call), (kind), (part), #call, __LINE__)

#define INVALID RPT_ERROR_INVALID_ARGUMENT

/* ---- short ways to make things ------------------------------------------------------------------------------ */

static rpt_tensor *tensor_of_floats(const float *data, int64_t rows, int64_t columns) {
    rpt_tensor *tensor = NULL;
    const int64_t sizes[2] = {rows, columns};
    GOOD(rpt_tensor_create(RPT_DTYPE_FLOAT32, sizes, 2, data, rows * columns * 4, RPT_DEVICE_CPU, -1, &tensor));
    return tensor;
}

static rpt_tensor *vector_of_floats(const float *data, int64_t count) {
    rpt_tensor *tensor = NULL;
    GOOD(rpt_tensor_create(RPT_DTYPE_FLOAT32, &count, 1, data, count * 4, RPT_DEVICE_CPU, -1, &tensor));
    return tensor;
}

static rpt_value *value_of_floats(const float *data, int64_t count) {
    rpt_tensor *tensor = vector_of_floats(data, count);
    rpt_value *value = NULL;
    GOOD(rpt_value_from_tensor(tensor, &value));
    rpt_tensor_free(tensor);
    return value;
}

static rpt_value *value_of_longs(const int64_t *data, int64_t count) {
    rpt_tensor *tensor = NULL;
    rpt_value *value = NULL;
    GOOD(rpt_tensor_create(RPT_DTYPE_INT64, &count, 1, data, count * 8, RPT_DEVICE_CPU, -1, &tensor));
    GOOD(rpt_value_from_tensor(tensor, &value));
    rpt_tensor_free(tensor);
    return value;
}

static rpt_value *value_of_int(int64_t number) {
    rpt_value *value = NULL;
    GOOD(rpt_value_from_int(number, &value));
    return value;
}

static rpt_value *value_of_text(const char *text) {
    rpt_value *value = NULL;
    GOOD(rpt_value_from_string(text, (int64_t)strlen(text), &value));
    return value;
}

static rpt_module *module_of(const char *source) {
    rpt_module *module = NULL;
    GOOD(rpt_module_create("Net", &module));
    GOOD(rpt_module_define(module, source));
    return module;
}

static rpt_method *method_of(const rpt_module *module, const char *name) {
    rpt_method *method = NULL;
    GOOD(rpt_module_method(module, name, &method));
    return method;
}

static rpt_error *run(const rpt_module *module, rpt_value *const *arguments, int64_t count, rpt_value **out_value) {
    rpt_method *method = method_of(module, "forward");
    rpt_error *error = rpt_method_run(method, arguments, count, NULL, NULL, 0, 0, out_value);
    rpt_method_free(method);
    return error;
}

static void read_floats(const rpt_value *value, float *data, int64_t count) {
    rpt_tensor *tensor = NULL;
    memset(data, 0, (size_t)count * 4);
    GOOD(rpt_value_to_tensor(value, &tensor));
    if (tensor != NULL) {
        GOOD(rpt_tensor_copy_to_host(tensor, data, count * 4));
    }
    rpt_tensor_free(tensor);
}

/* Whether the text has the part; frees the text. */
static int has(char *text, const char *part) {
    const int found = text != NULL && strstr(text, part) != NULL;
    if (!found) {
        printf("    \"%s\" is not in: %s\n", part, text == NULL ? "(null)" : text);
    }
    rpt_string_free(text);
    return found;
}

static int64_t count_warnings(const char *part) {
    char **texts = NULL;
    int64_t count = 0;
    int64_t found = 0;
    GOOD(rpt_warnings_take(&texts, &count));
    for (int64_t i = 0; i < count; ++i) {
        found += strstr(texts[i], part) != NULL;
    }
    rpt_warnings_free(texts, count);
    return found;
}

/* ---- the topics --------------------------------------------------------------------------------------------- */

static void test_library(void) {
    char *text = NULL;
    CHECK(rpt_abi_version() == RPT_ABI_VERSION);
    CHECK(strcmp(rpt_torch_version_built(), rpt_torch_version_loaded()) == 0);
    CHECK(rpt_error_code(NULL) == RPT_ERROR_NONE);
    CHECK(strcmp(rpt_error_message(NULL), "") == 0 && strcmp(rpt_error_backtrace(NULL), "") == 0);
    rpt_error_free(NULL);
    rpt_string_free(NULL);
    rpt_warnings_free(NULL, 3);
    GOOD(rpt_torch_build_summary(&text));
    CHECK(has(text, "PyTorch built with"));
    GOOD(rpt_torch_parallel_summary(&text));
    CHECK(has(text, "get_num_threads"));
    GOOD(rpt_torch_cpu_capability(&text));
    CHECK(text != NULL && text[0] != '\0' && strchr(text, ' ') == NULL);
    rpt_string_free(text);
    BAD(rpt_torch_cpu_capability(NULL), INVALID, "out_");

    GOOD(rpt_environment_set("REPROTORCH_TEST", "one two"));
    CHECK(getenv("REPROTORCH_TEST") != NULL && strcmp(getenv("REPROTORCH_TEST"), "one two") == 0);
    GOOD(rpt_environment_get("REPROTORCH_TEST", &text));
    CHECK(has(text, "one two"));
    GOOD(rpt_environment_set("REPROTORCH_TEST", NULL));
    GOOD(rpt_environment_get("REPROTORCH_TEST", &text));
    CHECK(text == NULL);
    BAD(rpt_environment_set("", "x"), INVALID, "environment variable");
    BAD(rpt_environment_set("a=b", "x"), INVALID, "environment variable");
    BAD(rpt_environment_set(NULL, "x"), INVALID, "null");
    BAD(rpt_environment_get(NULL, &text), INVALID, "null");
    CHECK(rpt_cuda_device_count() >= 0);
    GOOD(rpt_cuda_synchronize(-1));
    BAD(rpt_cuda_synchronize(-2), INVALID, "-2");
    BAD(rpt_cuda_device_describe(1000, &text), INVALID, "1000");
    CHECK(text == NULL);
}

static int s_releases;

static void count_release(void *context) { s_releases += *(int *)context; }

static void test_tensors(void) {
    const float data[6] = {0, 1, 2, 3, 4, 5};
    float copy[6] = {0};
    const int64_t sizes[2] = {2, 3};
    const int64_t negative[1] = {-1};
    const int64_t huge[3] = {INT64_MAX, INT64_MAX, 0};
    rpt_tensor *tensor = NULL;
    rpt_tensor *other = NULL;
    rpt_tensor_info info;
    uint8_t hash[16];
    uint8_t same_hash[16];
    double scale = 1;
    int64_t zero_point = 1;
    int one = 1;

    tensor = tensor_of_floats(data, 2, 3);
    memset(&info, 0, sizeof info);
    BAD(rpt_tensor_describe(tensor, &info), INVALID, "struct_size");
    info.struct_size = sizeof info;
    GOOD(rpt_tensor_describe(tensor, &info));
    CHECK(info.dtype == RPT_DTYPE_FLOAT32 && info.dimensions == 2 && info.elements == 6 && info.storage_bytes >= 24);
    CHECK(info.sizes[0] == 2 && info.sizes[1] == 3 && info.strides[0] == 3 && info.strides[1] == 1);
    CHECK(info.device_type == RPT_DEVICE_CPU && info.is_dense && info.is_contiguous && !info.is_quantized);
    CHECK(info.data != NULL && memcmp(info.data, data, sizeof data) == 0);
    GOOD(rpt_tensor_copy_to_host(tensor, copy, sizeof copy));
    CHECK(memcmp(copy, data, sizeof data) == 0);
    BAD(rpt_tensor_copy_to_host(tensor, copy, 20), INVALID, "24 bytes");
    BAD(rpt_tensor_copy_to_host(tensor, NULL, 24), INVALID, "buffer");
    copy[5] = 7;
    GOOD(rpt_tensor_copy_from_host(tensor, copy, sizeof copy));
    CHECK(((const float *)info.data)[5] == 7);

    GOOD(rpt_tensor_narrow(tensor, 1, 1, &other));
    GOOD(rpt_tensor_copy_to_host(other, copy, 12));
    CHECK(copy[0] == 3 && copy[2] == 7);
    GOOD(rpt_tensor_hash(other, hash));
    rpt_tensor_free(other);
    BAD(rpt_tensor_narrow(tensor, 1, 2, &other), INVALID, "rows");
    CHECK(other == NULL);
    BAD(rpt_tensor_narrow(tensor, INT64_MAX, INT64_MAX, &other), INVALID, "rows");
    other = tensor_of_floats(copy, 1, 3);
    GOOD(rpt_tensor_hash(other, same_hash));
    CHECK(memcmp(hash, same_hash, 16) == 0);
    GOOD(rpt_tensor_hash(tensor, same_hash));
    CHECK(memcmp(hash, same_hash, 16) != 0);
    BAD(rpt_tensor_hash(NULL, hash), INVALID, "tensor");
    BAD(rpt_tensor_hash(tensor, NULL), INVALID, "out_hash");
    rpt_tensor_free(other);
    /* XXH3_128bits("") in canonical form, from xxHash's own test vectors. */
    GOOD(rpt_hash_bytes(NULL, 0, hash));
    CHECK(hash[0] == 0x99 && hash[1] == 0xaa && hash[14] == 0x49 && hash[15] == 0x7f);

    {
        rpt_tensor *pair[2] = {tensor, tensor};
        rpt_tensor *broken[2] = {tensor, NULL};
        GOOD(rpt_tensor_concatenate(pair, 2, &other));
        info.struct_size = sizeof info;
        GOOD(rpt_tensor_describe(other, &info));
        CHECK(info.elements == 12 && info.sizes[0] == 4);
        rpt_tensor_free(other);
        BAD(rpt_tensor_concatenate(broken, 2, &other), INVALID, "index 1");
        BAD(rpt_tensor_concatenate(NULL, 2, &other), INVALID, "tensors");
        BAD(rpt_tensor_concatenate(pair, 0, &other), INVALID, "nothing");
        pair[1] = vector_of_floats(data, 6);
        BAD(rpt_tensor_concatenate(pair, 2, &other), INVALID, "dimensions");
        rpt_tensor_free(pair[1]);
    }

    GOOD(rpt_tensor_to(tensor, RPT_DTYPE_FLOAT64, -1, 0, 0, &other));
    info.struct_size = sizeof info;
    GOOD(rpt_tensor_describe(other, &info));
    CHECK(info.dtype == RPT_DTYPE_FLOAT64);
    rpt_tensor_free(other);
    BAD(rpt_tensor_to(tensor, 99, -1, 0, 0, &other), INVALID, "99");
    BAD(rpt_tensor_to(tensor, -1, 99, 0, 0, &other), INVALID, "99");
    BAD(rpt_tensor_to(tensor, -1, RPT_DEVICE_CUDA, 1000, 0, &other), INVALID, "cuda");
    GOOD(rpt_tensor_to(tensor, -1, RPT_DEVICE_META, -1, 0, &other));
    BAD(rpt_tensor_copy_to_host(other, copy, 24), INVALID, "meta");
    rpt_tensor_free(other);
    GOOD(rpt_tensor_share(tensor, &other));
    rpt_tensor_free(other);
    GOOD(rpt_tensor_to_host(tensor, &other));
    rpt_tensor_free(other);
    BAD(rpt_tensor_quantization(tensor, &scale, &zero_point), INVALID, "float32[2, 3]");
    CHECK(scale == 0 && zero_point == 0);
    rpt_tensor_free(tensor);

    BAD(rpt_tensor_create(-7, sizes, 2, data, 24, RPT_DEVICE_CPU, -1, &tensor), INVALID, "-7");
    BAD(rpt_tensor_create(RPT_DTYPE_QINT8, sizes, 2, data, 6, RPT_DEVICE_CPU, -1, &tensor), INVALID, "qint8");
    BAD(rpt_tensor_create(RPT_DTYPE_FLOAT32, sizes, 2, data, 23, RPT_DEVICE_CPU, -1, &tensor), INVALID, "24 bytes");
    BAD(rpt_tensor_create(RPT_DTYPE_FLOAT32, sizes, 2, NULL, 24, RPT_DEVICE_CPU, -1, &tensor), INVALID, "data");
    BAD(rpt_tensor_create(RPT_DTYPE_FLOAT32, NULL, 2, data, 24, RPT_DEVICE_CPU, -1, &tensor), INVALID, "sizes");
    BAD(rpt_tensor_create(RPT_DTYPE_FLOAT32, sizes, -1, data, 24, RPT_DEVICE_CPU, -1, &tensor), INVALID, "-1");
    BAD(rpt_tensor_create(RPT_DTYPE_FLOAT32, negative, 1, data, 24, RPT_DEVICE_CPU, -1, &tensor), INVALID, "-1");
    BAD(rpt_tensor_create(RPT_DTYPE_FLOAT32, huge, 3, data, 0, RPT_DEVICE_CPU, -1, &tensor), INVALID, "more bytes");
    BAD(rpt_tensor_create(RPT_DTYPE_FLOAT32, sizes, 2, data, 24, 17, -1, &tensor), INVALID, "17");
    BAD(rpt_tensor_create(RPT_DTYPE_FLOAT32, sizes, 2, data, 24, RPT_DEVICE_CPU, 3, &tensor), INVALID, "3");
    BAD(rpt_tensor_create(RPT_DTYPE_FLOAT32, sizes, 2, data, 24, RPT_DEVICE_CPU, -1, NULL), INVALID, "out_");
    CHECK(tensor == NULL);
    GOOD(rpt_tensor_create(RPT_DTYPE_FLOAT32, NULL, 0, data, 4, RPT_DEVICE_CPU, -1, &tensor));
    BAD(rpt_tensor_narrow(tensor, 0, 1, &other), INVALID, "dimensions");
    rpt_tensor_free(tensor);
    GOOD(rpt_tensor_create(RPT_DTYPE_FLOAT32, (const int64_t[]){0, 5}, 2, NULL, 0, RPT_DEVICE_CPU, -1, &tensor));
    GOOD(rpt_tensor_copy_to_host(tensor, NULL, 0));
    GOOD(rpt_tensor_hash(tensor, hash));
    rpt_tensor_free(tensor);

    s_releases = 0;
    GOOD(rpt_tensor_borrow(RPT_DTYPE_FLOAT32, sizes, 2, data, 24, count_release, &one, &tensor));
    GOOD(rpt_tensor_narrow(tensor, 0, 1, &other));
    rpt_tensor_free(tensor);
    CHECK(s_releases == 0);
    rpt_tensor_free(other);
    CHECK(s_releases == 1);
    BAD(rpt_tensor_borrow(RPT_DTYPE_FLOAT32, sizes, 2, data, 20, count_release, &one, &tensor), INVALID, "24 bytes");
    BAD(rpt_tensor_borrow(RPT_DTYPE_FLOAT32, sizes, 2, (const char *)data + 1, 24, count_release, &one, &tensor), INVALID,
        "aligned");
    BAD(rpt_tensor_borrow(RPT_DTYPE_FLOAT32, sizes, 2, data, 24, NULL, &one, &tensor), INVALID, "release");
    CHECK(s_releases == 1);
    GOOD(rpt_tensor_borrow(RPT_DTYPE_FLOAT32, (const int64_t[]){0}, 1, NULL, 0, count_release, &one, &tensor));
    rpt_tensor_free(tensor);
    CHECK(s_releases == 2);
    rpt_tensor_free(NULL);
}

static void test_values(void) {
    const float data[2] = {1, 2};
    rpt_value *items[2] = {NULL, NULL};
    rpt_value *keys[2] = {NULL, NULL};
    rpt_value *list = NULL;
    rpt_value *dict = NULL;
    rpt_value *tuple = NULL;
    rpt_value *item = NULL;
    char *text = NULL;
    int64_t number = 0;
    double real = 0;
    double imaginary = 0;
    int32_t small = 0;
    int32_t index = 0;

    items[0] = value_of_int(3);
    items[1] = value_of_text("a\"b");
    GOOD(rpt_value_to_int(items[0], &number));
    CHECK(number == 3);
    BAD(rpt_value_to_double(items[0], &real), INVALID, "an int");
    BAD(rpt_value_to_tensor(NULL, NULL), INVALID, "out_");
    BAD(rpt_value_to_int(NULL, &number), INVALID, "value");
    CHECK(number == 0);
    GOOD(rpt_value_to_string(items[1], &text, &number));
    CHECK(number == 3 && has(text, "a\"b"));

    GOOD(rpt_value_from_list(items, 2, &list));
    CHECK(rpt_value_kind_of(list) == RPT_VALUE_LIST);
    GOOD(rpt_value_type(list, &text));
    CHECK(has(text, "List[Any]"));
    GOOD(rpt_value_from_tuple(items, 2, &tuple));
    GOOD(rpt_value_type(tuple, &text));
    CHECK(has(text, "Tuple[int, str]"));
    GOOD(rpt_value_name(tuple, 0, &text));
    CHECK(text == NULL);
    GOOD(rpt_value_count(tuple, &number));
    CHECK(number == 2);
    GOOD(rpt_value_item(list, 1, &item));
    CHECK(rpt_value_kind_of(item) == RPT_VALUE_STRING);
    rpt_value_free(item);
    BAD(rpt_value_item(list, 2, &item), INVALID, "no item 2");
    BAD(rpt_value_item(list, -1, &item), INVALID, "no item -1");
    BAD(rpt_value_item(items[0], 0, &item), INVALID, "no item 0");
    CHECK(item == NULL);

    keys[0] = value_of_text("z");
    keys[1] = value_of_text("a");
    GOOD(rpt_value_from_dict(keys, items, 2, &dict));
    GOOD(rpt_value_key(dict, 0, &item));
    GOOD(rpt_value_text(item, &text));
    CHECK(has(text, "z"));
    rpt_value_free(item);
    GOOD(rpt_value_item(dict, 1, &item));
    CHECK(rpt_value_kind_of(item) == RPT_VALUE_STRING);
    rpt_value_free(item);
    BAD(rpt_value_key(list, 0, &item), INVALID, "a list");
    rpt_value_free(dict);
    rpt_value_free(keys[1]);
    keys[1] = value_of_int(1);
    BAD(rpt_value_from_dict(keys, items, 2, &dict), INVALID, "one kind");
    rpt_value_free(keys[1]);
    keys[1] = value_of_text("z");
    BAD(rpt_value_from_dict(keys, items, 2, &dict), INVALID, "twice");
    rpt_value_free(keys[1]);
    keys[1] = tuple;
    BAD(rpt_value_from_dict(keys, items, 2, &dict), INVALID, "key of a dict");
    keys[1] = NULL;
    BAD(rpt_value_from_dict(keys, items, 2, &dict), INVALID, "index 1");
    BAD(rpt_value_from_list(NULL, 2, &dict), INVALID, "items");
    BAD(rpt_value_from_list(items, -2, &dict), INVALID, "-2");
    CHECK(dict == NULL);
    rpt_value_free(keys[0]);
    rpt_value_free(list);
    rpt_value_free(tuple);
    rpt_value_free(items[0]);
    rpt_value_free(items[1]);

    GOOD(rpt_value_from_complex(1.5, -2, &item));
    GOOD(rpt_value_to_complex(item, &real, &imaginary));
    CHECK(real == 1.5 && imaginary == -2);
    rpt_value_free(item);
    GOOD(rpt_value_from_bool(5, &item));
    GOOD(rpt_value_to_bool(item, &small));
    CHECK(small == 1);
    rpt_value_free(item);
    GOOD(rpt_value_from_device(RPT_DEVICE_CPU, -1, &item));
    GOOD(rpt_value_to_device(item, &small, &index));
    CHECK(small == RPT_DEVICE_CPU && index == -1);
    rpt_value_free(item);
    BAD(rpt_value_from_device(5, -1, &item), INVALID, "5");
    BAD(rpt_value_from_dtype(55, &item), INVALID, "55");
    GOOD(rpt_value_from_none(&item));
    CHECK(rpt_value_kind_of(item) == RPT_VALUE_NONE);
    GOOD(rpt_value_count(item, &number));
    CHECK(number == 0);
    rpt_value_free(item);
    item = value_of_floats(data, 2);
    GOOD(rpt_value_type(item, &text));
    CHECK(has(text, "Tensor"));
    rpt_value_free(item);
    CHECK(rpt_value_kind_of(NULL) == RPT_VALUE_NONE);
    rpt_value_free(NULL);
}

static void test_operators(void) {
    const float data[4] = {1, 2, 3, 4};
    float result[4];
    const char *names[1] = {"dim"};
    rpt_tensor *square = tensor_of_floats(data, 2, 2);
    rpt_value *arguments[3] = {NULL, NULL, NULL};
    rpt_value *value = NULL;
    int64_t number = 0;

    GOOD(rpt_value_from_tensor(square, &arguments[0]));
    arguments[1] = value_of_int(0);
    GOOD(rpt_operator_call("aten::sum", arguments, 1, names, &arguments[1], 1, 0, &value));
    read_floats(value, result, 2);
    CHECK(result[0] == 4 && result[1] == 6);
    rpt_value_free(value);
    GOOD(rpt_operator_call("aten::sort", arguments, 1, NULL, NULL, 0, 0, &value));
    CHECK(rpt_value_kind_of(value) == RPT_VALUE_TUPLE);
    rpt_value_free(value);
    GOOD(rpt_operator_call("aten::add", &arguments[1], 1, (const char *const[]){"other"}, &arguments[1], 1, 0, &value));
    CHECK(rpt_value_kind_of(value) == RPT_VALUE_TENSOR); /* as torch.ops.aten.add(0, other=0) */
    rpt_value_free(value);
    GOOD(rpt_operator_call("aten::size.int", arguments, 2, NULL, NULL, 0, 0, &value));
    GOOD(rpt_value_to_int(value, &number));
    CHECK(number == 2);
    rpt_value_free(value);

    BAD(rpt_operator_call("aten::nosuch", arguments, 1, NULL, NULL, 0, 0, &value), INVALID, "aten::nosuch");
    BAD(rpt_operator_call("aten::add.nosuch", arguments, 1, NULL, NULL, 0, 0, &value), INVALID, "nosuch");
    BAD(rpt_operator_call("add", arguments, 1, NULL, NULL, 0, 0, &value), INVALID, "namespace");
    BAD(rpt_operator_call("::", arguments, 1, NULL, NULL, 0, 0, &value), INVALID, "namespace");
    BAD(rpt_operator_call(NULL, arguments, 1, NULL, NULL, 0, 0, &value), INVALID, "name");
    BAD(rpt_operator_call("aten::sum", NULL, 1, NULL, NULL, 0, 0, &value), INVALID, "arguments");
    BAD(rpt_operator_call("aten::sum", arguments, 1, NULL, &arguments[1], 1, 0, &value), INVALID, "keyword_names");
    BAD(rpt_operator_call("aten::sum", arguments, 1, names, NULL, 1, 0, &value), INVALID, "keyword_values");
    BAD(rpt_operator_call("aten::relu", &arguments[1], 1, NULL, NULL, 0, 0, &value), INVALID, "'self' must be Tensor");
    BAD(rpt_operator_call("aten::relu", arguments, 2, NULL, NULL, 0, 0, &value), INVALID, "at most 1");
    BAD(rpt_operator_call("aten::relu", arguments, 1, names, &arguments[1], 1, 0, &value), INVALID, "no argument 'dim'");
    BAD(rpt_operator_call("aten::relu", NULL, 0, NULL, NULL, 0, 0, &value), INVALID, "missing");
    arguments[2] = value_of_floats(data, 3);
    value = arguments[1];
    arguments[1] = arguments[2];
    arguments[2] = value;
    BAD(rpt_operator_call("aten::mv", arguments, 2, NULL, NULL, 0, 0, &value), RPT_ERROR_OPERATOR, "size mismatch");
    CHECK(value == NULL);
    rpt_value_free(arguments[0]);
    rpt_value_free(arguments[1]);
    rpt_value_free(arguments[2]);
    rpt_tensor_free(square);

    arguments[0] = value_of_int((int64_t)1 << 46);
    GOOD(rpt_value_from_list(arguments, 1, &arguments[1]));
    BAD(rpt_operator_call("aten::empty", &arguments[1], 1, NULL, NULL, 0, 0, &value), RPT_ERROR_OUT_OF_MEMORY, "memory");
    rpt_value_free(arguments[0]);
    rpt_value_free(arguments[1]);
}

static void test_sources(void) {
    static const char *const bad[] = {
        "def forward(self, x):\n    return y",
        "def forward(self, x):\n    return torch.nosuch(x)",
        "def forward(self, x):\n    return self.nosuch(x)",
        "def forward(self, x):\n    return x +",
        "def forward(self, x:\n    return x",
        "def forward(self, x: Nope):\n    return x",
        "def forward(self, x: Optional[]):\n    return x",
        "def forward(self, x):\n    # type: (Optional[]) -> Tensor\n    return x",
        "def forward(self, x):\n    return x[]",
        "def forward(self, x):\n    return annotate(List[], [])",
        "def forward(self, x, y: int = 'a'):\n    return x",
        "def forward(self, x):\n    return torch.add(x)",
        "def forward():\n    return 1",
        "def forward(self, x):\n    return \"abc",
        "def good(self, x):\n    return x\ndef forward(self, x):\n    return z",
        "\x01\xff",
        "class A:\n    pass",
        "def",
    };
    const float one = 1;
    float result = 0;
    rpt_module *module = NULL;
    rpt_value *argument = value_of_floats(&one, 1);
    rpt_value *value = NULL;
    GOOD(rpt_module_create("", &module));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
        BAD(rpt_module_define(module, bad[i]), RPT_ERROR_SCRIPT_SOURCE, "");
    }
    {
        char *deep = (char *)malloc(200100);
        strcpy(deep, "def forward(self, x):\n    return ");
        memset(deep + strlen(deep) + 1, 0, 1);
        for (size_t i = strlen(deep), end = i + 100000; i < end; ++i) {
            deep[i] = '(';
            deep[i + 1] = '\0';
        }
        BAD(rpt_module_define(module, deep), RPT_ERROR_SCRIPT_SOURCE, "nested");
        free(deep);
    }
    BAD(rpt_module_define(module, NULL), INVALID, "source");
    BAD(rpt_module_define(NULL, "x"), INVALID, "module");
    /* What did not compile has left nothing behind: the same names can be defined. */
    GOOD(rpt_module_define(module, "def good(self, x):\n    return x\ndef forward(self, x):\n    return self.good(x) + 1"));
    GOOD(run(module, &argument, 1, &value));
    read_floats(value, &result, 1);
    CHECK(result == 2);
    BAD(rpt_module_define(module, "def forward(self, x):\n    return x"), RPT_ERROR_SCRIPT_SOURCE, "redefine");
    rpt_value_free(value);
    rpt_value_free(argument);
    rpt_module_free(module);
    BAD(rpt_module_create("a b", &module), INVALID, "a b");
    BAD(rpt_module_create("1a", &module), INVALID, "1a");
    CHECK(module == NULL);
}

static void test_modules(void) {
    const float data[2] = {2, 3};
    float result[2];
    rpt_tensor *weights = vector_of_floats(data, 2);
    rpt_tensor *tensor = NULL;
    rpt_module *child = NULL;
    rpt_module *module = NULL;
    rpt_module *clone = NULL;
    rpt_method *method = NULL;
    rpt_value *argument = value_of_floats(data, 2);
    rpt_value *value = NULL;
    rpt_value *number = value_of_int(4);
    char *text = NULL;
    int32_t training = 0;
    int64_t integer = 0;

    GOOD(rpt_module_create("Child", &child));
    GOOD(rpt_module_register_parameter(child, "weight", weights, 1));
    GOOD(rpt_module_define(child, "def forward(self, x):\n    return x * self.weight"));
    GOOD(rpt_module_create("Net", &module));
    GOOD(rpt_module_register_submodule(module, "child", child));
    GOOD(rpt_module_register_buffer(module, "offset", weights));
    GOOD(rpt_module_register_attribute(module, "times", number));
    BAD(rpt_module_register_attribute(module, "times", number), INVALID, "already");
    BAD(rpt_module_register_buffer(module, "no good", weights), INVALID, "no good");
    BAD(rpt_module_register_buffer(module, "", weights), INVALID, "''");
    BAD(rpt_module_register_buffer(module, "b", NULL), INVALID, "tensor");
    BAD(rpt_module_register_parameter(NULL, "b", weights, 0), INVALID, "module");
    BAD(rpt_module_register_submodule(module, "no.good", child), INVALID, "no.good");
    BAD(rpt_module_register_buffer(module, "0", weights), INVALID, "'0'");
    BAD(rpt_module_register_submodule(child, "net", module), INVALID, "part of");
    BAD(rpt_module_register_submodule(module, "net", module), INVALID, "part of");
    GOOD(rpt_module_define(module, "def forward(self, x, scale: float = 1.0):\n"
                                   "    assert x.dtype == torch.float32, 'not float32'\n"
                                   "    return self.child(x) * scale + self.offset * self.times"));
    GOOD(run(module, &argument, 1, &value));
    read_floats(value, result, 2);
    CHECK(result[0] == 12 && result[1] == 21);
    rpt_value_free(value);

    GOOD(rpt_module_describe(module, &text));
    CHECK(strstr(text, "{\"type\":\"__torch__.Net\",\"training\":true,\"methods\":[{\"name\":\"forward\"") == text);
    CHECK(strstr(text, "{\"name\":\"scale\",\"type\":\"float\",\"optional\":true}") != NULL);
    CHECK(strstr(text, "\"parameters\":[{\"name\":\"child.weight\",\"dtype\":\"float32\",\"shape\":[2],"
                       "\"requiresGrad\":true,\"device\":\"cpu\"}]") != NULL);
    CHECK(strstr(text, "\"buffers\":[{\"name\":\"offset\"") != NULL);
    CHECK(has(text, "{\"name\":\"child\",\"type\":\"__torch__.Child\"}"));
    GOOD(rpt_module_type_name(module, &text));
    CHECK(has(text, "__torch__.Net"));

    GOOD(rpt_module_tensor(module, "child.weight", &tensor));
    rpt_tensor_free(tensor);
    BAD(rpt_module_tensor(module, "times", &tensor), INVALID, "int");
    BAD(rpt_module_tensor(module, "child.nosuch", &tensor), INVALID, "child.nosuch");
    BAD(rpt_module_tensor(module, "nosuch.weight", &tensor), INVALID, "nosuch");
    BAD(rpt_module_tensor(module, "", &tensor), INVALID, "no ''");
    BAD(rpt_module_tensor(module, "..", &tensor), INVALID, "..");
    CHECK(tensor == NULL);
    GOOD(rpt_module_attribute(module, "times", &value));
    GOOD(rpt_value_to_int(value, &integer));
    CHECK(integer == 4);
    rpt_value_free(value);

    GOOD(rpt_module_is_training(module, &training));
    CHECK(training == 1);
    GOOD(rpt_module_share(module, &clone));
    GOOD(rpt_module_train(clone, 0));
    rpt_module_free(clone);
    GOOD(rpt_module_is_training(child, &training));
    CHECK(training == 0);

    GOOD(rpt_module_clone(module, &clone));
    GOOD(rpt_module_register_buffer(clone, "more", weights));
    GOOD(rpt_module_tensor(clone, "child.weight", &tensor));
    GOOD(rpt_tensor_copy_from_host(tensor, (const float[]){0, 0}, 8));
    rpt_tensor_free(tensor);
    GOOD(run(module, &argument, 1, &value));
    read_floats(value, result, 2);
    CHECK(result[0] == 12 && result[1] == 21);
    rpt_value_free(value);
    BAD(rpt_module_tensor(module, "more", &tensor), INVALID, "more");
    GOOD(rpt_module_to(clone, RPT_DTYPE_FLOAT64, -1, 0));
    GOOD(rpt_module_describe(clone, &text));
    CHECK(has(text, "\"name\":\"child.weight\",\"dtype\":\"float64\",\"shape\":[2],\"requiresGrad\":true"));
    BAD(rpt_module_to(clone, RPT_DTYPE_INT32, -1, 0), INVALID, "int32");
    BAD(rpt_module_to(clone, -1, 9, 0), INVALID, "9");
    BAD(rpt_module_to(clone, 77, -1, 0), INVALID, "77");
    rpt_module_free(clone);

    method = method_of(module, "forward");
    BAD(rpt_method_run(method, &argument, 0, NULL, NULL, 0, 0, &value), INVALID, "'x' is missing");
    BAD(rpt_method_run(method, &number, 1, NULL, NULL, 0, 0, &value), INVALID, "'x' must be Tensor, but it is int");
    BAD(rpt_method_run(method, (rpt_value *const[]){argument, argument}, 2, NULL, NULL, 0, 0, &value), INVALID,
        "'scale' must be float, but it is Tensor float32[2]");
    BAD(rpt_method_run(method, (rpt_value *const[]){argument, number, number}, 3, NULL, NULL, 0, 0, &value), INVALID,
        "Schema: forward(");
    BAD(rpt_method_run(method, &argument, 1, (const char *const[]){"x"}, &argument, 1, 0, &value), INVALID,
        "by position and by name");
    BAD(rpt_method_run(method, NULL, 0, (const char *const[]){"x", "x"}, (rpt_value *const[]){argument, argument}, 2, 0,
                       &value),
        INVALID, "twice");
    BAD(rpt_method_run(NULL, &argument, 1, NULL, NULL, 0, 0, &value), INVALID, "method");
    BAD(rpt_method_run(method, (rpt_value *const[]){NULL}, 1, NULL, NULL, 0, 0, &value), INVALID, "index 0");
    GOOD(rpt_method_run(method, &argument, 1, (const char *const[]){"scale"}, &number, 1, 0, &value)); /* int to float */
    read_floats(value, result, 2);
    CHECK(result[0] == 24 && result[1] == 48);
    rpt_value_free(value);
    {
        rpt_tensor *out_tensor = NULL;
        rpt_tensor_info info;
        GOOD(rpt_method_run_tensors(method, &weights, 1, 0, &out_tensor, &value));
        CHECK(out_tensor != NULL && value == NULL);
        info.struct_size = sizeof info;
        GOOD(rpt_tensor_describe(out_tensor, &info));
        CHECK(info.requires_grad == 0);
        rpt_tensor_free(out_tensor);
        GOOD(rpt_method_run_tensors(method, &weights, 1, 1, &out_tensor, &value));
        info.struct_size = sizeof info;
        GOOD(rpt_tensor_describe(out_tensor, &info));
        CHECK(info.requires_grad == 1);
        rpt_tensor_free(out_tensor);
        BAD(rpt_method_run_tensors(method, &weights, 0, 0, &out_tensor, &value), INVALID, "missing");
        BAD(rpt_method_run_tensors(method, NULL, 1, 0, &out_tensor, &value), INVALID, "arguments");
        BAD(rpt_method_run_tensors(method, (rpt_tensor *const[]){NULL}, 1, 0, &out_tensor, &value), INVALID, "arguments");
        BAD(rpt_method_run_tensors(method, &weights, 1, 0, NULL, &value), INVALID, "out_");
    }
    GOOD(rpt_method_code(method, &text));
    CHECK(has(text, "def forward(self,"));
    GOOD(rpt_method_graph(method, 0, &text));
    CHECK(has(text, "prim::CallMethod"));
    GOOD(rpt_method_graph(method, 1, &text));
    CHECK(has(text, "aten::mul"));
    GOOD(rpt_method_nodes(method, &text));
    CHECK(has(text, "\"nondeterministic\":false"));
    rpt_module_free(module); /* the method keeps it alive */
    GOOD(rpt_method_run(method, &argument, 1, NULL, NULL, 0, 0, &value));
    rpt_value_free(value);
    rpt_method_free(method);
    BAD(rpt_module_method(child, "nosuch", &method), INVALID, "it has: forward");
    BAD(rpt_module_method(NULL, "forward", &method), INVALID, "module");
    CHECK(method == NULL);
    rpt_method_free(NULL);
    rpt_module_free(NULL);
    rpt_module_free(child);
    rpt_value_free(number);
    rpt_value_free(argument);
    rpt_tensor_free(weights);
}

static void test_failures_in_models(void) {
    const float data[3] = {1, 2, 3};
    rpt_value *argument = value_of_floats(data, 3);
    rpt_value *value = NULL;
    rpt_module *module = module_of("def forward(self, x):\n"
                                   "    if x.numel() == 3:\n"
                                   "        raise ValueError('three are too many')\n"
                                   "    return x\n"
                                   "def mismatch(self, x):\n"
                                   "    return torch.mm(x, x)\n"
                                   "def check(self, x):\n"
                                   "    assert x.numel() == 2, 'not two'\n"
                                   "    return x\n"
                                   "def big(self, x):\n"
                                   "    return torch.empty([1 << 46])\n"
                                   "def say(self, x):\n"
                                   "    warnings.warn('from the model')\n"
                                   "    print('printed', x.numel())\n"
                                   "    return x\n");
    rpt_method *method = NULL;
    BAD(run(module, &argument, 1, &value), RPT_ERROR_SCRIPT_RAISE, "ValueError: three are too many");
    method = method_of(module, "check");
    BAD(rpt_method_run(method, &argument, 1, NULL, NULL, 0, 0, &value), RPT_ERROR_SCRIPT_RAISE, "not two");
    rpt_method_free(method);
    method = method_of(module, "mismatch");
    BAD(rpt_method_run(method, &argument, 1, NULL, NULL, 0, 0, &value), RPT_ERROR_OPERATOR, "must be a matrix");
    rpt_method_free(method);
    method = method_of(module, "big");
    BAD(rpt_method_run(method, &argument, 1, NULL, NULL, 0, 0, &value), RPT_ERROR_OUT_OF_MEMORY, "memory");
    CHECK(value == NULL);
    rpt_method_free(method);
    count_warnings("");
    method = method_of(module, "say");
    GOOD(rpt_method_run(method, &argument, 1, NULL, NULL, 0, 0, &value));
    rpt_value_free(value);
    rpt_method_free(method);
    CHECK(count_warnings("printed 3\n") == 1); /* and what was warned is taken with it */
    CHECK(count_warnings("") == 0);
    rpt_value_free(argument);
    rpt_module_free(module);
}

static void test_containers(void) {
    const float one = 1;
    rpt_module *module = module_of("def forward(self, x: Dict[str, List[float]], y: Tuple[Tensor, Optional[int]]):\n"
                                   "    x['new'] = [2.5]\n"
                                   "    return {'z': y[0], 'a': y[0] + 1}, x, [y[1]]\n");
    rpt_value *items[2] = {value_of_int(1), NULL};
    rpt_value *list = NULL;
    rpt_value *key = value_of_text("k");
    rpt_value *arguments[2] = {NULL, NULL};
    rpt_value *value = NULL;
    rpt_value *part = NULL;
    rpt_value *inner = NULL;
    char *text = NULL;
    int64_t count = 0;

    GOOD(rpt_value_from_list(items, 1, &list));
    GOOD(rpt_value_from_dict(&key, &list, 1, &arguments[0]));
    rpt_value_free(items[0]);
    items[0] = value_of_floats(&one, 1);
    GOOD(rpt_value_from_none(&items[1]));
    GOOD(rpt_value_from_list(items, 2, &arguments[1])); /* a list where a tuple is declared, as in Python */
    GOOD(run(module, arguments, 2, &value));
    GOOD(rpt_value_type(value, &text));
    CHECK(has(text, "Tuple[Dict[str, Tensor], Dict[str, List[float]], List[Optional[int]]]"));
    GOOD(rpt_value_item(value, 0, &part));
    GOOD(rpt_value_key(part, 0, &inner));
    GOOD(rpt_value_text(inner, &text));
    CHECK(has(text, "z"));
    rpt_value_free(inner);
    rpt_value_free(part);
    GOOD(rpt_value_count(arguments[0], &count)); /* the callee's change is the callee's */
    CHECK(count == 1);
    rpt_value_free(value);
    rpt_value_free(arguments[1]);
    arguments[1] = key;
    BAD(run(module, arguments, 2, &value), INVALID, "'y' must be Tuple[Tensor, Optional[int]], but it is str");
    rpt_value_free(arguments[0]);
    GOOD(rpt_value_from_dict(&key, &key, 1, &arguments[0]));
    BAD(run(module, arguments, 2, &value), INVALID, "'x'[k] must be List[float], but it is str");
    rpt_value_free(arguments[0]);
    rpt_value_free(list);
    rpt_value_free(key);
    rpt_value_free(items[0]);
    rpt_value_free(items[1]);
    rpt_module_free(module);
}

static void test_files(void) {
    static const char path[] = "reprotorch_tests.pt";
    const float data[2] = {2, 3};
    float result[2];
    rpt_module *module = module_of("def forward(self, x):\n    return x * 2");
    rpt_module *loaded = NULL;
    rpt_value *argument = value_of_floats(data, 2);
    rpt_value *value = NULL;
    unsigned char *bytes = NULL;
    long size = 0;
    FILE *file = NULL;

    GOOD(rpt_module_save(module, path));
    GOOD(rpt_module_load(path, -1, 0, &loaded));
    GOOD(run(loaded, &argument, 1, &value));
    read_floats(value, result, 2);
    CHECK(result[0] == 4 && result[1] == 6);
    rpt_value_free(value);
    rpt_module_free(loaded);
    BAD(rpt_module_load(path, 44, 0, &loaded), INVALID, "44");
    BAD(rpt_module_load("no/such/file.pt", -1, 0, &loaded), INVALID, "no/such/file.pt");
    BAD(rpt_module_load(".", -1, 0, &loaded), INVALID, "directory");
    BAD(rpt_module_load(NULL, -1, 0, &loaded), INVALID, "path");
    BAD(rpt_module_save(module, "no/such/folder/file.pt"), INVALID, "cannot be written");
    BAD(rpt_module_save(NULL, path), INVALID, "module");
#if defined(__linux__)
    BAD(rpt_module_save(module, "/dev/full"), RPT_ERROR_INTERNAL, "No space left");
#endif
    CHECK(loaded == NULL);

    file = fopen(path, "rb");
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    fseek(file, 0, SEEK_SET);
    bytes = (unsigned char *)malloc((size_t)size);
    CHECK(fread(bytes, 1, (size_t)size, file) == (size_t)size);
    fclose(file);
    GOOD(rpt_module_load_bytes(bytes, size, RPT_DEVICE_CPU, -1, &loaded));
    rpt_module_free(loaded);
    for (long length = 0; length < size; length += 1 + size / 37) {
        BAD(rpt_module_load_bytes(bytes, length, -1, 0, &loaded), RPT_ERROR_MODEL_FORMAT, "");
    }
    memset(bytes, 'x', (size_t)size);
    BAD(rpt_module_load_bytes(bytes, size, -1, 0, &loaded), RPT_ERROR_MODEL_FORMAT, "");
    BAD(rpt_module_load_bytes(NULL, 5, -1, 0, &loaded), INVALID, "data");
    file = fopen(path, "wb");
    fwrite(bytes, 1, (size_t)size, file);
    fclose(file);
    BAD(rpt_module_load(path, -1, 0, &loaded), RPT_ERROR_MODEL_FORMAT, "");
    CHECK(loaded == NULL);
    remove(path);
    free(bytes);
    rpt_value_free(argument);
    rpt_module_free(module);
}

static void test_determinism(void) {
    const float zeros[3] = {0, 0, 0};
    const float ones[4] = {1, 1, 1, 1};
    const int64_t twice[2] = {0, 0};
    const int64_t places[4] = {0, 1, 2, 3};
    rpt_determinism before;
    rpt_determinism settings;
    rpt_value *arguments[3] = {value_of_floats(zeros, 3), value_of_longs(twice, 2), value_of_floats(ones, 2)};
    rpt_value *value = NULL;

    memset(&before, 0, sizeof before);
    BAD(rpt_determinism_get(&before), INVALID, "struct_size");
    BAD(rpt_determinism_get(NULL), INVALID, "settings");
    before.struct_size = sizeof before;
    GOOD(rpt_determinism_get(&before));
    CHECK(before.algorithms == 0 && before.threads >= 1 && before.interop_threads >= 1);
    memset(&settings, 0xff, sizeof settings);
    settings.struct_size = sizeof settings;
    GOOD(rpt_determinism_set(&settings)); /* nothing but -1 */
    settings.algorithms = 2;
    settings.cudnn_benchmark = 1;
    settings.threads = 2;
    settings.flush_denormal = before.flush_denormal == -1 ? -1 : 1;
    GOOD(rpt_determinism_set(&settings));
    settings.algorithms = 0;
    settings.cudnn_benchmark = 2;
    BAD(rpt_determinism_set(&settings), INVALID, "cudnn_benchmark");
    settings.cudnn_benchmark = 0;
    settings.threads = 0;
    BAD(rpt_determinism_set(&settings), INVALID, "threads");
    settings.threads = 1;
    settings.matmul_precision = 0;
    settings.cublas_allow_tf32 = 1;
    BAD(rpt_determinism_set(&settings), INVALID, "contradict");
    GOOD(rpt_determinism_get(&settings)); /* what was refused has changed nothing */
    CHECK(settings.algorithms == 2 && settings.cudnn_benchmark == 1 && settings.threads == 2);
    CHECK(settings.flush_denormal == -1 || settings.flush_denormal == 1);

    BAD(rpt_operator_call("aten::put_", arguments, 3, NULL, NULL, 0, 0, &value), RPT_ERROR_NONDETERMINISTIC,
        "put_ does not have a deterministic implementation");
    {
        rpt_module *module = module_of("def forward(self, x, i, v):\n    return torch.put(x, i, v)");
        BAD(run(module, arguments, 3, &value), RPT_ERROR_NONDETERMINISTIC, "does not have a deterministic");
        rpt_module_free(module);
    }
    {
        rpt_value *unpool[3] = {NULL, NULL, NULL};
        rpt_value *edge = value_of_int(4);
        rpt_value *edges[2] = {edge, edge};
        rpt_tensor *tensor = NULL;
        GOOD(rpt_tensor_create(RPT_DTYPE_FLOAT32, (const int64_t[]){1, 2, 2}, 3, ones, 16, RPT_DEVICE_CPU, -1, &tensor));
        GOOD(rpt_value_from_tensor(tensor, &unpool[0]));
        rpt_tensor_free(tensor);
        GOOD(rpt_tensor_create(RPT_DTYPE_INT64, (const int64_t[]){1, 2, 2}, 3, places, 32, RPT_DEVICE_CPU, -1, &tensor));
        GOOD(rpt_value_from_tensor(tensor, &unpool[1]));
        rpt_tensor_free(tensor);
        GOOD(rpt_value_from_list(edges, 2, &unpool[2]));
        BAD(rpt_operator_call("aten::max_unpool2d", unpool, 3, NULL, NULL, 0, 0, &value), RPT_ERROR_NONDETERMINISTIC,
            "max_unpooling2d_forward_out");
        rpt_value_free(edge);
        rpt_value_free(unpool[0]);
        rpt_value_free(unpool[1]);
        rpt_value_free(unpool[2]);
    }
    CHECK(value == NULL);
    settings.algorithms = 1;
    GOOD(rpt_determinism_set(&settings));
    count_warnings("");
    GOOD(rpt_operator_call("aten::put_", arguments, 3, NULL, NULL, 0, 0, &value));
    rpt_value_free(value);
    CHECK(count_warnings("warn_only=True") == 1);
    CHECK(count_warnings("") == 0);
    GOOD(rpt_determinism_set(&before));
    settings.struct_size = sizeof settings;
    GOOD(rpt_determinism_get(&settings));
    CHECK(memcmp(&settings, &before, sizeof before) == 0);
    GOOD(rpt_warnings_set_always(1));
    GOOD(rpt_warnings_set_always(0));
    for (int i = 0; i < 3; ++i) {
        rpt_value_free(arguments[i]);
    }
}

static void draw(const char *name, int64_t count, const rpt_generator *generator, rpt_value **out_value) {
    const char *names[2] = {"generator", "dtype"};
    rpt_value *keywords[2] = {NULL, NULL};
    rpt_value *size = value_of_int(count);
    rpt_value *list = NULL;
    int is_permutation = strcmp(name, "aten::randperm") == 0;
    GOOD(rpt_value_from_list(&size, 1, &list));
    GOOD(generator == NULL ? rpt_value_from_none(&keywords[0]) : rpt_value_from_generator(generator, &keywords[0]));
    GOOD(rpt_operator_call(name, is_permutation ? &size : &list, 1, names, keywords, 1, 0, out_value));
    rpt_value_free(size);
    rpt_value_free(list);
    rpt_value_free(keywords[0]);
}

/* The values that python3-torch 1.13.1 gives (torch.manual_seed(0); torch.rand(3) and so on). */
static void test_random(void) {
    const double uniform[3] = {0x1.fc2abp-2, 0x1.89545ep-1, 0x1.6a675p-4};
    const double normal[2] = {0x1.8a7eb8p+0, -0x1.2c78ap-2};
    const int64_t permutation[10] = {4, 1, 7, 5, 3, 9, 0, 8, 6, 2};
    float floats[3];
    float again[3];
    int64_t longs[10];
    unsigned char state[5056];
    int64_t size = 0;
    uint64_t seed = 0;
    rpt_generator *generator = NULL;
    rpt_generator *own = NULL;
    rpt_value *value = NULL;
    rpt_tensor *tensor = NULL;

    GOOD(rpt_seed_all(0));
    draw("aten::rand", 3, NULL, &value);
    read_floats(value, floats, 3);
    CHECK(floats[0] == uniform[0] && floats[1] == uniform[1] && floats[2] == uniform[2]);
    rpt_value_free(value);
    GOOD(rpt_seed_all(0));
    draw("aten::randn", 2, NULL, &value);
    read_floats(value, floats, 2);
    CHECK(floats[0] == normal[0] && floats[1] == normal[1]);
    rpt_value_free(value);

    GOOD(rpt_generator_create(RPT_DEVICE_CPU, -1, &own));
    GOOD(rpt_generator_initial_seed(own, &seed));
    CHECK(seed == 67280421310721ULL);
    GOOD(rpt_generator_seed(own, 0));
    draw("aten::randperm", 10, own, &value);
    GOOD(rpt_value_to_tensor(value, &tensor));
    GOOD(rpt_tensor_copy_to_host(tensor, longs, sizeof longs));
    CHECK(memcmp(longs, permutation, sizeof longs) == 0);
    rpt_tensor_free(tensor);
    rpt_value_free(value);

    GOOD(rpt_generator_default(RPT_DEVICE_CPU, 0, &generator));
    GOOD(rpt_generator_seed(generator, 5));
    GOOD(rpt_generator_initial_seed(generator, &seed));
    CHECK(seed == 5);
    GOOD(rpt_generator_get_state(generator, NULL, 0, &size));
    CHECK(size == (int64_t)sizeof state);
    BAD(rpt_generator_get_state(generator, state, 100, &size), INVALID, "5056");
    CHECK(size == 0);
    GOOD(rpt_generator_get_state(generator, state, sizeof state, &size));
    CHECK(state[0] == 5 && state[8] == 1);
    draw("aten::rand", 3, NULL, &value);
    read_floats(value, floats, 3);
    rpt_value_free(value);
    GOOD(rpt_generator_set_state(generator, state, sizeof state));
    draw("aten::rand", 3, NULL, &value);
    read_floats(value, again, 3);
    rpt_value_free(value);
    CHECK(memcmp(floats, again, sizeof floats) == 0);
    GOOD(rpt_generator_set_state(own, state, sizeof state));
    draw("aten::rand", 3, own, &value);
    read_floats(value, again, 3);
    rpt_value_free(value);
    CHECK(memcmp(floats, again, sizeof floats) == 0);
    BAD(rpt_generator_set_state(generator, state, 17), INVALID, "");
    BAD(rpt_generator_set_state(generator, NULL, 5056), INVALID, "state");
    BAD(rpt_generator_set_state(generator, NULL, 0), INVALID, "");
    memset(state, 0xff, sizeof state);
    BAD(rpt_generator_set_state(generator, state, sizeof state), INVALID, "");
    BAD(rpt_generator_set_state(NULL, state, sizeof state), INVALID, "generator");
    BAD(rpt_generator_seed(NULL, 1), INVALID, "generator");
    rpt_generator_free(generator);
    rpt_generator_free(own);
    rpt_generator_free(NULL);
    BAD(rpt_generator_default(7, 0, &generator), INVALID, "7");
    BAD(rpt_generator_default(RPT_DEVICE_META, 0, &generator), INVALID, "meta");
    BAD(rpt_generator_create(RPT_DEVICE_CUDA, 99, &generator), INVALID, "cuda");
    CHECK(generator == NULL);
}

static void test_trace(void) {
    static const char source[] = "def forward(self, x, n: int = 3, bias: Optional[Tensor] = None):\n"
                                 "    y = torch.dropout(x, 0.5, self.training)\n"
                                 "    if x.sum() > 0:\n"
                                 "        y = y + n\n"
                                 "    else:\n"
                                 "        y = y - n\n"
                                 "    if bias is not None:\n"
                                 "        y = y * bias\n"
                                 "    return y\n"
                                 "def many(self, x):\n"
                                 "    return {'z': x + 1, 'a': x}\n"
                                 "def fails(self, x):\n"
                                 "    y = x + 1\n"
                                 "    return torch.mm(y, y)\n"
                                 "def counts(self, x):\n"
                                 "    return x.view(x.size(0), 1), None\n"
                                 "def number(self, x):\n"
                                 "    return x.size(0)\n"
                                 "def assigns(self, x):\n"
                                 "    self.training = False\n"
                                 "    if self.training and bool(x.sum() < 0):\n"
                                 "        x = x - 1\n"
                                 "    return x\n";
    static const char path[] = "reprotorch_trace.pt";
    const float data[3] = {1, 2, 3};
    const char *names[1] = {"bias"};
    float expected[3];
    float result[3];
    rpt_module *module = module_of(source);
    rpt_module *traced = NULL;
    rpt_module *loaded = NULL;
    rpt_method *method = NULL;
    rpt_value *argument = value_of_floats(data, 3);
    rpt_value *number = value_of_int(3);
    rpt_value *value = NULL;
    rpt_generator *generator = NULL;
    unsigned char one_run[5056];
    unsigned char state[5056];
    int64_t size = 0;
    char *frozen = NULL;
    char *text = NULL;

    GOOD(rpt_generator_default(RPT_DEVICE_CPU, -1, &generator));
    GOOD(rpt_seed_all(7));
    GOOD(run(module, &argument, 1, &value));
    read_floats(value, expected, 3);
    rpt_value_free(value);
    GOOD(rpt_generator_get_state(generator, one_run, sizeof one_run, &size));
    GOOD(rpt_seed_all(7));
    GOOD(rpt_module_trace(module, "forward", &argument, 1, NULL, NULL, 0, 1, &traced, &frozen));
    GOOD(rpt_generator_get_state(generator, state, sizeof state, &size));
    CHECK(memcmp(state, one_run, sizeof state) == 0);
    CHECK(has(frozen, "[{\"kind\":\"prim::If\",\"source\":\"<string>:3\"}]"));
    GOOD(rpt_seed_all(7));
    GOOD(run(traced, &argument, 1, &value));
    read_floats(value, result, 3);
    rpt_value_free(value);
    CHECK(memcmp(result, expected, sizeof result) == 0);
    method = method_of(traced, "forward");
    GOOD(rpt_method_graph(method, 1, &text));
    CHECK(text != NULL && strstr(text, "prim::If") == NULL);
    CHECK(has(text, "aten::dropout"));
    rpt_method_free(method);
    GOOD(rpt_module_describe(traced, &text));
    CHECK(has(text, "\"arguments\":[{\"name\":\"x\",\"type\":\"Tensor\",\"optional\":false}]"));

    GOOD(rpt_module_save(traced, path));
    GOOD(rpt_module_load(path, -1, 0, &loaded));
    remove(path);
    GOOD(rpt_seed_all(7));
    GOOD(run(loaded, &argument, 1, &value));
    read_floats(value, result, 3);
    rpt_value_free(value);
    CHECK(memcmp(result, expected, sizeof result) == 0);
    rpt_module_free(traced);
    GOOD(rpt_seed_all(7)); /* a trace of a trace */
    GOOD(rpt_module_trace(loaded, "forward", &argument, 1, NULL, NULL, 0, 1, &traced, &frozen));
    CHECK(frozen != NULL && strcmp(frozen, "[]") == 0);
    rpt_string_free(frozen);
    rpt_module_free(traced);
    rpt_module_free(loaded);

    GOOD(rpt_module_trace(module, "forward", &argument, 1, names, &argument, 1, 1, &traced, &frozen));
    rpt_string_free(frozen);
    method = method_of(traced, "forward");
    GOOD(rpt_method_run(method, &argument, 1, names, &argument, 1, 0, &value));
    rpt_value_free(value);
    BAD(rpt_method_run(method, &argument, 1, NULL, NULL, 0, 0, &value), INVALID, "'bias' is missing");
    rpt_method_free(method);
    rpt_module_free(traced);

    BAD(rpt_module_trace(module, "forward", (rpt_value *const[]){argument, number}, 2, NULL, NULL, 0, 1, &traced, &frozen),
        INVALID, "'n' is int");
    BAD(rpt_module_trace(module, "many", &argument, 1, NULL, NULL, 0, 1, &traced, &frozen), INVALID, "strict 0");
    BAD(rpt_module_trace(module, "number", &argument, 1, NULL, NULL, 0, 0, &traced, &frozen), INVALID, "int");
    BAD(rpt_module_trace(module, "fails", &argument, 1, NULL, NULL, 0, 1, &traced, &frozen), RPT_ERROR_OPERATOR, "matrix");
    BAD(rpt_module_trace(module, "nosuch", &argument, 1, NULL, NULL, 0, 1, &traced, &frozen), INVALID, "nosuch");
    BAD(rpt_module_trace(NULL, "forward", &argument, 1, NULL, NULL, 0, 1, &traced, &frozen), INVALID, "module");
    BAD(rpt_module_trace(module, "forward", &argument, 0, NULL, NULL, 0, 1, &traced, &frozen), INVALID, "missing");
    CHECK(traced == NULL && frozen == NULL);
    GOOD(rpt_module_trace(module, "many", &argument, 1, NULL, NULL, 0, 0, &traced, &frozen)); /* out of tracing again */
    CHECK(frozen != NULL && strcmp(frozen, "[]") == 0);
    rpt_string_free(frozen);
    method = method_of(traced, "many");
    GOOD(rpt_method_run(method, &argument, 1, NULL, NULL, 0, 0, &value));
    CHECK(rpt_value_kind_of(value) == RPT_VALUE_DICT);
    rpt_value_free(value);
    rpt_method_free(method);
    rpt_module_free(traced);
    GOOD(rpt_module_trace(module, "counts", &argument, 1, NULL, NULL, 0, 1, &traced, &frozen));
    CHECK(has(frozen, "[{\"kind\":\"aten::size\",\"source\":\"<string>:16\"}]"));
    rpt_module_free(traced);

    GOOD(rpt_module_trace(module, "assigns", &argument, 1, NULL, NULL, 0, 1, &traced, &frozen));
    CHECK(has(frozen, "[{\"kind\":\"prim::SetAttr\",\"source\":\"<string>:20\"},"
                      "{\"kind\":\"prim::If\",\"source\":\"<string>:21\"}]"));
    rpt_module_free(traced);
    GOOD(rpt_module_train(module, 0)); /* then the branch is never taken */
    GOOD(rpt_module_trace(module, "assigns", &argument, 1, NULL, NULL, 0, 1, &traced, &frozen));
    CHECK(has(frozen, "[{\"kind\":\"prim::SetAttr\",\"source\":\"<string>:20\"}]"));
    rpt_module_free(traced);

    rpt_generator_free(generator);
    rpt_value_free(argument);
    rpt_value_free(number);
    rpt_module_free(module);
}

static void test_contents(void) {
    static const char source[] = "def forward(self, x):\n"
                                 "    if self.training:\n"
                                 "        x = torch.dropout(x, 0.5, True)\n"
                                 "    y = self.scale(x)\n"
                                 "    return y + torch.tensor([1.0, 2.0])\n"
                                 "def scale(self, x):\n"
                                 "    return x * self.factor\n";
    static const char path[] = "reprotorch_contents.pt";
    const char *kept[1] = {"scale"};
    const float data[2] = {1, 2};
    float result[2];
    rpt_module *module = NULL;
    rpt_module *other = NULL;
    rpt_tensor *factor = NULL;
    rpt_method *method = NULL;
    rpt_value *argument = value_of_floats(data, 2);
    rpt_value *value = NULL;
    char *frozen = NULL;
    char *before = NULL;
    char *after = NULL;
    char *text = NULL;

    GOOD(rpt_tensor_create(RPT_DTYPE_FLOAT32, (const int64_t[]){2}, 1, (const float[]){3, 4}, 8, RPT_DEVICE_CPU, 0, &factor));
    GOOD(rpt_module_create("Net", &module));
    GOOD(rpt_module_register_buffer(module, "factor", factor));
    GOOD(rpt_module_define(module, source));

    GOOD(rpt_module_content(module, &before));
    CHECK(strstr(before, "module . __torch__.Net\nattribute training : bool = True\nbuffer factor : Tensor = tensor(float32, [2], ") ==
          before);
    GOOD(rpt_module_save(module, path));
    GOOD(rpt_module_load(path, -1, 0, &other));
    remove(path);
    GOOD(rpt_module_content(other, &after));
    CHECK(strcmp(before, after) == 0);
    rpt_string_free(after);
    rpt_module_free(other);
    GOOD(rpt_module_clone(module, &other));
    GOOD(rpt_module_train(other, 0));
    GOOD(rpt_module_content(other, &after));
    CHECK(strcmp(before, after) != 0);
    rpt_string_free(after);
    rpt_module_free(other);
    BAD(rpt_module_content(NULL, &after), INVALID, "module");

    method = method_of(module, "forward");
    GOOD(rpt_method_structure(method, 1, &text));
    CHECK(text != NULL && strstr(text, "\"taken\":0") != NULL && strstr(text, "\"random\":true") != NULL);
    rpt_string_free(text);
    GOOD(rpt_method_uses(method, &text));
    CHECK(text != NULL && strstr(text, "\"live\":true") != NULL && strstr(text, "\"random\":true") != NULL);
    rpt_string_free(text);
    BAD(rpt_method_uses(NULL, &text), INVALID, "method");
    GOOD(rpt_module_train(module, 0));
    GOOD(rpt_method_structure(method, 0, &text)); /* the module's own method is put in */
    CHECK(text != NULL && strstr(text, "\"taken\":1") != NULL && strstr(text, "CallMethod") == NULL);
    rpt_string_free(text);
    rpt_method_free(method);

    GOOD(rpt_module_trace(module, "forward", &argument, 1, NULL, NULL, 0, 1, &other, &frozen));
    rpt_string_free(frozen);
    GOOD(run(other, &argument, 1, &value)); /* what torch.tensor made is in the trace */
    read_floats(value, result, 2);
    CHECK(result[0] == 4 && result[1] == 10);
    rpt_value_free(value);
    method = method_of(other, "forward");
    GOOD(rpt_method_constants(method, &value));
    CHECK(rpt_value_kind_of(value) == RPT_VALUE_LIST);
    rpt_value_free(value);
    rpt_method_free(method);
    rpt_module_free(other);
    BAD(rpt_method_constants(NULL, &value), INVALID, "method");

    for (int32_t level = RPT_OPTIMIZE_FREEZE; level <= RPT_OPTIMIZE_INFERENCE; ++level) {
        GOOD(rpt_module_optimize(module, level, kept, 1, &other));
        GOOD(run(other, &argument, 1, &value));
        read_floats(value, result, 2);
        CHECK(result[0] == 4 && result[1] == 10);
        rpt_value_free(value);
        method = method_of(other, "scale");
        rpt_method_free(method);
        rpt_module_free(other);
    }
    GOOD(rpt_module_optimize(module, RPT_OPTIMIZE_FREEZE, NULL, 0, &other));
    GOOD(rpt_tensor_copy_from_host(factor, (const float[]){0, 0}, 8)); /* the module's own memory: what is frozen stays */
    GOOD(run(other, &argument, 1, &value));
    read_floats(value, result, 2);
    CHECK(result[0] == 4 && result[1] == 10);
    rpt_value_free(value);
    rpt_module_free(other);
    BAD(rpt_module_optimize(module, 3, NULL, 0, &other), INVALID, "3");
    BAD(rpt_module_optimize(module, 0, (const char *const[]){"nosuch"}, 1, &other), INVALID, "nosuch");
    GOOD(rpt_module_train(module, 1));
    BAD(rpt_module_optimize(module, 0, NULL, 0, &other), INVALID, "training mode");
    CHECK(other == NULL);

    rpt_string_free(before);
    rpt_value_free(argument);
    rpt_tensor_free(factor);
    rpt_module_free(module);
}

int main(int count, char **arguments) {
    const int rounds = count > 1 ? atoi(arguments[1]) : 1;
    for (int i = 0; i < rounds; ++i) {
        test_library();
        test_tensors();
        test_values();
        test_operators();
        test_sources();
        test_modules();
        test_failures_in_models();
        test_containers();
        test_files();
        test_determinism();
        test_random();
        test_trace();
        test_contents();
    }
    printf("%d passed, %d failed\n", s_passed, s_failed);
    return s_failed == 0 ? 0 : 1;
}
