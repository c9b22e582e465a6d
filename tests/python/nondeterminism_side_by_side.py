"""What may differ from run to run, told by PyTorch as it runs and by the table and the finder without running anything.

- Deterministic algorithms: each operator of torch.use_deterministic_algorithms' page that a CPU reaches raises, warns or passes as in
  Python, the message included, and the table says which.
- Random numbers: each operator that PyTorch tags nondeterministic_seeded draws, and is found; so are modules, in both modes,
  scripted, traced and frozen: what is found to draw and be active draws, and nothing else does.
- Common operators are not found.

REPROTORCH names the program, REPROTORCH_SIDE_BY_SIDE the host that answers many questions in one process.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings
from typing import Any, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import tally
from tally import check

REPROTORCH = os.environ["REPROTORCH"]
HOST = os.environ["REPROTORCH_SIDE_BY_SIDE"].splitlines()


class Host:
    def __init__(self):
        self.process = subprocess.Popen([*HOST, "operators"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def find(self, path, **question):
        self.process.stdin.write(json.dumps({"model": str(path), **question}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if isinstance(answer, dict):
            raise RuntimeError(answer["error"])
        return answer


class Expression:
    """A module that returns one expression of x, with some tensors at hand."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def script(self, expression):
        self.count += 1
        module = type(f"Returns{self.count}", (torch.jit.ScriptModule,), {})()  # libtorch keeps one type for each class
        module.define(
            "def forward(self, x):\n"
            "    o = torch.zeros([4, 4])\n"
            "    b = torch.ones([4, 4]) > 0\n"
            "    i = torch.tensor([0, 1])\n"
            f"    return {expression}\n")
        return module

    def save(self, module):
        self.count += 1
        path = pathlib.Path(self.folder) / f"m{self.count}.pt"
        torch.jit.save(module, str(path))
        return path


# ---- deterministic algorithms --------------------------------------------------------------------------------------

# All forward passes of the page of use_deterministic_algorithms that a CPU reaches, and the operators whose CPU form is told of there.
SWITCHED = {
    "put": "x.put(i, torch.ones([2]))",
    "put_": "x.put_(i, torch.ones([2]))",
    "put_ accumulate": "x.put_(i, torch.ones([2]), True)",
    "max_unpool1d": "torch.ops.aten.max_unpool2d(x[None, None, :, :], torch.arange(16).view(1, 1, 4, 4), [8, 8])",
    "max_unpool3d": "torch.ops.aten.max_unpool3d(x.view(1, 1, 2, 2, 4), torch.arange(16).view(1, 1, 2, 2, 4), [4, 4, 8], [2, 2, 2], [0, 0, 0])",
    "histc": "torch.histc(x)",
    "bincount": "torch.bincount(i)",
    "bincount weights": "torch.bincount(i, torch.ones([2]))",
    "kthvalue": "x.kthvalue(1)[0]",
    "median": "x.median(0)[0]",
    "nanmedian": "x.nanmedian(0)[0]",
    "cumsum": "x.cumsum(0)",
    "index_put": "x.index_put([i], torch.ones([4]))",
    "index_put_ accumulate": "x.index_put_([i], torch.ones([4]), True)",
    "index": "x[i]",
    "index_add": "x.index_add(0, i, torch.ones([2, 4]))",
    "index_copy": "x.index_copy(0, i, torch.ones([2, 4]))",
    "index_reduce": "x.index_reduce(0, i, torch.ones([2, 4]), 'prod')",
    "index_select": "x.index_select(0, i)",
    "gather": "x.gather(0, i[None, :])",
    "repeat_interleave": "x.repeat_interleave(2)",
    "scatter src": "x.scatter(0, i[None, :], torch.ones([1, 2]))",
    "scatter_add": "x.scatter_add(0, i[None, :], torch.ones([1, 2]))",
    "scatter_reduce prod": "x.scatter_reduce(0, i[None, :], torch.ones([1, 2]), 'prod')",
    "resize_": "x.clone().resize_([2, 2])",
    "mm": "torch.mm(x, x)",
    "bmm": "torch.bmm(x[None], x[None])",
    "mv": "torch.mv(x, x[0])",
    "conv1d": "torch.conv1d(x[None], torch.ones([2, 4, 2]))",
    "conv2d": "torch.conv2d(x[None, None], torch.ones([2, 1, 2, 2]))",
    "conv_transpose2d": "torch.conv_transpose2d(x[None, None], torch.ones([1, 2, 2, 2]))",
    "avg_pool3d": "torch.ops.aten.avg_pool3d(x.view(1, 1, 2, 2, 4), [2, 2, 2])",
    "adaptive_avg_pool2d": "torch.ops.aten.adaptive_avg_pool2d(x[None, None], [2, 2])",
    "adaptive_max_pool2d": "torch.ops.aten.adaptive_max_pool2d(x[None, None], [2, 2])[0]",
    "max_pool3d": "torch.max_pool3d(x.view(1, 1, 2, 2, 4), [2, 2, 2])",
    "upsample_bilinear2d": "torch.ops.aten.upsample_bilinear2d(x[None, None], [8, 8], False)",
    "upsample_bicubic2d": "torch.ops.aten.upsample_bicubic2d(x[None, None], [8, 8], False)",
    "reflection_pad2d": "torch.ops.aten.reflection_pad2d(x[None, None], [1, 1, 1, 1])",
    "replication_pad2d": "torch.ops.aten.replication_pad2d(x[None, None], [1, 1, 1, 1])",
    "nll_loss2d": "torch.ops.aten.nll_loss2d(x.view(1, 2, 2, 4), torch.zeros([1, 2, 4], dtype=torch.long))",
    "ctc_loss": "torch.ctc_loss(x[:, None, :].log_softmax(2), torch.tensor([[1, 2]]), torch.tensor([4]), torch.tensor([2]))",
    "embedding_bag": "torch.embedding_bag(x, i, torch.tensor([0]), mode=2)[0]",
    "grid_sampler": "torch.grid_sampler(x[None, None], torch.zeros([1, 2, 2, 2]), 0, 0, False)",
}
# Those that differ with deterministic algorithms off are told even where a run passes.
SAYS_NEEDS_MODE = {"put_ accumulate", "index_put", "index_put_ accumulate", "index_copy"}


def python_outcome(module, x, warn_only):
    """The error's last line, the warnings, or neither."""
    torch.use_deterministic_algorithms(True, warn_only=warn_only)
    try:
        with warnings.catch_warnings(record=True) as caught, torch.no_grad():
            warnings.simplefilter("always")
            module(x.clone())
        return None, [str(w.message).split(" (Triggered internally")[0] for w in caught]
    except RuntimeError as e:
        return [line for line in str(e).splitlines() if line.startswith("RuntimeError: ")][-1][len("RuntimeError: "):], []
    finally:
        torch.use_deterministic_algorithms(False)


def our_outcome(path, inputs, warn_only):
    done = subprocess.run(
        [REPROTORCH, "run", str(path), "--input", inputs, "--deterministic", *(["--warn-only"] if warn_only else [])],
        capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
    lines = done.stderr.splitlines()
    said = [line[len("warning: "):] for line in lines if line.startswith("warning: ")]
    return None if done.returncode == 0 else done.stderr, said


def check_switches(host, scripts, folder):
    x = torch.rand(4, 4) + 0.1
    inputs = os.path.join(folder, "x.npy")
    np.save(inputs, x.numpy())
    for name, expression in SWITCHED.items():
        module = scripts.script(expression)
        path = scripts.save(module)
        found = host.find(path)
        throwers = [one for one in found if one["kind"] == "NoDeterministicForm"]
        error, _ = python_outcome(module, x, warn_only=False)
        ours, _ = our_outcome(path, inputs, warn_only=False)
        if error is None:
            check(f"{name} passes", ours is None, ours)
            check(f"{name} passes and is not found", not throwers, throwers)
        else:
            check(f"{name} raises with Python's text", ours is not None and error in ours, f"{error!r} {ours!r}")
            check(f"{name} raises and is found by the name it reports",
                  len(throwers) == 1 and error.startswith(f"{throwers[0]['reports']} does not have a deterministic implementation"), throwers)
        needs = [one for one in found if one["kind"] == "NeedsDeterministicMode" and one["pass"] == "Forward"]
        check(f"{name} is told to need the mode or not", (len(needs) == 1) == (name in SAYS_NEEDS_MODE), needs)
        _, told = python_outcome(module, x, warn_only=True)
        ours, said = our_outcome(path, inputs, warn_only=True)
        told = [line for line in told if "deterministic" in line]
        said = [line for line in said if "deterministic" in line]
        check(f"{name} warns with Python's text", ours is None and told == said and bool(told) == (error is not None), f"{told} {said} {ours}")


# ---- random numbers ------------------------------------------------------------------------------------------------

RANDOM = {
    "native_dropout": "torch.native_dropout(x, 0.5, True)[0]",
    "dropout": "torch.dropout(x, 0.5, True)",
    "dropout_": "torch.dropout_(x, 0.5, True)",
    "feature_dropout": "torch.feature_dropout(x, 0.5, True)",
    "feature_dropout_": "torch.feature_dropout_(x, 0.5, True)",
    "alpha_dropout": "torch.alpha_dropout(x, 0.5, True)",
    "alpha_dropout_": "torch.alpha_dropout_(x, 0.5, True)",
    "feature_alpha_dropout": "torch.feature_alpha_dropout(x, 0.5, True)",
    "feature_alpha_dropout_": "torch.feature_alpha_dropout_(x, 0.5, True)",
    "bernoulli": "torch.bernoulli(x)",
    "bernoulli.out": "torch.bernoulli(x, out=o)",
    "bernoulli_.Tensor": "x.bernoulli_(x.clone())",
    "bernoulli_.float": "x.bernoulli_(0.5)",
    "bernoulli.p": "torch.bernoulli(x, 0.5)",
    "bernoulli.Tensor": "torch.ops.aten.bernoulli(x, x)",
    "bernoulli.Tensor_out": "torch.ops.aten.bernoulli(x, x, out=o)",
    "bernoulli.float_out": "torch.ops.aten.bernoulli(x, 0.5, out=o)",
    "rand": "torch.rand([4, 4])",
    "rand.out": "torch.rand([4, 4], out=o)",
    "rand_like": "torch.rand_like(x)",
    "rand_like.out": "torch.ops.aten.rand_like(x, out=o)",
    "randint": "torch.randint(5, [4, 4])",
    "randint.low": "torch.randint(1, 5, [4, 4])",
    "randint.out": "torch.randint(5, [4, 4], out=o)",
    "randint.low_out": "torch.randint(1, 5, [4, 4], out=o)",
    "randint_like": "torch.randint_like(x, 5)",
    "randint_like.low_dtype": "torch.randint_like(x, 1, 5)",
    "randint_like.out": "torch.ops.aten.randint_like(x, 5, out=o)",
    "randint_like.low_dtype_out": "torch.ops.aten.randint_like(x, 1, 5, out=o)",
    "randn": "torch.randn([4, 4])",
    "randn.out": "torch.randn([4, 4], out=o)",
    "randn_like": "torch.randn_like(x)",
    "randn_like.out": "torch.ops.aten.randn_like(x, out=o)",
    "randperm": "torch.randperm(8)",
    "randperm.out": "torch.randperm(8, out=i)",
    "rrelu": "torch.rrelu(-x, 0.1, 0.3, True)",
    "rrelu_": "torch.rrelu_(-x, 0.1, 0.3, True)",
    "rrelu_with_noise": "torch.ops.aten.rrelu_with_noise(-x, o, 0.1, 0.3, True)",
    "rrelu_with_noise_": "torch.ops.aten.rrelu_with_noise_(-x, o, 0.1, 0.3, True)",
    "rrelu_with_noise.out": "torch.ops.aten.rrelu_with_noise(-x, o.clone(), 0.1, 0.3, True, out=o)",
    "_standard_gamma": "torch._standard_gamma(x)",
    "_standard_gamma.out": "torch.ops.aten._standard_gamma(x, out=o)",
    "_sample_dirichlet": "torch._sample_dirichlet(x)",
    "_sample_dirichlet.out": "torch.ops.aten._sample_dirichlet(x, out=o)",
    "poisson": "torch.poisson(x)",
    "poisson.out": "torch.ops.aten.poisson(x, out=o)",
    "binomial": "torch.binomial(x * 0 + 10, x * 0 + 0.5)",
    "binomial.out": "torch.ops.aten.binomial(x * 0 + 10, x * 0 + 0.5, out=o)",
    "random_.from": "x.random_(1, 5)",
    "random_.to": "x.random_(5)",
    "random_": "x.random_()",
    "random.from": "torch.ops.aten.random(x, 1, 5)",
    "random.to": "torch.ops.aten.random(x, 5)",
    "random": "torch.ops.aten.random(x)",
    "random.from_out": "torch.ops.aten.random(x, 1, 5, out=o)",
    "random.to_out": "torch.ops.aten.random(x, 5, out=o)",
    "random.out": "torch.ops.aten.random(x, out=o)",
    "uniform_": "x.uniform_()",
    "uniform": "torch.ops.aten.uniform(x)",
    "uniform.out": "torch.ops.aten.uniform(x, out=o)",
    "cauchy_": "x.cauchy_()",
    "cauchy": "torch.ops.aten.cauchy(x)",
    "cauchy.out": "torch.ops.aten.cauchy(x, out=o)",
    "log_normal_": "x.log_normal_()",
    "log_normal": "torch.ops.aten.log_normal(x)",
    "log_normal.out": "torch.ops.aten.log_normal(x, out=o)",
    "exponential_": "x.exponential_()",
    "exponential": "torch.ops.aten.exponential(x)",
    "exponential.out": "torch.ops.aten.exponential(x, out=o)",
    "geometric_": "x.geometric_(0.5)",
    "geometric": "torch.ops.aten.geometric(x, 0.5)",
    "geometric.out": "torch.ops.aten.geometric(x, 0.5, out=o)",
    "multinomial": "torch.multinomial(x, 2)",
    "multinomial.out": "torch.multinomial(x, 2, out=torch.zeros([4, 2], dtype=torch.long))",
    "normal_": "x.normal_()",
    "normal_functional": "torch.ops.aten.normal_functional(x)",
    "normal.out": "torch.ops.aten.normal(x, out=o)",
    "normal.Tensor_float": "torch.normal(x, 1.0)",
    "normal.Tensor_float_out": "torch.normal(x, 1.0, out=o)",
    "normal.float_Tensor": "torch.normal(0.0, x)",
    "normal.float_Tensor_out": "torch.normal(0.0, x, out=o)",
    "normal.Tensor_Tensor": "torch.normal(x, x)",
    "normal.Tensor_Tensor_out": "torch.normal(x, x, out=o)",
    "normal.float_float": "torch.normal(0.0, 1.0, [4, 4])",
    "normal.float_float_out": "torch.normal(0.0, 1.0, [4, 4], out=o)",
    "native_dropout.out": "torch.ops.aten.native_dropout(x, 0.5, True, out0=o, out1=b)[0]",
}
UNREACHABLE = {
    "_fused_dropout": "CUDA only", "_fused_dropout.out": "CUDA only",
    **{name: "takes a generator or names, which TorchScript of 1.13 cannot write" for name in (
        "rand.names", "rand.generator_with_names", "rand.generator", "rand.generator_out", "rand.names_out",
        "rand.generator_with_names_out", "randint.generator", "randint.low_generator", "randint.generator_out",
        "randint.low_generator_out", "randn.generator", "randn.names", "randn.generator_with_names", "randn.generator_out",
        "randn.names_out", "randn.generator_with_names_out", "randperm.generator", "randperm.generator_out")},
}

# Drawing nothing, whatever their names and tags say.
QUIET = {
    "dropout p 0": "torch.dropout(x, 0.0, True)",
    "dropout p 1": "torch.dropout(x, 1.0, True)",
    "dropout off": "torch.dropout(x, 0.5, False)",
    "native_dropout off": "torch.native_dropout(x, 0.5, False)[0]",
    "dropout_ p 0": "torch.dropout_(x, 0.0, True)",
    "dropout_ p 1": "torch.dropout_(x, 1.0, True)",
    "feature_dropout p 0": "torch.feature_dropout(x, 0.0, True)",
    "feature_dropout p 1": "torch.feature_dropout(x, 1.0, True)",
    "alpha_dropout p 0": "torch.alpha_dropout(x, 0.0, True)",
    "alpha_dropout p 1": "torch.alpha_dropout(x, 1.0, True)",
    "alpha_dropout_ p 0": "torch.alpha_dropout_(x, 0.0, True)",
    "alpha_dropout_ p 1": "torch.alpha_dropout_(x, 1.0, True)",
    "feature_dropout_ p 0": "torch.feature_dropout_(x, 0.0, True)",
    "feature_dropout_ p 1": "torch.feature_dropout_(x, 1.0, True)",
    "feature_alpha_dropout p 0": "torch.feature_alpha_dropout(x, 0.0, True)",
    "feature_alpha_dropout_ p 0": "torch.feature_alpha_dropout_(x, 0.0, True)",
    "feature_alpha_dropout_ p 1": "torch.feature_alpha_dropout_(x, 1.0, True)",
    "attention p 0": "torch.ops.aten._scaled_dot_product_attention(x[None], x[None], x[None], None, 0.0)[0]",
    "feature_alpha_dropout p 1": "torch.feature_alpha_dropout(x, 1.0, True)",
    "rrelu off": "torch.rrelu(-x, 0.1, 0.3, False)",
}
# Drawing although they need not, and what the tag misses.
LOUD = {
    "native_dropout p 0": "torch.native_dropout(x, 0.0, True)[0]",
    "native_dropout p 1": "torch.native_dropout(x, 1.0, True)[0]",
    "rrelu without a range": "torch.rrelu(-x, 0.1, 0.1, True)",
    "attention": "torch.ops.aten._scaled_dot_product_attention(x[None], x[None], x[None], None, 0.5)[0]",
}
DRAWING_KINDS = {"Random", "FrozenTraining"}


def draws(module, *inputs):
    before = torch.get_rng_state()
    with torch.no_grad():
        module(*[x.clone() for x in inputs])
    return not torch.equal(before, torch.get_rng_state())


def finds_drawing(found):
    return any(one["active"] and one["behaviour"] != "Trains" and one["kind"] in DRAWING_KINDS for one in found)


def check_tagged(host, scripts):
    from torchgen.gen import parse_native_yaml
    import torchgen
    folder = pathlib.Path(torchgen.__file__).parent / "packaged" / "ATen" / "native"
    functions = parse_native_yaml(str(folder / "native_functions.yaml"), str(folder / "tags.yaml")).native_functions
    tagged = {str(function.func.name) for function in functions if "nondeterministic_seeded" in function.tags}
    check("every tagged operator is tried or said to be out of reach", tagged == set(RANDOM) | set(UNREACHABLE),
          (tagged ^ (set(RANDOM) | set(UNREACHABLE))))
    x = torch.rand(4, 4) * 0.8 + 0.1
    for name, expression in {**RANDOM, **QUIET, **LOUD}.items():
        module = scripts.script(expression)
        found = host.find(scripts.save(module))
        drawn = draws(module, x)
        check(f"{name} draws or not", drawn == (name not in QUIET), drawn)
        check(f"{name} is found where it draws", finds_drawing(found) == drawn, found)
        if name in RANDOM:
            check(f"{name} is found once and by its name",
                  [one["operator"].split(".")[0] for one in found if one["kind"] in DRAWING_KINDS] == ["aten::" + name.split(".")[0]], found)


class Functional(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.5, self.training)


class AlwaysFunctional(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.5)


class Guarded(nn.Module):
    def forward(self, x):
        if self.training:
            x = F.dropout(x, 0.5, True)
        return x


class Noise(nn.Module):
    def forward(self, x):
        if self.training:
            return x + torch.randn_like(x)
        return x


class Forked(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return torch.jit.wait(torch.jit.fork(self.drop, x)) + 1


class Recurrent(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = layers

    def forward(self, x):
        return self.layers(x)[0]


class Attention(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, dropout=p)

    def forward(self, x):
        return self.attention(x, x, x)[0]


MODULES = {
    "Dropout": lambda: nn.Dropout(0.5),
    "Dropout 0": lambda: nn.Dropout(0.0),
    "Dropout 1": lambda: nn.Dropout(1.0),
    "Dropout1d": lambda: nn.Dropout1d(0.5),
    "Dropout2d": lambda: nn.Dropout2d(0.5),
    "AlphaDropout": lambda: nn.AlphaDropout(0.5),
    "FeatureAlphaDropout": lambda: nn.FeatureAlphaDropout(0.5),
    "RReLU": lambda: nn.Sequential(nn.Linear(4, 4), nn.RReLU()),
    "LSTM": lambda: Recurrent(nn.LSTM(4, 4, 2, dropout=0.5)),
    "LSTM of one layer": lambda: Recurrent(nn.LSTM(4, 4, 1, dropout=0.5)),
    "LSTM without dropout": lambda: Recurrent(nn.LSTM(4, 4, 2)),
    "GRU": lambda: Recurrent(nn.GRU(4, 4, 2, dropout=0.5)),
    "GRU without dropout": lambda: Recurrent(nn.GRU(4, 4, 2)),
    "RNN": lambda: Recurrent(nn.RNN(4, 4, 2, dropout=0.5)),
    "MultiheadAttention": lambda: Attention(0.5),
    "MultiheadAttention without dropout": lambda: Attention(0.0),
    "TransformerEncoderLayer": lambda: nn.TransformerEncoderLayer(4, 2, 8, dropout=0.1),
    "BatchNorm1d": lambda: nn.BatchNorm1d(4),
    "LayerNorm": lambda: nn.LayerNorm(4),
    "Linear": lambda: nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)),
    "functional": Functional,
    "functional always": AlwaysFunctional,
    "guarded": Guarded,
    "noise": Noise,
    "forked": Forked,
}


def check_modules(host, scripts):
    for name, make in MODULES.items():
        torch.manual_seed(3)
        x = torch.rand(3, 2, 4) if "Batch" not in name else torch.rand(3, 4)
        for training in (True, False):
            forms = {"scripted": torch.jit.script(make().train(training))}
            forms["traced"] = torch.jit.trace(make().train(training), x, check_trace=False)
            forms["traced and set to the other mode"] = torch.jit.trace(make().train(training), x, check_trace=False).train(not training)
            if not training:
                forms["frozen"] = torch.jit.freeze(torch.jit.script(make().eval()))
            for form, module in forms.items():
                found = host.find(scripts.save(module))
                drawn = draws(module, x)
                label = f"{name}, {form}, {'training' if training else 'evaluating'}"
                check(f"{label}: found active where it draws", finds_drawing(found) == drawn, (drawn, found))
                check(f"{label}: nothing else is found", all(one["kind"] in DRAWING_KINDS or (one["kind"] == "FixedDevice" and "traced" in form) for one in found), found)
                if form == "traced and set to the other mode" and training:
                    check(f"{label}: what draws is frozen", not drawn or any(one["kind"] == "FrozenTraining" for one in found)
                          or name in ("noise", "MultiheadAttention", "TransformerEncoderLayer") , found)
                if form == "scripted":
                    check(f"{label}: told of the other mode, too", bool(found) == draws_in_any_mode(make, x), found)


def draws_in_any_mode(make, x):
    return any(draws(torch.jit.script(make().train(training)), x) for training in (True, False))


# ---- code that inlining does not show -------------------------------------------------------------------------------


@torch.jit.interface
class Layer(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pass


class Drops(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.drop(x)


class Keeps(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + 1


class OfInterface(nn.Module):
    layer: Layer

    def __init__(self, layer):
        super().__init__()
        self.other = Drops()
        self.layer = layer

    def forward(self, x):
        return self.layer.forward(x)


class Indexed(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.other = Drops()
        self.layers = nn.ModuleList(layers)

    def forward(self, x, i: int = 1):
        layer: Layer = self.layers[i]
        return layer.forward(x)


class Chosen(nn.Module):
    first: Layer
    second: Layer

    def __init__(self):
        super().__init__()
        self.first = Keeps()
        self.second = Nested()

    def forward(self, x):
        if x.sum() > 0:
            return self.second.forward(x)
        return self.first.forward(x)


class Nested(nn.Module):
    layer: Layer

    def __init__(self):
        super().__init__()
        self.layer = Drops()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer.forward(x)


class Given(nn.Module):
    def __init__(self):
        super().__init__()
        self.keeps = Keeps()

    def forward(self, x):
        return self.use(x, self.keeps)

    @torch.jit.export
    def use(self, x: torch.Tensor, layer: Layer):
        return layer.forward(x)


@torch.jit.script
class Noisy(object):
    def __init__(self, x: torch.Tensor):
        self.x = x

    def __enter__(self) -> torch.Tensor:
        return torch.rand_like(self.x)

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        pass


@torch.jit.script
class NoisyAfter(object):
    def __init__(self, x: torch.Tensor):
        self.x = x

    def __enter__(self) -> torch.Tensor:
        return self.x

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        self.x.add_(torch.rand_like(self.x))


@torch.jit.script
class Key(object):
    def __init__(self, x: torch.Tensor):
        self.x = x

    def __lt__(self, other: "Key") -> bool:
        return bool((self.x.sum() + torch.rand(1) - other.x.sum()).item() < 0.0)


class With(nn.Module):
    def forward(self, x):
        with Noisy(x) as noise:
            x = x + noise
        return x


class WithAfter(nn.Module):
    def forward(self, x):
        with NoisyAfter(x) as y:
            x = y + 1
        return x


class Sorts(nn.Module):
    def forward(self, x):
        keys = [Key(x[0]), Key(x[1]), Key(x[2])]
        keys.sort()
        return torch.stack([key.x for key in keys])


class SortsPairs(nn.Module):
    def forward(self, x):
        return torch.stack([pair[1].x for pair in sorted([(1, Key(x[0])), (1, Key(x[1]))])])


class Switched(nn.Module):
    noise: bool

    def __init__(self):
        super().__init__()
        self.noise = False

    @torch.jit.export
    def enable(self):
        self.noise = True

    def forward(self, x):
        if self.noise:
            x = x + torch.rand_like(x)
        return x


class DynamicallyQuantized(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.layers = kind(4, 4, 2, dropout=0.5)

    def forward(self, x):
        return self.layers(x)[0]


class Restored(nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = torch.zeros(4)

    @torch.jit.export
    def __getstate__(self) -> Tuple[bool]:
        return (self.training,)

    @torch.jit.export
    def __setstate__(self, state: Tuple[bool]):
        self.training = state[0]
        self.weights = torch.rand(4)

    def forward(self, x):
        return x + self.weights


def quantized(kind):
    return torch.ao.quantization.quantize_dynamic(DynamicallyQuantized(kind), {kind}, dtype=torch.qint8).train()


# How each is made, whether it draws, and the submodule that is told.
HIDDEN = {
    "an attribute of an interface": (lambda: OfInterface(Drops()), True, "layer.drop"),
    "an attribute of an interface that draws nothing": (lambda: OfInterface(Keeps()), False, None),
    "an interface behind another, by a branch": (Chosen, True, "second.layer.drop"),
    "a list of modules": (lambda: Indexed(Keeps(), Drops()), True, "layers.1.drop"),
    "a list of modules that draw nothing": (lambda: Indexed(Keeps(), Keeps()), False, None),
    "__enter__": (With, True, None),
    "__exit__": (WithAfter, True, None),
    "__lt__ of a sorted list": (Sorts, True, None),
    "__lt__ in tuples": (SortsPairs, True, None),
    "quantized LSTM": (lambda: quantized(nn.LSTM), True, "layers"),
    "quantized GRU": (lambda: quantized(nn.GRU), True, "layers"),
}


def check_hidden(host, scripts):
    x = torch.ones(3, 2, 4)
    for name, (make, expected, submodule) in HIDDEN.items():
        module = torch.jit.script(make().train())
        found = host.find(scripts.save(module))
        drawn = draws(module, x)
        check(f"{name}: draws or not", drawn == expected, drawn)
        check(f"{name}: found where it draws", finds_drawing(found) == drawn and len(found) == drawn, found)
        check(f"{name}: found with its submodule", submodule is None or [one["submodule"] for one in found] == [submodule], found)
    switched = torch.jit.script(Switched())
    found = host.find(scripts.save(switched))
    switched.enable()
    check("what another method may turn on is found before it did", draws(switched, x) and finds_drawing(found), found)
    given = host.find(scripts.save(torch.jit.script(Given())))
    check("a method of an object that is handed in cannot be read, and is told of where it can be",
          [(one["kind"], one["active"]) for one in given] == [("Unreadable", True)], given)
    restored = host.find(scripts.save(torch.jit.script(nn.Sequential(Restored()))))
    check("what a submodule draws as it is loaded is found", [one["operator"] for one in restored] == ["aten::rand"], restored)
    hooked = nn.Sequential(nn.Linear(4, 4))
    hooked.register_forward_pre_hook(noise_before)
    hooked.register_forward_hook(noise_after)
    found = host.find(scripts.save(torch.jit.script(hooked)))
    check("both hooks of the module itself are found", [one["operator"] for one in found] == ["aten::rand_like", "aten::randn_like"], found)


def noise_before(self, inputs: Tuple[torch.Tensor]) -> Tuple[torch.Tensor]:
    return (inputs[0] + torch.rand_like(inputs[0]),)


def noise_after(self, inputs: Tuple[torch.Tensor], result: torch.Tensor) -> torch.Tensor:
    return result + torch.randn_like(result)


# ---- what a GPU computes by operators of the table --------------------------------------------------------------------

# What cuBLAS computes, and cumsum, as the profiler tells of the parts of each.
COMPOSED = """torch.inner(x, x)|torch.linalg.multi_dot([x, x, x])|torch.ops.aten.chain_matmul([x, x, x])|torch.matrix_power(x, 2)|torch.linalg.matrix_power(x, 2)
torch.cov(x)|torch.corrcoef(x)|torch.ops.aten.tensordot(x, x, [1], [0])|torch.linalg.matmul(x, x)|torch.lstm_cell(x, [x[:, :1], x[:, :1]], x, x[:, :1])[0]
torch.gru_cell(x, x[:, :1], x[:3], x[:3, :1])|torch.rnn_tanh_cell(x, x[:, :1], x[:1], x[:1, :1])|torch.rnn_relu_cell(x, x[:, :1], x[:1], x[:1, :1])
torch.cumulative_trapezoid(x)|torch.trapezoid(x)|torch.outer(x[0], x[0])|torch.diff(x)|torch.median(x)|torch.kron(x, x)
torch.matrix_exp(x)|torch.linalg.matrix_exp(x)|torch.pinverse(x)|torch.linalg.pinv(x)|torch.ops.aten.cdist(x, x, 1.0, None)|torch.ops.aten.cdist(x, x, 2.0, 2)
torch.ops.aten.cdist(x.repeat([8, 1]), x, 2.0, None)|torch.ops.aten._scaled_dot_product_attention(x[None], x[None], x[None])[0]
torch.linalg.svd(x)[0]|torch.linalg.solve(x, x)|torch.linalg.inv(x)|torch.linalg.qr(x)[0]|torch.linalg.det(x)"""
PARTS = {"mm", "addmm", "bmm", "baddbmm", "mv", "addmv", "addmv_", "cumsum", "kthvalue", "put_", "bincount", "histc"}


def parts_of(expression, x):
    """All operators that run, also those that a kernel calls."""
    with torch.autograd.profiler.profile() as profile:
        eval(expression, {"torch": torch, "x": x})
    return {event.name.split("::")[-1] for event in profile.function_events}


def check_composed(host, scripts):
    x = torch.rand(4, 4)
    for expression in (expression for line in COMPOSED.splitlines() for expression in line.split("|")):
        parts = parts_of(expression, x)
        found = [one for one in host.find(scripts.save(scripts.script(expression)), device="cuda") if one["pass"] == "Forward"]
        check(f"{expression} is found on a GPU where its parts are", bool(found) == bool(parts & PARTS), (parts, found))


# ---- what tracing froze --------------------------------------------------------------------------------------------


class WithConstants(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        mask = torch.tensor([1.0, 0.0, 1.0, 0.0])  # the line that is told
        return self.linear(x) * mask * 2 + torch.zeros(4)


class TrainedNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)

    def forward(self, x):
        return self.norm(x)


def check_tracing(host, scripts):
    x = torch.rand(3, 4)
    trace = torch.jit.trace(WithConstants().eval(), x)
    found = host.find(scripts.save(trace))
    constants = [one for one in found if one["kind"] == "FrozenConstant"]
    here = pathlib.Path(__file__).name
    line = next(i for i, text in enumerate(open(__file__), 1) if "the line that is told" in text)
    check("a traced tensor is found with its line", len(constants) == 1 and constants[0]["source"].endswith(f"{here}:{line}"), found)
    devices = [one for one in found if one["kind"] == "FixedDevice"]
    check("a traced device is found, and does not matter where the model is", devices and not any(one["active"] for one in devices), found)
    check("a traced device matters elsewhere",
          any(one["kind"] == "FixedDevice" and one["active"] for one in host.find(scripts.save(trace), device="cuda")))
    images = torch.rand(2, 3, 4, 4)
    instance = torch.jit.trace(nn.Sequential(nn.InstanceNorm2d(3, track_running_stats=True)).train(), images).eval()
    check("a traced instance norm stays in training mode", [one["kind"] for one in host.find(scripts.save(instance))] == ["FrozenTraining"])
    before = instance.state_dict()["0.running_mean"].clone()
    instance(images)
    check("it changes its statistics", not torch.equal(before, instance.state_dict()["0.running_mean"]))
    for track in (True, False):
        quiet = nn.InstanceNorm2d(3, track_running_stats=track)
        check("a scripted one does not", not host.find(scripts.save(torch.jit.script(quiet.train()))))
        check("one traced in evaluation mode does not", not host.find(scripts.save(torch.jit.trace(quiet.eval(), images))))
    norm = host.find(scripts.save(torch.jit.trace(TrainedNorm().train(), x).eval()))
    check("a traced batch norm stays in training mode", [one["kind"] for one in norm] == ["FrozenTraining"], norm)
    check("a scripted one does not", not host.find(scripts.save(torch.jit.script(TrainedNorm().train()))))


# ---- what a constant decides in the functions that it is handed to ----------------------------------------------------

# By mode: what a GPU has no deterministic form of, among all that F.interpolate may run for it, whatever the input's dimensions.
INTERPOLATIONS = {
    "nearest": set(),
    "nearest-exact": set(),
    "linear": {"aten::upsample_linear1d"},
    "bilinear": {"aten::upsample_bilinear2d"},
    "bicubic": {"aten::upsample_bicubic2d"},
    "trilinear": {"aten::upsample_trilinear3d"},
    "area": {"aten::adaptive_avg_pool2d", "aten::adaptive_avg_pool3d"},
}
INTERPOLATES = """
class {name}(nn.Module):
    def forward(self, x{arguments}):
        return F.interpolate(x, {size}, mode={mode}{more})
"""


def interpolating(folder, mode, size="scale_factor=2.0", arguments="", more=""):
    name = f"Interpolates{len(list(pathlib.Path(folder).glob('Interpolates*.py')))}"
    source = pathlib.Path(folder) / f"{name}.py"  # torch.jit.script reads the source again
    source.write_text("import torch.nn as nn, torch.nn.functional as F\n"
                      + INTERPOLATES.format(name=name, mode=mode, size=size, arguments=arguments, more=more))
    space = {"__name__": name}
    exec(compile(source.read_text(), str(source), "exec"), space)
    return torch.jit.script(space[name]())


def check_constants(host, scripts):
    def found(module):
        return {one["operator"].split(".")[0] for one in host.find(scripts.save(module), device="cuda")}

    for mode, expected in INTERPOLATIONS.items():
        for size in ("scale_factor=2.0", "size=8", "size=[8, 8]"):
            here = found(interpolating(scripts.folder, f"'{mode}'", size))
            check(f"interpolate {mode} {size}: its own operators are found, and no other mode's", here == expected, here)
        here = found(torch.jit.script(nn.Upsample(scale_factor=2.0, mode=mode)))
        check(f"Upsample {mode}: its own operators are found, and no other mode's", here == expected, here)
    smooth = found(interpolating(scripts.folder, "'bilinear'", "size=[8, 8]", more=", antialias=True"))
    check("interpolate bilinear, antialias: found", smooth == {"aten::_upsample_bilinear2d_aa"}, smooth)
    variable = found(interpolating(scripts.folder, "mode", arguments=", mode: str"))
    check("interpolate by an input: every mode's operators are found", variable == set().union(*INTERPOLATIONS.values()), variable)
    either = found(interpolating(scripts.folder, "'bicubic' if flag else 'nearest'", arguments=", flag: bool"))
    check("interpolate by one of two constants: no operator is missed", "aten::upsample_bicubic2d" in either, either)


# ---- no false alarms -----------------------------------------------------------------------------------------------

COMMON = """x + 1|x - x|x * 2|x / 3|x // 2|x % 2|x ** 2|-x|x.abs()|x.exp()|x.log()|x.sqrt()|x.rsqrt()|x.sin()|x.cos()|x.tan()|x.tanh()|x.sigmoid()
x.relu()|x.clamp(0, 1)|x.round()|x.floor()|x.ceil()|x.sign()|x.sum()|x.mean()|x.prod()|x.std()|x.var()|x.max()|x.min()|x.argmax()|x.argmin()
x.sort()[0]|x.topk(2)[0]|x.cumsum(0)|x.cumprod(0)|x.median()|x.norm()|x.t()|x.transpose(0, 1)|x.permute([1, 0])|x.view([16])|x.reshape([2, 8])
x.flatten()|x.squeeze()|x.unsqueeze(0)|x.expand([2, 4, 4])|x.repeat([2, 1])|x.flip([0])|x.roll(1)|x.tril()|x.triu()|x.diag()|x.contiguous()
x.clone()|x.detach()|x.float()|x.double()|x.long()|x.to(torch.bool)|x.to(torch.float64)|x[0]|x[:, 1]|x[1:3]|x[x > 0.5]|x.masked_fill(x > 0.5, 0.0)
torch.where(x > 0.5, x, o)|torch.cat([x, o])|torch.stack([x, o])|torch.split(x, 2)[0]|torch.chunk(x, 2)[0]|torch.matmul(x, x)|torch.mm(x, x)
torch.bmm(x[None], x[None])|torch.addmm(o, x, x)|torch.einsum('ij,jk->ik', [x, x])|torch.softmax(x, 0)|torch.log_softmax(x, 0)
torch.layer_norm(x, [4])|torch.batch_norm(x, None, None, None, None, True, 0.1, 1e-5, False)|torch.instance_norm(x[None], None, None, None, None, True, 0.1, 1e-5, False)
torch.group_norm(x[None], 2)|torch.conv1d(x[None], torch.ones([2, 4, 2]))|torch.conv2d(x[None, None], torch.ones([2, 1, 2, 2]))
torch.max_pool2d(x[None, None], [2, 2])|torch.avg_pool1d(x[None], [2])|torch.embedding(x, i)|torch.gather(x, 0, i[None, :])|torch.index_select(x, 0, i)
torch.scatter_add(x, 0, i[None, :], torch.ones([1, 2]))|torch.index_add(x, 0, i, torch.ones([2, 4]))|torch.zeros([2])|torch.ones_like(x)|torch.full([2], 3.0)
torch.arange(5)|torch.linspace(0, 1, 5)|torch.eye(3)|torch.nonzero(x)|torch.unique_consecutive(x)|torch.cdist(x, x)|torch.histc(x)
torch.searchsorted(x[0], x)|torch.logsumexp(x, 0)|torch.isnan(x)|torch.eq(x, x)|x.gt(0.5)|x.all()|x.any()|torch.allclose(x, x)
torch.empty([2]).fill_(1.0)|torch.empty_like(x).copy_(x)|torch.zeros_like(torch.empty_like(x))|x.index_put_([x > 0.5], torch.tensor(0.0))"""


def check_common(host, scripts):
    expressions = [expression for line in COMMON.splitlines() for expression in line.split("|")]
    check("there are a hundred of them", len(expressions) >= 100, len(expressions))
    x = torch.rand(4, 4) * 0.8 + 0.1
    for expression in expressions:
        module = scripts.script(expression)
        check(f"{expression} draws nothing", not draws(module, x))
        found = host.find(scripts.save(module))
        check(f"{expression} is not found", not found, found)


def main():
    warnings.simplefilter("ignore")
    host = Host()
    with tempfile.TemporaryDirectory() as folder:
        scripts = Expression(folder)
        check_tagged(host, scripts)
        check_modules(host, scripts)
        check_tracing(host, scripts)
        check_hidden(host, scripts)
        check_composed(host, scripts)
        check_constants(host, scripts)
        check_common(host, scripts)
        check_switches(host, scripts, folder)
    host.process.stdin.close()
    host.process.wait()
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
