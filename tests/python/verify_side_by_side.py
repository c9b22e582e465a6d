"""What `reprotorch verify` finds, beside what Python shows when the same change is made by hand on the same libtorch.

ResNet-18, a scripted LSTM, a transformer encoder layer and the digits CNN, along threads, batches, order, fresh processes, CPU
capabilities, oneDNN, traces, freezing and optimizing: the same verdict, and the same greatest difference to the last bit. The first
operator that is named is recomputed alone: on one input it gives other bits, and what stands before it does not.
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch
import torchvision

import tally
from tally import check

warnings.simplefilter("ignore")
REPROTORCH = os.environ["REPROTORCH"]
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# What a child of this script does: runs a model file on an input and keeps the output.
CHILD = """
import sys, numpy, torch
model = torch.jit.load(sys.argv[1]).eval()
torch.set_num_threads(int(sys.argv[4]))
with torch.no_grad():
    numpy.save(sys.argv[3], model(torch.from_numpy(numpy.load(sys.argv[2]))).numpy())
"""

# Another: computes each layer of ResNet-18 alone, on the inputs that it had in the plain run, and tells the bytes.
ALONE = """
import hashlib, json, sys, torch, torchvision
torch.set_num_threads(1)
model = torchvision.models.resnet18().eval()
model.load_state_dict(torch.load(sys.argv[1]))
layers = dict(model.named_modules())
with torch.no_grad():
    print(json.dumps([hashlib.sha256(layers[name](value).numpy().tobytes()).hexdigest() for name, value in torch.load(sys.argv[2])]))
"""
OPERATORS = {"Conv2d": "aten::conv2d", "BatchNorm2d": "aten::batch_norm", "Linear": "aten::linear", "MaxPool2d": "aten::max_pool2d",
             "AdaptiveAvgPool2d": "aten::adaptive_avg_pool2d"}


class Lstm(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(8, 16, 2, batch_first=True)
        self.linear = torch.nn.Linear(16, 4)

    def forward(self, x):
        y, _ = self.lstm(x)
        return self.linear(y[:, -1])


def models():
    torch.manual_seed(0)
    yield "resnet18", torch.jit.script(torchvision.models.resnet18().eval()), torch.randn(4, 3, 64, 64)
    yield "lstm", torch.jit.script(Lstm().eval()), torch.randn(6, 10, 8)
    yield "encoder", torch.jit.script(torch.nn.TransformerEncoderLayer(16, 4, 32, batch_first=True).eval()), torch.randn(6, 10, 16)
    held = np.load(ROOT / "samples" / "digits" / "heldout.npz")
    yield "digits", torch.jit.load(str(ROOT / "samples" / "digits" / "digits.pt")).eval(), torch.from_numpy(held[held.files[0]][:16])


def apart(reference, difference):
    """Whether the bits are the same, and the greatest difference, reckoned in float64."""
    same = reference.numpy().tobytes() == difference.numpy().tobytes()
    return same, float((reference.double() - difference.double()).abs().max())


def by_hand(model, path, x, folder, threads):
    """The variants that verify tries, each as Python has it: dimension, variant, output."""
    def run(module=model, value=x):
        with torch.no_grad():
            return module(value)

    plain = run()
    for count in range(1, 5):
        torch.set_num_threads(count)
        yield "Thread", "1 thread" if count == 1 else f"{count} threads", run()
    torch.set_num_threads(threads)
    rows = x.shape[0]
    for size in sorted({1, 2, 3, (rows + 1) // 2, rows - 1}):
        name = "each sample alone" if size == 1 else f"batches of {size}"
        yield "Batch", name, torch.cat([run(value=x[start:start + size]) for start in range(0, rows, size)])
    yield "Order", "in reverse order", run(value=x.flip(0)).flip(0)
    yield "Order", "rolled by one", run(value=x.roll(1, 0)).roll(-1, 0)
    with torch.backends.mkldnn.flags(enabled=False):
        yield "MklDnn", "off", run()
    yield "MklDnn", "on", run()
    with torch.no_grad():
        yield "Traced", "traced", run(torch.jit.trace(model, x, check_trace=False))
        for name, numerics in ("frozen", False), ("frozen, numerics", True):
            yield "Optimized", name, run(torch.jit.freeze(torch.jit.load(path).eval(), optimize_numerics=numerics))
        yield "Optimized", "for inference", run(torch.jit.optimize_for_inference(torch.jit.load(path).eval()))
    np.save(os.path.join(folder, "x.npy"), x.numpy())
    for name, variables in (("a fresh process", {}), ("default", {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"}),
                            ("avx2", {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}),
                            ("avx512", {"ATEN_CPU_CAPABILITY": "avx512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE"})):
        out = os.path.join(folder, "out.npy")
        subprocess.run([sys.executable, "-c", CHILD, path, os.path.join(folder, "x.npy"), out, str(threads)], check=True,
                       env={**os.environ, **variables}, stderr=subprocess.DEVNULL)
        yield "Process" if not variables else "CpuCapability", name, torch.from_numpy(np.load(out))


def verify(path, x, folder, threads, *more):
    np.save(os.path.join(folder, "x.npy"), x.numpy())
    result = subprocess.run(
        [REPROTORCH, "verify", path, "--input", os.path.join(folder, "x.npy"), "--threads", str(threads), "--json", *more],
        capture_output=True, text=True)
    if result.returncode not in (0, 1):
        print(result.stderr)
        return {"identical": None, "dimensions": []}, result.returncode
    return json.loads(result.stdout), result.returncode


def first_operators(name, found, x, folder):
    """The first operator of ResNet-18 that differs is a convolution: the first that gives other bits alone on its own input."""
    if name != "resnet18":
        return
    model = torchvision.models.resnet18().eval()
    loaded = torch.jit.load(os.path.join(folder, "resnet18.pt"))
    model.load_state_dict(loaded.state_dict())
    kernels = []
    names = []

    def hook(name):
        def keep(module, inputs, output):
            kernels.append((type(module).__name__, inputs[0].detach().clone(), module, output.detach().clone()))
            names.append(name)
        return keep
    for layer, module in model.named_modules():
        if type(module).__name__ in OPERATORS:
            module.register_forward_hook(hook(layer))
    with torch.no_grad():
        model(x)
        alone = [module(value[:1].clone()).numpy().tobytes() == output[:1].numpy().tobytes() for _, value, module, output in kernels[:]]
    first = kernels[alone.index(False)][0] if False in alone else None
    variant = next(v for d in found["dimensions"] if d["name"] == "Batch" for v in d["variants"] if v["name"] == "each sample alone")
    named = None if variant["firstDifference"] is None else variant["firstDifference"]["operator"]
    torch.save(model.state_dict(), os.path.join(folder, "state.pt"))
    torch.save([(layer, value) for layer, (_, value, _, _) in zip(names, kernels)], os.path.join(folder, "inputs.pt"))
    plain = [hashlib.sha256(output.numpy().tobytes()).hexdigest() for _, _, _, output in kernels]
    for level, isa in ("default", "SSE41"), ("avx2", "AVX2"):
        alone_there = json.loads(subprocess.run(
            [sys.executable, "-c", ALONE, os.path.join(folder, "state.pt"), os.path.join(folder, "inputs.pt")], check=True, capture_output=True,
            env={**os.environ, "ATEN_CPU_CAPABILITY": level, "ONEDNN_MAX_CPU_ISA": isa}).stdout)
        differing = [index for index, (here, there) in enumerate(zip(plain, alone_there)) if here != there]
        variant = next(v for d in found["dimensions"] if d["name"] == "CpuCapability" for v in d["variants"] if v["name"] == level)
        told = variant["firstDifference"]
        right = (told is None) == (not differing) and (told is None or told["operator"] == OPERATORS[kernels[differing[0]][0]])
        check(f"the first operator with {level} instructions, recomputed alone", right and (not differing or differing[0] != 0 or told["index"] == 0),
              f"{told}, recomputed: {[names[index] for index in differing[:3]]}")
    variant = next(v for d in found["dimensions"] if d["name"] == "Batch" for v in d["variants"] if v["name"] == "each sample alone")
    check("the first operator of a batch, recomputed alone", (first is None) == (named is None) and (first != "Conv2d" or named == "aten::conv2d"),
          f"{named}, recomputed: {first}")


def main():
    threads = 1
    with tempfile.TemporaryDirectory() as folder:
        for name, model, x in models():
            path = os.path.join(folder, f"{name}.pt")
            model.save(path)
            model = torch.jit.load(path).eval()
            torch.set_num_threads(threads)
            with torch.no_grad():
                plain = model(x)
            found, code = verify(path, x, folder, threads)
            variants = {(d["name"], v["name"]): v for d in found["dimensions"] for v in d["variants"]}
            check(f"{name}: exit code", code == (0 if found["identical"] else 1), code)
            for dimension, variant, output in by_hand(model, path, x, folder, threads):
                same, greatest = apart(plain, output)
                ours = variants.get((dimension, variant))
                if ours is None:
                    # A machine without AVX-512 has no such variant.
                    check(f"{name} {dimension} {variant}", variant == "avx512", "is not tried")
                    continue
                check(f"{name} {dimension} {variant}", ours["identical"] == same, f"{ours}, Python: same {same}, {greatest}")
                check(f"{name} {dimension} {variant}: how far", ours["maxAbsolute"] == greatest, f"{ours['maxAbsolute']}, Python: {greatest}")
            first_operators(name, found, x, folder)
            found, code = verify(path, x, folder, threads, "--vary", "Repeat,Scripted", "--count", "3")
            check(f"{name}: named dimensions", [d["name"] for d in found["dimensions"]] == ["Repeat", "Scripted"]
                  and len(found["dimensions"][0]["variants"]) == 3 and code == 0, found)
        _, code = verify(path, x, folder, threads, "--vary", "Nothing")
        check("a dimension that there is not", code == 2)
        _, code = verify(path, x[:1], folder, threads, "--vary", "Batch")
        check("a batch of one sample cannot be cut", code == 2)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
