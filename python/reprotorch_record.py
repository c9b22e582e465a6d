#!/usr/bin/env python3
"""Records what a PyTorch program computes, and what decided it, as a run file that ReproTorch reads, replays and compares.

One file; it needs torch (1.13 or later) and numpy. Copy it beside your script.

    import reprotorch_record as rr

    run = rr.record(model, images, seed=42, operators=True, model_path="digits.pt", name="heldout")
    rr.write("run.npz", [run])

runs the model and keeps its outputs, its inputs, the states of the random streams of torch, numpy and random right before the run,
the switches and the environment, the hash of the model's file, and each operator with the random numbers that it drew and the hash
of its results. What is no single call is recorded as a block:

    with rr.recording("augment", inputs={"images": images}, operators=True) as run:
        run.output = images + 0.1 * torch.randn_like(images)

A loop that trains is recorded when it has ended, under the names that ReproTorch's own trainings have:

    rr.write("training.npz", rr.record_training(model, losses, seed=0))     # losses: [[of each step of the first epoch], [..], ..]

    python3 reprotorch_record.py compare A.npz B.npz      exit code 0: they match, 1: they differ, 2: bad usage or a bad file

The format is told in docs/run-files.md, docs/trace-files.md and docs/rng-state-files.md of ReproTorch.
"""
import argparse
import contextlib
import datetime
import functools
import hashlib
import inspect
import io
import json
import math
import numbers
import os
import platform
import random
import re
import struct
import sys
import tempfile
import time
import zipfile

import numpy as np
import torch

try:
    from torch.utils._python_dispatch import TorchDispatchMode
except ImportError:  # a torch older than 1.13: runs are recorded without their operators
    TorchDispatchMode = None

__all__ = ["Comparison", "Run", "RunFileError", "Trace", "Value", "compare", "content_hash", "environment", "hash_bytes", "hash_value",
           "random_state", "read", "record", "record_training", "recording", "restore_random_state", "trace_operators", "write"]

FORMAT = "reprotorch-run"
TRACE_FORMAT = "reprotorch-trace"
VERSION = 1


class RunFileError(Exception):
    """A run file that is damaged, of a newer version, or none."""


# ---- hashes: XXH3, 128 bits, seed 0 (Y. Collet, xxHash, https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md) ----------------

_MASK = (1 << 64) - 1
_P32_1, _P32_2, _P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
_P64_1, _P64_2, _P64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_P64_4, _P64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
_SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")
_STRIPES = 16  # of 64 bytes: a block, after which the accumulators are scrambled
_BLOCK = 64 * _STRIPES
# Stripe n of a block meets the 8 words of the secret from byte 8 n on.
_KEYS = np.array([struct.unpack_from("<8Q", _SECRET, 8 * n) for n in range(_STRIPES)], dtype=np.uint64)


def _u32(data, at):
    return int.from_bytes(data[at:at + 4], "little")


def _u64(data, at):
    return int.from_bytes(data[at:at + 8], "little")


def _avalanche(h):
    h ^= h >> 37
    h = h * 0x165667919E3779F9 & _MASK
    return h ^ h >> 32


def _avalanche64(h):
    h ^= h >> 33
    h = h * _P64_2 & _MASK
    h ^= h >> 29
    h = h * _P64_3 & _MASK
    return h ^ h >> 32


def _fold(a, b):
    product = a * b
    return product & _MASK ^ product >> 64


def _swap32(value):
    return int.from_bytes(value.to_bytes(4, "little"), "big")


def _xxh3_short(data):
    """Up to 16 bytes: the low and the high 64 bits."""
    length = len(data)
    if length == 0:
        return _avalanche64(_u64(_SECRET, 64) ^ _u64(_SECRET, 72)), _avalanche64(_u64(_SECRET, 80) ^ _u64(_SECRET, 88))
    if length <= 3:
        low = data[0] << 16 | data[length >> 1] << 24 | data[-1] | length << 8
        high = _swap32(low)
        high = (high << 13 | high >> 19) & 0xFFFFFFFF
        return _avalanche64(low ^ _u32(_SECRET, 0) ^ _u32(_SECRET, 4)), _avalanche64(high ^ _u32(_SECRET, 8) ^ _u32(_SECRET, 12))
    if length <= 8:
        keyed = (_u32(data, 0) + (_u32(data, length - 4) << 32)) ^ _u64(_SECRET, 16) ^ _u64(_SECRET, 24)
        product = keyed * (_P64_1 + (length << 2))
        low, high = product & _MASK, product >> 64
        high = high + (low << 1) & _MASK
        low ^= high >> 3
        low ^= low >> 35
        low = low * 0x9FB21C651E98DF25 & _MASK
        return low ^ low >> 28, _avalanche(high)
    first, last = _u64(data, 0), _u64(data, length - 8)
    product = (first ^ last ^ _u64(_SECRET, 32) ^ _u64(_SECRET, 40)) * _P64_1
    low = (product & _MASK) + ((length - 1) << 54) & _MASK
    last ^= _u64(_SECRET, 48) ^ _u64(_SECRET, 56)
    high = (product >> 64) + last + (last & 0xFFFFFFFF) * (_P32_2 - 1) & _MASK
    low ^= int.from_bytes(high.to_bytes(8, "little"), "big")
    product = low * _P64_2
    return _avalanche(product & _MASK), _avalanche((product >> 64) + high * _P64_2 & _MASK)


def _xxh3_middle(data):
    """17 to 240 bytes."""
    length = len(data)
    low, high = length * _P64_1 & _MASK, 0

    def mix16(at, secret):
        return _fold(_u64(data, at) ^ _u64(_SECRET, secret), _u64(data, at + 8) ^ _u64(_SECRET, secret + 8))

    def mix32(low, high, one, other, secret):
        low = (low + mix16(one, secret) & _MASK) ^ (_u64(data, other) + _u64(data, other + 8) & _MASK)
        return low, (high + mix16(other, secret + 16) & _MASK) ^ (_u64(data, one) + _u64(data, one + 8) & _MASK)

    if length <= 128:
        for i in range((length - 1) // 32, -1, -1):
            low, high = mix32(low, high, 16 * i, length - 16 * (i + 1), 32 * i)
    else:
        for i in range(4):
            low, high = mix32(low, high, 32 * i, 32 * i + 16, 32 * i)
        low, high = _avalanche(low), _avalanche(high)
        for i in range(4, length // 32):
            low, high = mix32(low, high, 32 * i, 32 * i + 16, 3 + 32 * (i - 4))
        low, high = mix32(low, high, length - 16, length - 32, 136 - 17 - 16)
    mixed = low * _P64_1 + high * _P64_4 + length * _P64_2 & _MASK
    return _avalanche(low + high & _MASK), -_avalanche(mixed) & _MASK


def _accumulate(stripes, keys):
    """What stripes add to the 8 accumulators: uint64 [.., stripes, 8] with the keys [stripes, 8] to [.., 8]."""
    keyed = stripes ^ keys
    swapped = stripes.reshape(*stripes.shape[:-1], 4, 2)[..., ::-1].reshape(stripes.shape)
    keyed = (keyed & np.uint64(0xFFFFFFFF)) * (keyed >> np.uint64(32))
    keyed += swapped
    return keyed.sum(axis=-2, dtype=np.uint64)


def _xxh3_long(piece, length):
    """More than 240 bytes, given by a function piece(start, stop)."""
    blocks = (length - 1) // _BLOCK
    keys = struct.unpack_from("<8Q", _SECRET, 128)
    lanes = [_P32_3, _P64_1, _P64_2, _P64_3, _P64_4, _P32_2, _P64_5, _P32_1]
    step = 2048
    for start in range(0, blocks, step):
        count = min(step, blocks - start)
        words = piece(start * _BLOCK, (start + count) * _BLOCK).view("<u8").reshape(count, _STRIPES, 8)
        for added in _accumulate(words, _KEYS).tolist():
            for i in range(8):
                lane = lanes[i] + added[i] & _MASK
                lanes[i] = (lane ^ lane >> 47 ^ keys[i]) * _P32_1 & _MASK
    rest = (length - 1 - blocks * _BLOCK) // 64
    last = piece(length - 64, length).view("<u8").reshape(1, 8)
    sums = [_accumulate(last, np.array([struct.unpack_from("<8Q", _SECRET, 192 - 64 - 7)], dtype=np.uint64))]
    if rest:
        words = piece(blocks * _BLOCK, blocks * _BLOCK + rest * 64).view("<u8").reshape(rest, 8)
        sums.append(_accumulate(words, _KEYS[:rest]))
    for added in sums:
        lanes = [lane + int(more) & _MASK for lane, more in zip(lanes, added)]

    def merge(secret, result):
        for i in range(4):
            result += _fold(lanes[2 * i] ^ _u64(_SECRET, secret + 16 * i), lanes[2 * i + 1] ^ _u64(_SECRET, secret + 16 * i + 8))
        return _avalanche(result & _MASK)

    return merge(11, length * _P64_1 & _MASK), merge(192 - 64 - 11, ~(length * _P64_2) & _MASK)


def _xxh3(head, body):
    """Of two pieces of bytes, one after the other; body is a flat uint8 array."""
    length = len(head) + len(body)
    if length <= 240:
        data = head + body.tobytes()
        low, high = _xxh3_short(data) if length <= 16 else _xxh3_middle(data)
        return f"{high:016x}{low:016x}"
    first = np.frombuffer(head, dtype=np.uint8)

    def piece(start, stop):
        inside = body[max(0, start - len(first)):stop - len(first)] if stop > len(first) else body[:0]
        whole = np.concatenate([first[start:stop], inside]) if start < len(first) else inside
        return np.ascontiguousarray(whole)

    low, high = _xxh3_long(piece, length)
    return f"{high:016x}{low:016x}"


def hash_bytes(data):
    """XXH3-128 of plain bytes, in lower-case hex."""
    return _xxh3(b"", np.frombuffer(data, dtype=np.uint8))


# ---- data types ---------------------------------------------------------------------------------------------------------------

# ReproTorch's numbers, which are hashed with a tensor's bytes, and what NumPy stores where it has no such dtype.
_DTYPES = {
    "uint8": (0, "u1"), "int8": (1, "i1"), "int16": (2, "<i2"), "int32": (3, "<i4"), "int64": (4, "<i8"),
    "float16": (5, "<f2"), "float32": (6, "<f4"), "float64": (7, "<f8"),
    "complex32": (8, "<u4"), "complex64": (9, "<c8"), "complex128": (10, "<c16"), "bool": (11, "|b1"),
    "qint8": (12, "i1"), "quint8": (13, "u1"), "qint32": (14, "<i4"), "bfloat16": (15, "<u2"),
    "uint16": (16, "<u2"), "uint32": (17, "<u4"), "uint64": (18, "<u8"), "float8_e5m2": (19, "u1"), "float8_e4m3fn": (20, "u1"),
}
_VIEWS = {"complex32": torch.int32, "bfloat16": torch.int16, "uint16": torch.int16, "uint32": torch.int32, "uint64": torch.int64,
          "float8_e5m2": torch.uint8, "float8_e4m3fn": torch.uint8}


def _dtype_name(dtype):
    return str(dtype).rsplit(".", 1)[-1]


def _to_array(tensor):
    """The elements in C order as an array of what NumPy stores for the dtype."""
    name = _dtype_name(tensor.dtype)
    if name not in _DTYPES:
        raise TypeError(f"A tensor of {tensor.dtype} cannot be kept in a run file. Convert it first.")
    tensor = tensor.detach()
    if tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    tensor = tensor.cpu().resolve_conj().resolve_neg()
    if tensor.is_quantized:
        tensor = tensor.int_repr()
    tensor = tensor.contiguous()
    if name in _VIEWS:
        # A view of another type needs a last dimension.
        shape = tensor.shape
        array = tensor.reshape(-1).view(_VIEWS[name]).numpy().reshape(tuple(shape))
        return name, array.view(_DTYPES[name][1])
    return name, tensor.numpy()


def _bytes_of(array):
    """The elements' bytes as a flat array, not copied."""
    array = np.asarray(array, order="C")
    return array.reshape(-1).view(np.uint8) if array.size else np.empty(0, dtype=np.uint8)


def _hash_array(dtype, array):
    head = struct.pack(f"<ii{array.ndim}q", _DTYPES[dtype][0], array.ndim, *array.shape)
    return _xxh3(head, _bytes_of(array))


def hash_value(value):
    """The content hash of a tensor, an array, a number, a text: of dtype, shape and bytes, or of the UTF-8 text; None for None."""
    return Value.of("value", value).hash()


# ---- values -------------------------------------------------------------------------------------------------------------------

class Value:
    """One named value: kind is Tensor, Number, String or None; dtype is PyTorch's name, array what NumPy stores for it."""

    def __init__(self, name, kind, dtype=None, array=None, text=None):
        self.name, self.kind, self.dtype, self.array, self.text = name, kind, dtype, array, text

    @classmethod
    def of(cls, name, value):
        """A value that holds no others. A copy: what is written to it later does not show."""
        if value is None:
            return cls(name, "None")
        if isinstance(value, torch.Tensor):
            dtype, array = _to_array(value)
            return cls(name, "Tensor", dtype, np.array(array, order="C", copy=True))
        if isinstance(value, (np.ndarray, np.generic)):
            array = np.array(value, order="C", copy=True)
            dtype = array.dtype.newbyteorder("<") if array.dtype.byteorder == ">" else array.dtype
            if dtype.name not in _DTYPES:
                raise TypeError(f"{name} is an array of {array.dtype}, which a run file cannot keep.")
            return cls(name, "Tensor", dtype.name, array.astype(_DTYPES[dtype.name][1], copy=False))
        if isinstance(value, bool):
            return cls(name, "Number", "bool", np.array(value))
        if isinstance(value, numbers.Integral):
            fits = -(1 << 63) <= value < 1 << 63
            return cls(name, "Number", "int64", np.array(int(value), dtype="<i8")) if fits else cls(name, "String", text=str(int(value)))
        if isinstance(value, numbers.Real):
            return cls(name, "Number", "float64", np.array(float(value), dtype="<f8"))
        if isinstance(value, complex):
            return cls(name, "Number", "complex128", np.array(value, dtype="<c16"))
        if isinstance(value, (torch.dtype, torch.device)):
            return cls(name, "String", text=_dtype_name(value))
        if isinstance(value, str):
            return cls(name, "String", text=value)
        raise TypeError(f"{name} is a {type(value).__name__}, which a run file cannot keep.")

    @property
    def shape(self):
        return None if self.array is None else tuple(self.array.shape)

    def hash(self):
        if self.array is not None:
            return _hash_array(self.dtype, self.array)
        return None if self.text is None else hash_bytes(self.text.encode())

    def to_tensor(self):
        """The elements as a tensor of the true dtype; a new one."""
        dtype = getattr(torch, self.dtype, None)
        if dtype is None:
            raise TypeError(f"{self.name} is {self.dtype}, which this torch does not have.")
        if self.dtype not in _VIEWS:
            return torch.from_numpy(self.array.copy())
        signed = self.array.astype(self.array.dtype, copy=True).reshape(-1).view(f"i{self.array.dtype.itemsize}")
        tensor = torch.from_numpy(signed if self.array.dtype.itemsize > 1 else signed.view("u1"))
        return tensor.view(dtype).reshape(self.shape)

    def __repr__(self):
        what = f'"{self.text}"' if self.text is not None else "None" if self.array is None else f"{self.dtype} {self.shape}"
        return f"{self.name} {what}"


def _child(parent, key):
    """A key with a dot or bracket of its own is put in brackets, so that no two paths share a name."""
    return f"{parent}[{key}]" if key == "" or any(letter in key for letter in ".[]") else f"{parent}.{key}"


def _key_text(key):
    # A key as .NET writes it.
    return repr(key) if isinstance(key, float) and not key.is_integer() else str(int(key)) if isinstance(key, float) else str(key)


def _flatten(value, name, values):
    """Appends the values and returns how they were nested."""
    if isinstance(value, dict):
        entries = []
        for key, item in value.items():
            kind = "boolKey" if isinstance(key, bool) else "intKey" if isinstance(key, int) else "floatKey" if isinstance(key, float) else "key"
            entries.append({kind: key if kind != "key" else str(key), "value": _flatten(item, _child(name, _key_text(key)), values)})
        return {"dict": entries}
    if isinstance(value, tuple):
        names = list(value._fields) if hasattr(value, "_fields") else None
        items = [_flatten(item, _child(name, names[i] if names else str(i)), values) for i, item in enumerate(value)]
        return {"tuple": items, **({"names": names} if names else {})}
    if isinstance(value, list):
        return {"list": [_flatten(item, _child(name, str(i)), values) for i, item in enumerate(value)]}
    values.append(Value.of(name, value))
    return {"leaf": len(values) - 1}


# ---- random streams -----------------------------------------------------------------------------------------------------------

def random_state():
    """The states of the streams of torch, random and numpy: arrays by the names of docs/rng-state-files.md."""
    state = {"torch_cpu": torch.get_rng_state().numpy().copy()}
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        for index in range(torch.cuda.device_count()):
            state[f"torch_cuda_{index}"] = torch.cuda.get_rng_state(index).numpy().copy()
    _, words, gauss = random.getstate()
    state["python_state"] = np.array(words, dtype="<u4")
    state["python_gauss_next"] = np.array([] if gauss is None else gauss, dtype="<f8")
    name, key, position, has_gauss, cached = np.random.get_state()[:5]
    if name == "MT19937":
        state["numpy_key"] = np.array(key, dtype="<u4")
        state["numpy_pos"] = np.array(position, dtype="<i8")
        state["numpy_has_gauss"] = np.array(has_gauss, dtype="<i8")
        state["numpy_cached_gaussian"] = np.array(cached, dtype="<f8")
    return state


def restore_random_state(state):
    """Puts the streams where `random_state`, or ReproTorch, found them."""
    for name, array in state.items():
        if name == "torch_cpu":
            torch.set_rng_state(torch.from_numpy(array.copy()))
        elif name.startswith("torch_cuda_"):
            torch.cuda.set_rng_state(torch.from_numpy(array.copy()), int(name[len("torch_cuda_"):]))
    if "python_state" in state:
        gauss = state["python_gauss_next"]
        random.setstate((3, tuple(int(word) for word in state["python_state"]), float(gauss) if gauss.size else None))
    if "numpy_key" in state:
        np.random.set_state(("MT19937", state["numpy_key"], int(state["numpy_pos"]), int(state["numpy_has_gauss"]),
                             float(state["numpy_cached_gaussian"])))


# ---- the environment, in the words of `reprotorch env --json` -----------------------------------------------------------------

_VARIABLES = [
    "ATEN_CPU_CAPABILITY", "CUBLAS_WORKSPACE_CONFIG", "CUDA_LAUNCH_BLOCKING", "CUDA_VISIBLE_DEVICES", "DNNL_DEFAULT_FPMATH_MODE",
    "DNNL_MAX_CPU_ISA", "GOMP_CPU_AFFINITY", "KMP_AFFINITY", "KMP_BLOCKTIME", "KMP_DETERMINISTIC_REDUCTION", "MKL_CBWR",
    "MKL_NUM_THREADS", "NVIDIA_TF32_OVERRIDE", "OMP_DYNAMIC", "OMP_NUM_THREADS", "OMP_PROC_BIND", "ONEDNN_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA", "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
]


def _between(text, start, end):
    return text.split(start, 1)[1].split(end, 1)[0].strip() if start in text else None


def _cpu_name():
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith(("model name", "CPU part")):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def _operating_system():
    with contextlib.suppress(AttributeError, OSError, KeyError):
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{platform.system()} {platform.release()}"


def _flushes_denormals():
    # Of this thread: Python's own arithmetic runs on it.
    return math.ldexp(1.0, -1030) * float(1.0) == 0.0


def _switches():
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    mode = "Off"
    if torch.are_deterministic_algorithms_enabled():
        mode = "Warn" if torch.is_deterministic_algorithms_warn_only_enabled() else "Error"
    mkldnn = getattr(torch._C, "_get_mkldnn_enabled", None)
    fill = getattr(getattr(torch.utils, "deterministic", None), "fill_uninitialized_memory", True)
    precision = getattr(torch, "get_float32_matmul_precision", None)
    return {
        "mode": mode,
        "cudnnEnabled": cudnn.enabled,
        "cudnnBenchmark": cudnn.benchmark,
        "cudnnDeterministic": cudnn.deterministic,
        "cudnnAllowTF32": cudnn.allow_tf32,
        "cublasAllowTF32": matmul.allow_tf32,
        "matmulPrecision": precision().capitalize() if precision else None,
        "fillUninitializedMemory": bool(fill),
        "mkldnnEnabled": mkldnn() if mkldnn and torch.backends.mkldnn.is_available() else None,
        "flushDenormal": _flushes_denormals(),
        "threads": torch.get_num_threads(),
        "interopThreads": torch.get_num_interop_threads(),
        "cublasWorkspaceConfig": os.environ.get("CUBLAS_WORKSPACE_CONFIG"),
    }


def environment():
    """What decides the bits beside model, input and seed, as it stands now."""
    build = torch.__config__.show().strip()
    version = _between(build, "TORCH_VERSION=", ",") or torch.__version__.split("+")[0]
    capability = _between(build, "CPU capability usage: ", "\n")
    if capability is None and hasattr(torch.backends, "cpu"):
        capability = torch.backends.cpu.get_cpu_capability()
    cuda = torch.version.cuda if torch.cuda.is_available() else None
    cudnn = torch.backends.cudnn.version() if cuda else None
    devices = []
    for index in range(torch.cuda.device_count() if cuda else 0):
        device = torch.cuda.get_device_properties(index)
        devices.append({"index": index, "name": device.name, "computeCapability": f"{device.major}.{device.minor}",
                        "totalMemory": device.total_memory})
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "reproTorchVersion": "",
        "torchVersion": version,
        "torchBuild": build,
        "cpuCapability": capability or "",
        "cpuName": _cpu_name(),
        "processorCount": processors,
        "architecture": {"x86_64": "X64", "amd64": "X64", "aarch64": "Arm64", "arm64": "Arm64"}.get(
            platform.machine().lower(), platform.machine()),
        "operatingSystem": _operating_system(),
        "runtime": f"Python {platform.python_version()}, torch {torch.__version__}, numpy {np.__version__}",
        "cLibrary": " ".join(part for part in platform.libc_ver() if part),
        "parallelBuild": torch.__config__.parallel_info().strip(),
        "cudaDevices": devices,
        "cudaVersion": cuda,
        "cudaDriverVersion": None,
        "cudnnVersion": str(cudnn) if cudnn else None,
        "variables": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
        "determinism": _switches(),
        "torchSeed": torch.initial_seed() % (1 << 64),
    }


# ---- the operators that run ---------------------------------------------------------------------------------------------------

# c10's numbers of what a TorchScript program holds as plain integers.
_SCALAR_TYPES = {name: i for i, name in enumerate(
    "uint8 int8 int16 int32 int64 float16 float32 float64 complex32 complex64 complex128 bool qint8 quint8 qint32 bfloat16 "
    "quint4x2 quint2x4 bits1x8 bits2x4 bits4x2 bits8 bits16 float8_e5m2 float8_e4m3fn float8_e5m2fnuz float8_e4m3fnuz "
    "uint16 uint32 uint64".split())}
_LAYOUTS = {name: i for i, name in enumerate("strided sparse_coo sparse_csr _mkldnn sparse_csc sparse_bsr sparse_bsc jagged".split())}
_MEMORY_FORMATS = {name: i for i, name in enumerate("contiguous_format preserve_format channels_last channels_last_3d".split())}
_MOST_ITEMS = 16
_UNINITIALIZED = ("aten::empty", "aten::new_empty", "aten::resize")
_BLOCK_WORDS, _MIDDLE = 624, 397
_MOST_BLOCKS = 10_000_000


def _describe(value):
    """What an argument or a result is, as a trace tells it: a tensor by its type, a number by its value."""
    if isinstance(value, torch.Tensor):
        device = "" if value.device.type == "cpu" else f" {value.device}"
        return f"{_dtype_name(value.dtype)} ({', '.join(str(size) for size in value.shape)}){device}"
    if value is None:
        return "None"
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return "%.17g" % value
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, torch.dtype):
        return str(_SCALAR_TYPES.get(_dtype_name(value), value))
    if isinstance(value, torch.layout):
        return str(_LAYOUTS.get(_dtype_name(value), value))
    if isinstance(value, torch.memory_format):
        return str(_MEMORY_FORMATS.get(_dtype_name(value), value))
    if isinstance(value, torch.Generator):
        return "Generator"
    if isinstance(value, torch.device):
        return "Device"
    if isinstance(value, complex):
        return "ComplexDouble"
    if isinstance(value, (list, tuple)):
        more = ", ..]" if len(value) > _MOST_ITEMS else "]"
        return "[" + ", ".join(_describe(item) for item in value[:_MOST_ITEMS]) + more
    return type(value).__name__


def _arguments(func, args, kwargs):
    """All arguments in the schema's order, with the defaults that the caller left out."""
    values = []
    for i, argument in enumerate(func._schema.arguments):
        if i < len(args):
            values.append(args[i])
        elif argument.name in kwargs:
            values.append(kwargs[argument.name])
        else:
            values.append(argument.default_value)
    return values


def _next_block(words):
    """The Mersenne Twister's next 624 words (M. Matsumoto, T. Nishimura, ACM TOMACS 8(1), 1998)."""
    def twist(upper, lower):
        mixed = (upper & np.uint32(0x80000000)) | (lower & np.uint32(0x7FFFFFFF))
        return (mixed >> np.uint32(1)) ^ np.where(lower & np.uint32(1), np.uint32(0x9908B0DF), np.uint32(0))

    new = words.copy()
    first, second = _BLOCK_WORDS - _MIDDLE, 2 * (_BLOCK_WORDS - _MIDDLE)
    new[:first] = words[_MIDDLE:] ^ twist(words[:first], words[1:first + 1])
    new[first:second] = new[:first] ^ twist(words[first:second], words[first + 1:second + 1])
    new[second:-1] = new[first:_BLOCK_WORDS - 1 - first] ^ twist(words[second:-1], words[second + 1:])
    new[-1:] = new[_MIDDLE - 1:_MIDDLE] ^ twist(words[-1:], new[:1])
    return new


def _engine(state):
    """Seed, words given of the block, and the block, of a CPU generator's state (ATen's CPUGeneratorImplStateLegacy)."""
    seed, left, _, following = struct.unpack_from("<QiiQ", state)
    given = _BLOCK_WORDS if left == 1 and following == 0 else following
    return seed, given, np.frombuffer(state, dtype="<u8", count=_BLOCK_WORDS, offset=24).astype(np.uint32)


def _drawn(before, after, is_cpu):
    """The 32-bit words drawn from one state to the other; -1 when the generator was seeded, or its state set, in between."""
    if before == after:
        return 0
    if not is_cpu:
        # Philox: the last 16 bytes are seed and offset.
        (seed, start), (other, end) = struct.unpack("<Qq", before[-16:]), struct.unpack("<Qq", after[-16:])
        return end - start if seed == other and end >= start else -1
    seed, given, words = _engine(before)
    other, given_after, words_after = _engine(after)
    if seed != other:
        return -1
    if np.array_equal(words, words_after):
        return given_after - given if given_after >= given else -1
    count = _BLOCK_WORDS - given
    for _ in range(_MOST_BLOCKS):
        words = _next_block(words)
        if np.array_equal(words, words_after):
            return count + given_after
        count += _BLOCK_WORDS
    return -1


_TORCH_FOLDER = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
_HERE = os.path.abspath(__file__)


def _place():
    """File and line of what called torch."""
    frame = sys._getframe(1)
    while frame is not None:
        file = os.path.abspath(frame.f_code.co_filename)
        if file != _HERE and not file.startswith(_TORCH_FOLDER) and os.path.basename(file) != "contextlib.py":
            return f"{os.path.basename(file)}:{frame.f_lineno}"
        frame = frame.f_back
    return None


class Trace:
    """The operators that ran: lines of JSON in a temporary file, so that a long run takes no memory (docs/trace-files.md)."""

    def __init__(self, header):
        self.header = header
        self.count = 0
        self._file = tempfile.TemporaryFile()
        self._line(header)

    def _line(self, document):
        self._file.write(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")

    def append(self, record):
        self._line(record)
        self.count += 1

    def chunks(self):
        """The bytes of the trace's file."""
        self._file.seek(0)
        yield from iter(lambda: self._file.read(1 << 18), b"")
        self._file.seek(0, os.SEEK_END)
        yield json.dumps({"records": self.count}, separators=(",", ":")).encode() + b"\n"

    def records(self):
        """The records, in the order in which the operators began."""
        lines = b"".join(self.chunks()).splitlines()[1:-1]
        return sorted((json.loads(line) for line in lines), key=lambda record: record["index"])

    def dispatched(self):
        """The operators that a dispatch mode sees; of a trace from Python all of them."""
        every = self.header.get("level") == "dispatched"
        return [record for record in self.records() if every or record.get("dispatched")]

    @classmethod
    def read(cls, path, data):
        """A trace from the bytes of its file."""
        try:
            lines = data.decode().split("\n")
            header, end = json.loads(lines[0]), json.loads(lines[-2])
            records = [json.loads(line) for line in lines[1:-2]]
        except (ValueError, IndexError) as error:
            raise RunFileError(f"{path}: the operators are damaged or were cut short: {error}") from error
        if not isinstance(header, dict) or header.get("format") != TRACE_FORMAT or header.get("version") != VERSION:
            raise RunFileError(f"{path}: the operators are no trace of version {VERSION}: {lines[0][:80]}")
        misfit = _misfit(header, _HEADER) or _misfit(end, _END)
        if misfit:
            raise RunFileError(f"{path}: the operators are damaged: {misfit}.")
        if not isinstance(end, dict) or end.get("records") != len(records):
            raise RunFileError(f"{path}: the operators were cut short: there are {len(records)}, and {lines[-2][:40]} stands at the end.")
        for number, record in enumerate(records, 2):
            misfit = _misfit(record, _RECORD) if isinstance(record, dict) and record.get("name") and "index" in record else "no name or no index"
            if misfit is None and not -1 <= record.get("parent", -1) < record.get("index", 0):
                misfit = f"the index is {record.get('index', 0)} and the parent {record.get('parent', -1)}; a parent began earlier"
            if misfit is None and not all(-1 <= count <= 1 << 50 for count in (record.get("draws") or {}).values()):
                misfit = "no operator draws so many numbers"
            if misfit:
                raise RunFileError(f"{path}: the operators are damaged: line {number}: {misfit}.")
        if len({record.get("index", 0) for record in records}) != len(records):
            raise RunFileError(f"{path}: the operators are damaged: two records have one index.")
        trace = cls(header)
        for record in records:
            trace.append(record)
        return trace


class _Recorder(TorchDispatchMode or object):
    """Sees each operator below autograd: those that are no mere composition of others."""

    def __init__(self, hashes):
        super().__init__()
        version = _between(torch.__config__.show(), "TORCH_VERSION=", ",") or torch.__version__.split("+")[0]
        self.trace = Trace({"format": TRACE_FORMAT, "version": VERSION, "torchVersion": version, "hashes": hashes, "randomOnly": False,
                            "level": "dispatched"})
        self._hashes = hashes

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = func._schema.name
        if torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), "CompositeImplicitAutograd"):
            # Only in inference mode does such a one come here whole.
            with self:
                result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
        values = _arguments(func, args, kwargs)
        inputs = [_describe(value) for value in values]
        watched = self._watched(values)
        before = [(label, generator, bytes(generator.get_state().numpy())) for label, generator in watched]
        index = self.trace.count
        start = time.perf_counter_ns()
        result = func(*args, **kwargs)
        duration = time.perf_counter_ns() - start
        returns = func._schema.returns
        results = [] if not returns else [result] if len(returns) == 1 else list(result)
        record = {"index": index, "parent": -1, "name": name, "overload": func._schema.overload_name, "kind": "operator", "dispatched": True,
                  "thread": 1, "inputs": inputs, "outputs": [_describe(value) for value in results], "nanoseconds": duration}
        draws = {label: _drawn(state, bytes(generator.get_state().numpy()), generator.device.type == "cpu")
                 for label, generator, state in before}
        draws = {label: count for label, count in draws.items() if count}
        if draws:
            record["draws"] = draws
        if self._hashes and not name.startswith(_UNINITIALIZED):
            record["hashes"] = [text for value, told in zip(results, returns) for text in self._hash(value, str(told.type))]
        place = _place()
        if place is not None:
            record["place"] = place
        self.trace.append(record)
        return result

    @staticmethod
    def _watched(values):
        watched = [("cpu", torch.default_generator)]
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            watched += [(f"cuda:{i}", generator) for i, generator in enumerate(torch.cuda.default_generators)]
        known = [generator for _, generator in watched]
        for value in values:
            if isinstance(value, torch.Generator) and not any(value is one for one in known):
                watched.append(("own", value))
        return watched

    @classmethod
    def _hash(cls, value, told):
        if isinstance(value, torch.Tensor):
            is_plain = value.layout == torch.strided and value.device.type != "meta"
            return [_hash_array(*_to_array(value)) if is_plain else ""]
        if isinstance(value, (list, tuple)):
            return [text for item in value for text in cls._hash(item, "Tensor")]
        return [""] if value is None and told == "Tensor" else []


@contextlib.contextmanager
def trace_operators(hashes=True):
    """Records the operators of a block; gives a list that holds the `Trace` when the block is left."""
    if TorchDispatchMode is None:
        raise RuntimeError(f"torch {torch.__version__} has no dispatch modes. Recording operators needs torch 1.13 or later.")
    recorder = _Recorder(hashes)
    found = []
    with recorder:
        yield found
    found.append(recorder.trace)


# ---- runs ---------------------------------------------------------------------------------------------------------------------

class Run:
    """One run: its named outputs, and what is needed to say where they came from."""

    def __init__(self, name=""):
        self.name = name
        self.seed = None
        self.model = None
        self.model_sha256 = None
        self.model_content_hash = None
        self.method = None
        self.traced = False
        self.batch_size = None
        self.device = None
        self.inputs = []            # values, or dicts that describe them where they were not kept
        self.arguments = None
        self.keeps_inputs = False
        self.outputs = []
        self.random_state = None
        self.environment = None
        self.operators = None
        self.time = None
        self.duration = None
        self.recorded_content_hash = None

    @property
    def output(self):
        """What was set; the values are in `outputs`."""
        return self.outputs

    @output.setter
    def output(self, value):
        self.outputs = []
        _flatten(value, "output", self.outputs)

    def content_hash(self):
        """XXH3-128 over names, kinds and hashes of inputs and outputs: the same for the same bits, wherever they came from."""
        lines = []
        for role, values in (("input", self.inputs), ("output", self.outputs)):
            for value in values:
                told = _told(value)
                lines.append(f"{role} {told['kind']} {len(told['name'].encode())} {told['name']} {told['hash'] or '-'}\n")
        return hash_bytes("".join(lines).encode())

    def __repr__(self):
        return f"Run({self.name!r}, {', '.join(map(repr, self.outputs))})"


def content_hash(run):
    """`Run.content_hash`."""
    return run.content_hash()


def _told(value):
    if isinstance(value, dict):
        return value
    return {"name": value.name, "kind": value.kind, "dType": value.dtype, "shape": None if value.shape is None else list(value.shape),
            "hash": value.hash()}


def _sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def recording(name, inputs=None, seed=None, operators=False, model_path=None, keep_inputs=True):
    """Records a block. Set `output` of what it gives to a tensor, number, text, or a list, tuple or dict of such.

    inputs: what the block computes from, by name. seed: for torch.manual_seed right before. operators: also records each operator.
    """
    run = Run(name)
    _keep_inputs(run, (), dict(inputs or {}), list(inputs or {}), keep_inputs)
    if model_path is not None:
        run.model, run.model_sha256 = os.path.splitext(os.path.basename(model_path))[0], _sha256(model_path)
    _begin(run, seed, keep_inputs)
    start = time.perf_counter()
    with trace_operators() if operators else contextlib.nullcontext([]) as traces:
        yield run
    run.duration = time.perf_counter() - start
    run.operators = traces[0] if traces else None


def record(model, *args, name="run", method="forward", seed=None, operators=False, model_path=None, keep_inputs=True, **kwargs):
    """Calls a method of a model, or a function, without recording gradients, and returns the recorded `Run`.

    seed: for torch.manual_seed right before the call. operators: also records each operator. model_path: the file that the model was
    loaded from, whose hash is kept. keep_inputs: whether the inputs and the states of the random streams are kept, for a replay.
    """
    is_module = isinstance(model, torch.nn.Module)
    function = getattr(model, method) if is_module and method != "forward" else model
    run = Run(name)
    _keep_inputs(run, args, kwargs, _parameter_names(getattr(model, method) if is_module else model, len(args)), keep_inputs)
    run.method = method if is_module else "forward"
    run.model = getattr(model, "original_name", None) or getattr(model, "__name__", None) or type(model).__name__
    if model_path is not None:
        run.model, run.model_sha256 = os.path.splitext(os.path.basename(model_path))[0], _sha256(model_path)
    run.device = str(next((tensor.device for tensor in model.parameters()), "cpu")) if is_module else "cpu"
    run.traced = isinstance(model, torch.jit.TopLevelTracedModule) if hasattr(torch.jit, "TopLevelTracedModule") else False
    _begin(run, seed, keep_inputs)
    start = time.perf_counter()
    with torch.no_grad(), trace_operators() if operators else contextlib.nullcontext([]) as traces:
        output = function(*args, **kwargs)
    run.duration = time.perf_counter() - start
    run.operators = traces[0] if traces else None
    run.output = output
    return run


def _parameter_names(function, count):
    """The names of so many arguments by position, as the TorchScript that a function or method becomes has them."""
    given = 0
    while isinstance(function, functools.partial):
        given += len(function.args)
        function = function.func
    if isinstance(function, torch.nn.Module):
        function = function.forward
    schema = getattr(function, "schema", None)
    if schema is not None:
        # A method's schema begins with the module, whatever it is called.
        return [argument.name for argument in schema.arguments][isinstance(function, torch._C.ScriptMethod):][given:]
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    names = [parameter.name for parameter in parameters if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)]
    if any(parameter.kind == parameter.VAR_POSITIONAL for parameter in parameters):
        # As torch.jit.trace calls them, and nothing else makes TorchScript of them.
        names += [f"argument_{i + 1}" for i in range(len(names), given + count)]
    return names[given:]


def _keep_inputs(run, args, kwargs, names, keep):
    values, arguments = [], []
    for i, value in enumerate(args):
        name = names[i] if i < len(names) else f"argument {i}"
        arguments.append({"name": name, "isKeyword": False, "value": _flatten(value, name, values)})
    for name, value in kwargs.items():
        arguments.append({"name": name, "isKeyword": True, "value": _flatten(value, name, values)})
    run.inputs = values if keep else [_told(value) for value in values]
    run.arguments = arguments if keep else None
    run.keeps_inputs = keep


def _begin(run, seed, keep):
    run.environment = environment()
    if seed is not None:
        torch.manual_seed(seed)
        run.seed = str(seed)
    if keep:
        run.random_state = random_state()
    run.time = datetime.datetime.now(datetime.timezone.utc).isoformat()


# ---- trainings ----------------------------------------------------------------------------------------------------------------

def record_training(model, losses, metrics=None, name="training", seed=None, inputs=None, batch_size=None, model_path=None):
    """What a training loop came to, as the `Run` that Invoke-TorchTraining's result is: `loss` (one number a step), `metric.loss` (the mean
    of each epoch's), `metric.NAME`, `parameter.NAME` and `buffer.NAME`. So the two can be compared.

    model: as it is after the last step. losses: a list for each epoch, of the loss of each step, as a number (`loss.item()`) or a tensor.
    metrics: what else each epoch was measured by, a number for each: {"validationLoss": [..], "validationAccuracy": [..]}.
    seed: what torch.manual_seed was given right before the loop; it is told, not set. inputs: the examples, by the names of the arguments
    of forward, and "target"; their hashes are kept. model_path: the file that the model was loaded from, whose hash is kept.
    """
    losses = list(losses)
    if any(isinstance(epoch, numbers.Real) or getattr(epoch, "ndim", 1) == 0 for epoch in losses):
        raise TypeError("losses holds numbers. Give a list of them for each epoch: [[..], [..]].")
    losses = [list(epoch) for epoch in losses]
    if not all(len(epoch) for epoch in losses):
        raise ValueError("An epoch of losses has no step. Leave it out.")
    series = {"loss": [_mean(map(float, epoch)) for epoch in losses]}
    for label, values in (metrics or {}).items():
        values = list(values)
        if label in series or len(values) != len(losses):
            raise ValueError(f"The metric {label} has {len(values)} numbers for {len(losses)} epochs. Give one for each."
                             if label not in series else "The metric loss is made of the losses. Give yours another name.")
        series[label] = [float(value) for value in values]
    run = Run(name)
    run.seed, run.batch_size, run.method = None if seed is None else str(seed), batch_size, "forward"
    run.model = getattr(model, "original_name", None) or type(model).__name__
    if model_path is not None:
        run.model, run.model_sha256 = os.path.splitext(os.path.basename(model_path))[0], _sha256(model_path)
    run.device = str(next((tensor.device for tensor in model.parameters()), "cpu"))
    run.inputs = [_told(Value.of(label, value)) for label, value in (inputs or {}).items()]
    run.environment = environment()
    run.time = datetime.datetime.now(datetime.timezone.utc).isoformat()
    run.outputs = [Value.of("loss", _losses(model, [loss for epoch in losses for loss in epoch]))]
    run.outputs += [Value.of("metric." + label, np.array(values, dtype=np.float64)) for label, values in series.items() if values]
    run.outputs += [Value.of("parameter." + label, value) for label, value in model.named_parameters()]
    run.outputs += [Value.of("buffer." + label, value) for label, value in model.named_buffers()]
    return run


def _mean(values):
    # Added up one by one: from Python 3.12 on sum() carries along what rounding loses.
    total = count = 0
    for value in values:
        total, count = total + value, count + 1
    return total / count


def _losses(model, losses):
    """In float32 where they were computed in it, which a number alone does not tell; otherwise in float64, as ReproTorch keeps them."""
    dtypes = {loss.dtype for loss in losses if isinstance(loss, torch.Tensor)} or {
        parameter.dtype for parameter in model.parameters() if parameter.is_floating_point()}
    exact = np.array([float(loss) for loss in losses], dtype=np.float64)
    with np.errstate(over="ignore"):
        single = exact.astype(np.float32)
    return single if dtypes <= {torch.float32} and np.array_equal(single, exact, equal_nan=True) else exact


# ---- run files ----------------------------------------------------------------------------------------------------------------

def _member_name(name):
    """What is no safe part of a file's name is percent-encoded, byte by byte of UTF-8."""
    text = "".join(letter if letter.isalnum() or letter in "._-[] ()+=,@#" else "".join(f"%{byte:02X}" for byte in letter.encode())
                   for letter in name)
    return "%" + text if text == "" or text[0] == "." else text


class _Archive:
    """A zip of stored members, each beginning at a multiple of 64 so that it can be mapped; no times in it."""

    def __init__(self, file):
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)

    def add(self, name, length, chunks):
        info = zipfile.ZipInfo(name)
        info.file_size = length
        large = length * 1.05 > zipfile.ZIP64_LIMIT
        # The local header has 30 bytes and the name before the extra field, whose own head has 4; sizes of large members follow.
        taken = self._zip.fp.tell() + 30 + len(name.encode()) + 4 + (20 if large else 0)
        padding = -taken % 64
        info.extra = struct.pack("<HH", 0xD935, padding) + bytes(padding)
        with self._zip.open(info, "w", force_zip64=large) as target:
            for chunk in chunks:
                target.write(chunk)

    def add_array(self, name, array):
        header = io.BytesIO()
        array = np.asarray(array, order="C")
        np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
        data = _bytes_of(array)
        pieces = (data[start:start + (1 << 20)].data for start in range(0, len(data), 1 << 20))
        self.add(name + ".npy", header.tell() + len(data), (chunk for part in ([header.getvalue()], pieces) for chunk in part))

    def close(self):
        self._zip.close()


def _run_record(run, folder, members):
    """What run.json tells of a run; its arrays and its operators come to the members, by name."""
    def member(prefix, value):
        if value.array is None:
            return None
        name = folder + prefix + _member_name(value.name)
        if name in members:
            raise ValueError(f"Two values would be kept as {name}. Each needs a name of its own.")
        members[name] = value.array
        return name

    outputs = [{"name": value.name, "kind": value.kind, "dType": value.dtype, "member": member("", value), "text": value.text}
               for value in run.outputs]
    inputs = []
    for value in run.inputs:
        told = dict(_told(value))
        if run.keeps_inputs:
            told.update(kept=True, member=member("inputs/", value), text=value.text)
        inputs.append(told)
    if run.random_state:
        for name, array in run.random_state.items():
            members[f"{folder}random/{name}"] = array
    if run.operators is not None:
        members[folder + "operators.jsonl"] = run.operators
    return {
        "name": run.name,
        "seed": run.seed,
        "model": run.model,
        "modelSha256": run.model_sha256,
        "modelContentHash": run.model_content_hash,
        "method": run.method,
        "traced": run.traced,
        "batchSize": run.batch_size,
        "device": run.device,
        "contentHash": run.content_hash(),
        "inputs": inputs,
        "arguments": run.arguments,
        "outputs": outputs,
        "randomState": folder + "random" if run.random_state else None,
        "operators": folder + "operators.jsonl" if run.operators is not None else None,
        "environment": run.environment,
        "time": run.time,
        "duration": run.duration,
    }


def _document(runs, members):
    """run.json of the runs, of which nothing is written that the readers would refuse."""
    records = [_run_record(run, "" if len(runs) == 1 else f"run{i}/", members) for i, run in enumerate(runs)]
    document = {"format": FORMAT, "version": VERSION, "runs": records}
    misfit = _misfit(json.loads(json.dumps(document)), _DOCUMENT)
    if misfit:
        raise ValueError(f"A run file cannot keep this: {misfit}. Whole numbers are of 64 bits, and others finite. Nothing was written.")
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def write(path, runs, force=False):
    """Writes one run or several to a run file. Whatever happens, the old file or the new one is there, whole; an existing one is replaced
    only with force. What a run file cannot keep is a ValueError, and nothing is written."""
    runs = [runs] if isinstance(runs, Run) else list(runs)
    path = os.path.abspath(os.fspath(path))
    if not force and os.path.lexists(path):
        raise FileExistsError(f"The file '{path}' exists. It was left as it is; use force=True to replace it.")
    members = {}
    document = _document(runs, members)
    handle, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(path)[:40]}.", suffix=".tmp", dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, "w+b") as file:
            with contextlib.closing(_Archive(file)) as archive:
                for name, content in members.items():
                    if isinstance(content, Trace):
                        archive.add(name, sum(map(len, content.chunks())), content.chunks())
                    else:
                        archive.add_array(name, content)
                archive.add("run.json", len(document), [document])
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        if not force and os.path.lexists(path):
            raise FileExistsError(f"The file '{path}' exists. It was left as it is; use force=True to replace it.")
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


# What a member may unpack to for each of its bytes, and all members together beside the file's size: the bounds of ReproTorch's reader.
_MOST_RATIO, _MOST_UNPACKED, _MOST_UNPACKED_RATIO, _MOST_DOCUMENT = 1100, 512 << 20, 20, 256 << 20


def _check_members(path, archive, size):
    unpacked = 0
    for info in archive.infolist():
        if info.flag_bits & 1:
            raise RunFileError(f"{path}: the member {info.filename} is encrypted.")
        if info.compress_size > size or (info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size):
            raise RunFileError(f"{path}: the member {info.filename} is said to have {info.file_size} bytes; the file has {size}.")
        if info.compress_type != zipfile.ZIP_STORED:
            unpacked += info.file_size
            if info.file_size > _MOST_RATIO * (info.compress_size + 64):
                raise RunFileError(f"{path}: the member {info.filename} unpacks from {info.compress_size} to {info.file_size} bytes.")
    most = max(_MOST_UNPACKED, _MOST_UNPACKED_RATIO * size)
    if unpacked > most:
        raise RunFileError(f"{path}: its compressed members unpack from {size} to {unpacked} bytes, and {most} are the most that are read. It was not "
                           "read. If you trust it, store its members without compression (numpy.savez instead of numpy.savez_compressed).")


def _check_layout(path, file, archive):
    """zipfile reads by the directory alone and passes over whatever lies between and around the members. Here every byte of the archive
    is a member's, a header's or padding, and each member's own header says what the directory says (APPNOTE.TXT of PKWARE)."""
    def damaged(what):
        return RunFileError(f"{path}: it is damaged: {what}.")

    at = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        name = info.orig_filename
        if not name or name[0] == "/" or "\0" in name or "\\" in name or {".", ".."} & set(name.split("/")):
            raise damaged(f"a member is called {name!r}, which could lead outside of the archive")
        is_utf8, is_streamed = info.flag_bits & 0x800, info.flag_bits & 8
        if info.header_offset != at or not (is_utf8 or name.isascii()):
            raise damaged(f"the member {name} begins at {info.header_offset}, and the one before it ends at {at}" if name.isascii()
                          else f"the name {name!r} is not said to be UTF-8")
        file.seek(at)
        signature, _, flags, method, _, crc, stored, length, names, extras = struct.unpack("<4s3HLLLLHH", file.read(30))
        own_name, extra, fields = file.read(names), file.read(extras), {}
        at += 30 + names + extras + info.compress_size
        while len(extra) >= 4:
            field, count = struct.unpack("<HH", extra[:4])
            if count > len(extra) - 4:
                raise damaged(f"an extra field of the member {name} is longer than all of them")
            fields[field], extra = extra[4:4 + count], extra[4 + count:]
        if 0xFFFFFFFF in (stored, length):
            length, stored = struct.unpack("<QQ", fields.get(1, b""))
        told = (info.CRC, info.compress_size, info.file_size)
        if (signature, flags, method, own_name) != (b"PK\3\4", info.flag_bits, info.compress_type, name.encode()) or (
                (crc, stored, length) != told and not is_streamed):
            raise damaged(f"the directory tells of the member {name} what its own header does not")
        if is_streamed:
            # The same numbers once more behind the data, with a signature or without, in 32 or 64 bits.
            file.seek(at)
            after = file.read(24)
            known = [mark + struct.pack(numbers, *told) for mark in (b"PK\7\10", b"") for numbers in ("<LQQ", "<LLL")
                     if numbers == "<LQQ" or max(told) < 1 << 32]
            at += next((len(each) for each in known if after.startswith(each)), 0)
    if archive.start_dir != at:
        raise damaged(f"its directory begins at {archive.start_dir}, and the last member ends at {at}")
    file.seek(at)
    for info in archive.infolist():
        lengths = [len(part) for part in (info.orig_filename.encode(), info.extra, info.comment)]
        if list(struct.unpack("<28x3H12x", file.read(46))) != lengths:
            raise damaged(f"the directory's entry of the member {info.orig_filename} is longer than the directory")
        file.seek(sum(lengths), 1)
    directory = file.tell() - at
    end = file.read(99)
    count = len(archive.infolist())
    expected = (0, 0, count, count, directory, at)
    if len(end) == 98:
        large, end = end[:76], end[76:]
        if struct.unpack("<4sQ2x2x2L4Q4sLQL", large) != (b"PK\6\6", 44, *expected, b"PK\6\7", 0, at + directory, 1):
            raise damaged("its zip64 end record does not tell what is there")
        told = [(most, value) for most, value in zip((0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF), expected)]
    else:
        told = [(value, value) for value in expected]
    if len(end) != 22 or end[:4] != b"PK\5\6" or end[20:] != b"\0\0" or not all(
            value in either for value, either in zip(struct.unpack("<4H2L", end[4:20]), told)):
        raise damaged("its directory does not end the file with what is there")


def _read_array(path, archive, name):
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise RunFileError(f"{path}: the data of {name} are missing.") from None
    with archive.open(info) as file:
        try:
            version = np.lib.format.read_magic(file)
            readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            if version not in readers:
                raise ValueError(f"it is of the .npy version {version}")
            shape, is_fortran, dtype = readers[version](file)
        except zipfile.BadZipFile:
            raise
        except Exception as error:
            raise RunFileError(f"{path}, member {name}: its header is damaged: {error}") from error
        expected = math.prod(shape) * dtype.itemsize
        if dtype.hasobject or dtype.names is not None or any(size < 0 for size in shape):
            raise RunFileError(f"{path}, member {name}: it holds {dtype} {shape}, which are no numbers.")
        if info.file_size - file.tell() != expected:
            raise RunFileError(f"{path}, member {name}: its shape takes {expected} bytes, but it has {info.file_size - file.tell()}.")
        data = file.read()
    array = np.frombuffer(data, dtype=dtype).reshape(shape, order="F" if is_fortran else "C")
    if dtype == np.bool_ and expected and np.frombuffer(data, dtype=np.uint8).max() > 1:
        raise RunFileError(f"{path}, member {name}: a bool is neither 0 nor 1.")
    return array


def _no_constant(text):
    raise ValueError(f"run.json holds {text}, which is no JSON.")


def _is_time(value):
    parts = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,16})?)?(?:Z|[+-](\d\d):?(\d\d))?)?", value, re.ASCII)
    try:
        *when, hours, minutes = [int(part or 0) for part in parts.groups()]
        datetime.datetime(*when)
        return hours * 60 + minutes <= 14 * 60 and minutes < 60
    except (AttributeError, ValueError):
        return False


def _is_text(value):
    return type(value) is str


# What run.json may hold: a type, the range of an integer, a set of words, what a function takes. Texts, lists and objects may be null,
# unless they are a list's items; a tuple with None says it of the others. What is not named here may be anything.
_I32, _I64 = range(-1 << 31, 1 << 31), range(-1 << 63, 1 << 63)
_KINDS, _FLAG = {"Tensor", "Number", "String", "None"}, (bool, None)
_NODE = {"leaf": (_I32, None), "names": [_is_text]}
_NODE.update(list=[_NODE], tuple=[_NODE], dict=[
    {"key": str, "intKey": (_I64, None), "floatKey": (float, None), "boolKey": _FLAG, "value": _NODE}])
_DOCUMENT = {"format": str, "version": _I32, "runs": [{
    **dict.fromkeys(("name", "seed", "model", "modelSha256", "modelContentHash", "method", "device", "contentHash", "randomState", "operators"), str),
    "traced": bool, "batchSize": (_I64, None), "time": (_is_time, None), "duration": (float, None),
    "inputs": [{**dict.fromkeys(("name", "dType", "hash", "member", "text"), str), "kind": _KINDS, "kept": bool, "shape": [_I64]}],
    "outputs": [{**dict.fromkeys(("name", "dType", "member", "text"), str), "kind": _KINDS}],
    "arguments": [{"name": str, "isKeyword": bool, "value": _NODE}],
    "environment": {
        **dict.fromkeys(("reproTorchVersion", "torchVersion", "torchBuild", "cpuCapability", "cpuName", "architecture", "operatingSystem", "runtime",
                         "cLibrary", "parallelBuild", "cudaVersion", "cudaDriverVersion", "cudnnVersion"), str),
        "processorCount": _I32, "torchSeed": (range(1 << 64), None), "variables": {None: _is_text},
        "cudaDevices": [{"index": _I32, "name": str, "computeCapability": str, "totalMemory": _I64}],
        "determinism": {
            **dict.fromkeys(("cudnnEnabled", "cudnnBenchmark", "cudnnDeterministic", "cudnnAllowTF32", "cublasAllowTF32",
                             "fillUninitializedMemory", "mkldnnEnabled", "flushDenormal"), _FLAG),
            "mode": ({"Off", "Warn", "Error"}, None), "matmulPrecision": ({"Highest", "High", "Medium"}, None), "threads": (_I32, None),
            "interopThreads": (_I32, None), "cublasWorkspaceConfig": str}},
}]}
_HEADER = {"version": _I32, **dict.fromkeys(("torchVersion", "level"), str), "hashes": bool, "randomOnly": bool,
           "generators": {None: {"seed": str, "state": str}}}
_END = {"records": _I64, "unfinished": _I64}
_RECORD = {
    **dict.fromkeys(("index", "parent", "thread", "nanoseconds"), _I64), **dict.fromkeys(("name", "overload", "kind", "place"), str),
    **dict.fromkeys(("inputs", "outputs", "hashes"), [str]), "rowHashes": [[str]], "draws": {None: _I64}, "from": {None: str}, "dispatched": bool}


def _misfit(value, asked, place=""):
    """Where in run.json there is something else than is asked for, and what; None where all is as it should be."""
    if isinstance(asked, tuple):
        fits = value is None or not _misfit(value, asked[0])
    elif isinstance(asked, (dict, list)):
        if type(value) is type(asked):
            items = enumerate(value) if isinstance(asked, list) else value.items()
            places = ((f"{place}[{key}]", item, asked[0]) if isinstance(asked, list) else (f"{place}.{key}", item, asked.get(key, asked.get(None)))
                      for key, item in items)
            found = (f"{where.lstrip('.')} is null" if item is None and isinstance(asked, list) and each is not str else _misfit(item, each, where)
                     for where, item, each in places if each is not None)
            return next(filter(None, found), None)
        fits = value is None
    elif isinstance(asked, range):
        fits = type(value) is int and value in asked
    elif isinstance(asked, set):
        fits = type(value) is str and value in asked
    elif asked in (_is_time, _is_text):
        fits = _is_text(value) and asked(value)
    elif asked is str:
        fits = value is None or type(value) is str
    elif asked is float:
        fits = type(value) in (int, float) and abs(value) <= sys.float_info.max
    else:
        fits = type(value) is asked
    return None if fits else f"{place.lstrip('.')} is {json.dumps(value)[:60]}"


def _check_states(path, state):
    """That the arrays are states which `restore_random_state`, and ReproTorch, can put back."""
    def require(name, count, kinds, most=None):
        array = state.get(name)
        if array is None or array.size != count or array.dtype.kind not in kinds or (
                most is not None and not all(0 <= int(word) <= most for word in array.ravel())):
            raise RunFileError(f"{path}: the state of a random stream is damaged: {name} is " + (
                "missing." if array is None else f"{array.dtype} {array.shape}."))

    for name, array in state.items():
        if name.startswith("torch_"):
            if not re.fullmatch(r"torch_(cpu|cuda_\d+)", name):
                raise RunFileError(f"{path}: {name} is the state of no device: torch_cpu or torch_cuda_0 is expected.")
            require(name, min(array.size, 1 << 16), "u" if array.itemsize == 1 else "")
        elif name.endswith("_draw_count"):
            require(name, 1, "iub", 1 << 62)
    if "python_state" in state:
        require("python_state", 625, "iub", (1 << 32) - 1)
        gauss = state.get("python_gauss_next", np.array(0))
        require("python_gauss_next", min(gauss.size, 1), "f" if gauss.itemsize == 8 else "")
    if "numpy_key" in state:
        require("numpy_key", 624, "iub", (1 << 32) - 1)
        require("numpy_pos", 1, "iub", 624)
        require("numpy_has_gauss", 1, "iub")
        require("numpy_cached_gaussian", 1, "f")
    if not any(name.startswith("torch_") or name in ("python_state", "numpy_key") for name in state):
        raise RunFileError(f"{path}: the states of the random streams are missing.")


def _take(path, rest, name):
    if name not in rest:
        raise RunFileError(f"{path}: the member {name} is missing, or told of twice.")
    rest.remove(name)
    return name


def _value(path, archive, told, rest):
    kind, name = told.get("kind"), told.get("name") or ""
    if kind == "None":
        return Value(name, kind)
    if kind == "String":
        if told.get("text") is None:
            raise RunFileError(f"{path}: the string {name} has no text.")
        return Value(name, kind, text=told["text"])
    dtype, member = told.get("dType"), told.get("member")
    if kind not in ("Tensor", "Number") or dtype not in _DTYPES or member is None:
        raise RunFileError(f"{path}: {name!r} is a {kind} of {dtype} in the member {member}, which is no value of a run.")
    array = _read_array(path, archive, _take(path, rest, member + ".npy"))
    array = np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
    if array.dtype != np.dtype(_DTYPES[dtype][1]):
        raise RunFileError(f"{path}: {name} is said to be {dtype}, but its data are {array.dtype}.")
    if kind == "Number" and array.ndim:
        raise RunFileError(f"{path}: {name} is said to be a number, but its data have the shape {array.shape}.")
    return Value(name, kind, dtype, array)


def _run(path, archive, told, rest):
    """One run of run.json; takes the names of the members that are its own out of the rest."""
    run = Run(told.get("name") or "")
    for field, key in (("seed", "seed"), ("model", "model"), ("model_sha256", "modelSha256"), ("model_content_hash", "modelContentHash"),
                       ("method", "method"), ("batch_size", "batchSize"), ("device", "device"), ("arguments", "arguments"),
                       ("environment", "environment"), ("time", "time"), ("duration", "duration"), ("recorded_content_hash", "contentHash")):
        setattr(run, field, told.get(key))
    run.traced = told.get("traced", False)
    run.outputs = [_value(path, archive, output, rest) for output in told.get("outputs") or []]
    if len({output.name for output in run.outputs}) != len(run.outputs):
        raise RunFileError(f"{path}: the run {run.name!r} has two outputs of one name.")
    inputs, folder = told.get("inputs") or [], told.get("randomState")
    if not all("kind" in value for value in inputs):
        raise RunFileError(f"{path}: an input of the run {run.name!r} has no kind.")
    run.keeps_inputs = any(value.get("kept") for value in inputs) or (not inputs and folder is not None)
    run.inputs = [_value(path, archive, value, rest) for value in inputs] if run.keeps_inputs else [
        {"name": "", "hash": None, **value} for value in inputs]
    if folder is not None:
        prefix = folder + "/"
        states = [name for name in archive.namelist() if name.startswith(prefix) and name.endswith(".npy")]
        run.random_state = {name[len(prefix):-4]: _read_array(path, archive, _take(path, rest, name)) for name in states}
        _check_states(path, run.random_state)
    if told.get("operators") is not None:
        run.operators = Trace.read(path, archive.read(_take(path, rest, told["operators"])))
    return run


def read(path):
    """The runs of a run file, whoever wrote it. An .npz without run.json is one run whose outputs are its arrays."""
    path = os.fspath(path)
    size = os.stat(path).st_size
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
            _check_members(path, archive, size)
            _check_layout(path, file, archive)
            names = archive.namelist()
            if len(set(names)) != len(names):
                raise RunFileError(f"{path}: it has two members of one name.")
            # Entries that only name a folder, as `zip -r` makes them.
            names = [name for name in names if not name.endswith("/")]
            if "run.json" not in names:
                run = Run(os.path.splitext(os.path.basename(path))[0])
                run.outputs = [Value.of(name[:-4], _read_array(path, archive, name)) for name in names if name.endswith(".npy")]
                return [run]
            packed = [info.filename for info in map(archive.getinfo, names) if info.compress_type != zipfile.ZIP_STORED]
            if packed:
                raise RunFileError(f"{path}: the member {packed[0]} is compressed, and those of a run file are not.")
            if archive.getinfo("run.json").file_size > _MOST_DOCUMENT:
                raise RunFileError(f"{path}: run.json has {archive.getinfo('run.json').file_size} bytes.")
            document = json.loads(archive.read("run.json").decode(), parse_constant=_no_constant)
            if not isinstance(document, dict) or document.get("format") != FORMAT:
                raise RunFileError(f"{path}: run.json is none of a {FORMAT}.")
            if type(document.get("version")) is not int or document["version"] != VERSION:
                raise RunFileError(f"{path}: it has the run file version {document.get('version')}, and this program reads {VERSION}. "
                                   "Use a later one.")
            misfit = _misfit(document, _DOCUMENT)
            if misfit:
                raise RunFileError(f"{path}: run.json is damaged: {misfit}.")
            # Halves of a letter are no text.
            json.dumps(document, ensure_ascii=False).encode()
            runs = document.get("runs") or []
            rest = set(names) - {"run.json"}
            found = [_run(path, archive, told, rest) for told in runs]
            if rest:
                raise RunFileError(f"{path}: run.json tells nothing of the member {min(rest)}.")
            return found
    except RunFileError:
        raise
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, EOFError, NotImplementedError, struct.error,
            RecursionError, OverflowError, RuntimeError, OSError, MemoryError, zipfile.zlib.error) as error:
        raise RunFileError(f"{path}: it is damaged or no run file: {error}") from error


# ---- comparison ---------------------------------------------------------------------------------------------------------------

class Comparison:
    """How two runs compare: match is what was asked for, identical means bit for bit, close as torch.testing.assert_close has it."""

    def __init__(self, name, outputs, operators, criterion):
        self.name, self.outputs, self.operators, self.criterion = name, outputs, operators, criterion
        compared = any(output["reason"] is None for output in outputs)
        self.identical = compared and all(output["identical"] for output in outputs)
        self.close = compared and all(output["close"] for output in outputs)
        self.match = self.close if criterion == "close" else self.identical

    @property
    def message(self):
        verdict = "The runs are identical." if self.identical else "The runs are close, but not identical." if self.close else "The runs differ."
        lines = [verdict] if self.outputs else ["Neither run has an output: nothing was compared."]
        for output in self.outputs:
            if not output["identical"]:
                lines.append(f"  {output['name']}: {output['reason'] or _difference_text(output)}")
        if self.operators is not None:
            lines.append(self.operators)
        return "\n".join(lines)

    def __repr__(self):
        return self.message


def _difference_text(output):
    text = f"{output['differing']} of {output['count']} elements differ"
    if output["first"] is not None:
        index, one, other = output["first"]
        text += f", the first at {index}: {one} in the reference, {other} in the difference"
    if output["maxAbsolute"] is not None:
        text += f"; greatest absolute difference {output['maxAbsolute']!r}"
    return text


def _compare_values(reference, difference, rtol, atol, equal_nan):
    result = {"name": reference.name, "identical": False, "close": False, "reason": None, "count": 1, "differing": 1, "first": None,
              "maxAbsolute": None}
    if reference.kind != difference.kind:
        return {**result, "reason": f"{difference!r} instead of {reference!r}"}
    if reference.array is None:
        equal = reference.text == difference.text
        first = None if equal else ((), repr(reference.text), repr(difference.text))
        return {**result, "identical": equal, "close": equal, "differing": int(not equal), "first": first}
    if reference.dtype != difference.dtype or reference.shape != difference.shape:
        return {**result, "reason": f"{difference.dtype} {difference.shape} instead of {reference.dtype} {reference.shape}"}
    size = reference.array.dtype.itemsize
    bits = [_bytes_of(value.array).reshape(-1, size) for value in (reference, difference)]
    different = (bits[0] != bits[1]).any(axis=1) if reference.array.size else np.zeros(0, dtype=bool)
    count = int(different.sum())
    result.update(count=int(reference.array.size), differing=count, identical=count == 0)
    if not hasattr(torch, reference.dtype) or reference.dtype.startswith("q"):
        # Whole numbers of a kind that this torch cannot calculate with.
        return {**result, "close": count == 0}
    one, other = reference.to_tensor(), difference.to_tensor()
    if count:
        at = int(different.argmax())
        index = tuple(int(place) for place in np.unravel_index(at, reference.shape)) if reference.shape else ()
        result["first"] = (index, str(one.reshape(-1)[at].item()), str(other.reshape(-1)[at].item()))
        wide = torch.complex128 if one.is_complex() else torch.float64
        apart = (one.to(wide) - other.to(wide)).abs()
        apart = apart[~apart.isnan()]
        result["maxAbsolute"] = apart.max().item() if apart.numel() else None
    try:
        torch.testing.assert_close(other, one, rtol=rtol, atol=atol, equal_nan=equal_nan)
        result["close"] = True
    except AssertionError:
        result["close"] = False
    return result


def _first_operator(reference, difference):
    """In words, where the operators of two traces part ways: of what a dispatch mode sees, in order."""
    ours, theirs = reference.dispatched(), difference.dispatched()
    hashed = reference.header.get("hashes") and difference.header.get("hashes")
    mixed = (reference.header.get("level") == "dispatched") != (difference.header.get("level") == "dispatched")
    for i, (one, other) in enumerate(zip(ours, theirs)):
        if mixed:
            # Under a dispatch mode some compositions calculate out of place what they else do in place.
            one, other = ({**record, "name": record["name"].rstrip("_")} for record in (one, other))
        for key, words in (("name", "ran"), ("draws", "drew"), ("outputs", "gave"), ("hashes", "gave the bytes")):
            if (key != "hashes" or hashed) and (one.get(key) or None) != (other.get(key) or None):
                place = f" at {other['place']}" if other.get("place") else ""
                return (f"The operators part ways at operator {i}, {other['name']}{place}: the reference {words} {_words(one.get(key))}, "
                        f"the difference {_words(other.get(key))}.")
    if len(ours) != len(theirs):
        more, where = (theirs, "difference") if len(theirs) > len(ours) else (ours, "reference")
        return f"The operators are the same up to operator {min(len(ours), len(theirs))}, {more[min(len(ours), len(theirs))]['name']}, which only the {where} ran."
    return f"The same {'operators, draws and bytes' if hashed else 'operators and draws'}: {len(ours)} operators."


def _words(value):
    return "nothing" if not value else ", ".join(f"{count} numbers ({label})" for label, count in value.items()) if isinstance(value, dict) \
        else ", ".join(value) if isinstance(value, list) else str(value)


def compare(reference, difference, close=False, rtol=None, atol=None, equal_nan=False):
    """Compares runs, or the runs of two files: a list of `Comparison`, first with first and so on. Both verdicts are always given; `match` is
    identical, unless close or tolerances (both together) ask otherwise."""
    if (rtol is None) != (atol is None):
        raise ValueError("One tolerance was given without the other. Give both, or neither.")
    sides = [read(side) if isinstance(side, (str, os.PathLike)) else [side] if isinstance(side, Run) else list(side)
             for side in (reference, difference)]
    criterion = "close" if close or rtol is not None else "identical"
    comparisons = []
    for i in range(max(len(side) for side in sides)):
        if i >= min(len(side) for side in sides):
            side = "reference" if i >= len(sides[1]) else "difference"
            comparisons.append(Comparison(f"run {i + 1}", [_absent(f"run {i + 1}", f"only the {side} has it")], None, criterion))
            continue
        one, other = sides[0][i], sides[1][i]
        found = {value.name: value for value in other.outputs}
        expected = {value.name for value in one.outputs}
        outputs = [_compare_values(value, found[value.name], rtol, atol, equal_nan) if value.name in found
                   else _absent(value.name, "the difference has no such output") for value in one.outputs]
        outputs += [_absent(name, "the reference has no such output") for name in found if name not in expected]
        operators = _first_operator(one.operators, other.operators) if one.operators and other.operators else None
        comparisons.append(Comparison(one.name, outputs, operators, criterion))
    return comparisons


def _absent(name, reason):
    return {"name": name, "identical": False, "close": False, "reason": reason, "count": 0, "differing": 0, "first": None, "maxAbsolute": None}


def _strict(value):
    """The value with numbers that JSON has none for as texts, as ReproTorch writes them."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    return [_strict(item) for item in value] if isinstance(value, (list, tuple)) else value


# ---- the program --------------------------------------------------------------------------------------------------------------

def main(arguments=None):
    parser = argparse.ArgumentParser(prog="reprotorch_record.py", description="Compares run files.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("compare", help="compare two run files: exit code 0 they match, 1 they differ, 2 bad usage or a bad file")
    command.add_argument("reference", metavar="A")
    command.add_argument("difference", metavar="B")
    command.add_argument("--close", action="store_true", help="within the tolerances of torch.testing.assert_close")
    command.add_argument("--rtol", type=float, help="relative tolerance; with --atol")
    command.add_argument("--atol", type=float, help="absolute tolerance; with --rtol")
    command.add_argument("--equal-nan", action="store_true", help="takes NaN for close to NaN")
    command.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args(arguments)
    try:
        comparisons = compare(given.reference, given.difference, given.close, given.rtol, given.atol, given.equal_nan)
    except (RunFileError, OSError, ValueError, TypeError) as error:
        print(error, file=sys.stderr)
        return 2
    match = bool(comparisons) and all(comparison.match for comparison in comparisons)
    if given.json:
        print(json.dumps(_strict({"match": match, "runs": [
            {"name": comparison.name, "match": comparison.match, "identical": comparison.identical, "close": comparison.close,
             "outputs": comparison.outputs, "operators": comparison.operators} for comparison in comparisons]}), allow_nan=False))
    else:
        print("\n".join(comparison.message for comparison in comparisons) or "Neither file has a run: nothing was compared.")
    return 0 if match else 1


if __name__ == "__main__":
    sys.exit(main())
