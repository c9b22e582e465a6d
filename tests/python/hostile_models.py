"""The models whose files hostile_side_by_side.py damages: between them, every kind of thing that TorchScript writes to an archive."""
import os
import warnings
from enum import Enum
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch


class Pair(NamedTuple):
    first: torch.Tensor
    second: int


class Color(Enum):
    RED = 1
    BLUE = 2


class Layers(torch.nn.Module):
    """Submodules, parameters, buffers, numbered children."""
    def __init__(self):
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.ReLU(), torch.nn.Flatten(1))
        self.head = torch.nn.Linear(8, 3)
        self.rnn = torch.nn.LSTM(3, 2, bidirectional=True)
        self.register_buffer("steps", torch.zeros(2, dtype=torch.int64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.dropout(self.head(self.body(x)), 0.1, self.training)
        return torch.softmax(self.rnn(y.unsqueeze(0))[0], -1)


class Attributes(torch.nn.Module):
    """Attributes of every kind of type, control flow, several methods, constants."""
    names: List[str]
    table: Dict[str, torch.Tensor]
    counts: Dict[int, List[float]]
    maybe: Optional[torch.Tensor]
    nothing: Optional[int]
    pair: Tuple[int, str, Tuple[float, bool]]
    LIMIT: int

    def __init__(self):
        super().__init__()
        self.names = ["a", "b", "größe"]
        self.table = {"x": torch.arange(3.0), "y": torch.ones(2, 2)}
        self.counts = {1: [0.5, 2.5], -7: []}
        self.maybe = torch.tensor(2)
        self.nothing = None
        self.pair = (2 ** 40, "text \" ' \\ \n", (float("inf"), True))
        self.flags = [True, False]
        self.shared = torch.nn.Parameter(torch.randn(4, 4))
        self.view = self.shared.t()
        self.half = torch.randn(3).bfloat16()
        self.turn = torch.complex(torch.ones(2), torch.zeros(2))
        self.kind = torch.float64
        self.device = torch.device("cpu")
        self.z = 1 + 2j

    def forward(self, x: torch.Tensor, times: int = 2, scale: Optional[float] = None) -> Tuple[torch.Tensor, Dict[str, int]]:
        result: Dict[str, int] = {}
        total = torch.zeros_like(x)
        for i in range(times):
            if i % 2 == 0:
                total += x * (scale if scale is not None else 1.5)
            elif bool(total.sum() > 0):
                total = total - self.table["x"].sum()
            else:
                total = self.helper(total, self.names)
            result["step" + str(i)] = i
        while total.abs().max().item() > 1e6:
            total = total / 10
        assert times >= 0, "negative"
        return total, result

    @torch.jit.export
    def helper(self, x: torch.Tensor, names: List[str]) -> torch.Tensor:
        if len(names) > 5:
            raise RuntimeError("too many names")
        return torch.cat([x for _ in names], 0)[0:x.size(0)]

    @torch.jit.export
    def pairs(self, x: torch.Tensor) -> Pair:
        return Pair(x, 3)

    @torch.jit.export
    def color(self, x: int) -> Color:
        return Color.RED if x > 0 else Color.BLUE


@torch.jit.script
class Counter:
    def __init__(self, start: int):
        self.count = start
        self.seen: List[int] = []

    def step(self) -> int:
        self.count += 1
        self.seen.append(self.count)
        return self.count


class Stateful(torch.nn.Module):
    """An object of a class, and a state of its own."""
    def __init__(self):
        super().__init__()
        self.weight = torch.randn(3)
        self.counter = Counter(2)

    @torch.jit.export
    def __getstate__(self) -> Tuple[torch.Tensor, int, bool]:
        return self.weight * 2, 5, self.training

    @torch.jit.export
    def __setstate__(self, state: Tuple[torch.Tensor, int, bool]) -> None:
        self.weight = state[0] / 2
        self.counter = Counter(state[1])
        self.training = state[2]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight + self.counter.step()


class Constants(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4, bias=False)

    def forward(self, x):
        return self.linear(x) + torch.tensor([1.0, 2.0, 3.0, 4.0]) * torch.arange(4) + torch.nn.functional.interpolate(
            x[None, None], scale_factor=2.0, mode="nearest").sum()


class Archive(torch.nn.Module):
    """Something of one's own that is called as an operator is."""
    def __init__(self):
        super().__init__()
        self.from_file = 2.0

    @torch.jit.export
    def save(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return x * len(name)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.save(x, "x") * self.from_file


class Innocent(torch.nn.Module):
    """Names and texts that a careless screen would take for harm."""
    save: torch.Tensor

    def __init__(self):
        super().__init__()
        self.save = torch.ones(1)
        self.archive = Archive()
        self.note = "torch.save(x, 'f'); ops.aten.from_file"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # torch.save(x, "file")
        y = self.archive.save(x, "text") + self.archive(x) + self.save
        if x.sum() > 1e9:
            raise RuntimeError("x.save('file') rpc_sync(1)")
        return y + len(self.note) + self.archive.from_file


class Sparse(torch.nn.Module):
    """A tensor whose indices libtorch believes."""
    def __init__(self):
        super().__init__()
        self.map = torch.eye(3).to_sparse()
        self.rows = torch.sparse_coo_tensor([[0, 2]], torch.randn(2, 4), (3, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.mm(self.map, x) + self.rows.to_dense().sum()


def quantized():
    """Packed parameters, which are objects of libtorch's own classes."""
    torch.backends.quantized.engine = "fbgemm" if "fbgemm" in torch.backends.quantized.supported_engines else "qnnpack"
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU())
    return torch.jit.script(torch.quantization.quantize_dynamic(net, {torch.nn.Linear}, dtype=torch.qint8))


def make(folder):
    """Writes them all; returns their paths."""
    torch.manual_seed(0)
    layers = Layers().eval()
    models = {
        "layers": lambda: torch.jit.script(layers),
        "traced": lambda: torch.jit.trace(layers, torch.randn(1, 1, 4, 4)),
        "attributes": lambda: torch.jit.script(Attributes()),
        "stateful": lambda: torch.jit.script(Stateful()),
        "constants": lambda: torch.jit.trace(Constants(), torch.randn(4, 4)),
        "frozen": lambda: torch.jit.freeze(torch.jit.script(layers)),
        "quantized": quantized,
        "sparse": lambda: torch.jit.script(Sparse()),
        "innocent": lambda: torch.jit.script(Innocent()),
    }
    paths = []
    for name, build in models.items():
        path = os.path.join(folder, f"{name}.pt")
        with warnings.catch_warnings():
            # Tracing tells what it makes a constant.
            warnings.simplefilter("ignore")
            build().save(path)
        paths.append(path)
    return paths


# Sources for a module with a parameter `weight` and the attributes `scale` and `count`; they are malformed by tests/HostileWorker.
SOURCES = ["""def forward(self, x: Tensor):
    return x * self.weight
""", """def forward(self, x: Tensor, n: int = 3, scale: Optional[float] = None) -> Tuple[Tensor, List[int]]:
    steps: List[int] = []
    total = torch.zeros_like(x)
    for i in range(n):
        if i % 2 == 0 and scale is not None:
            total += x * scale
        elif i > 4:
            total = total - self.weight
        else:
            total = self.helper(total)
        steps.append(i)
    while float(total.sum()) > 1e3:
        total = total / 10
    return total, steps

def helper(self, x: Tensor) -> Tensor:
    return x + self.count
""", """def forward(self, x: Tensor) -> Dict[str, Tensor]:
    result: Dict[str, Tensor] = {}
    result["a"] = x[..., 0:2]
    result['b'] = torch.cat([x, x], dim=0)
    for name, value in result.items():
        assert value.dim() >= 0, "message"
    items = [torch.relu(v) for v in result.values()]
    text = "{} of {}".format(len(items), 3)
    if text == "":
        raise RuntimeError("never")
    return {"c": items[0] if len(items) > 0 else x, "d": -x ** 2}
""", """def forward(self, xs: List[Tensor], flag: bool) -> Optional[Tensor]:
    # type: ignored
    best: Optional[Tensor] = None
    for i, x in enumerate(xs):
        y, z = x.min(), x.max()
        if not flag or y.item() < 0.5 * self.scale:
            continue
        best = torch.nn.functional.linear(x, x.t()) @ z
        del y
        break
    pair = (best, 1 + 2j)
    return pair[0]
""", """def forward(self, x):
    a = annotate(List[Tuple[int, float]], [])
    with torch.no_grad():
        b = torch.zeros([2, 3], dtype=6)
    c = isinstance(x, Tensor)
    d = torch.jit.fork(self.other, x)
    return torch.jit.wait(d), a, b, c

def other(self, x):
    # type: (Tensor) -> Tensor
    print("x", x.shape, 1, 2.5e-3)
    return torch.add(x, self.weight, alpha=2) if bool(x.any()) else x.float()
"""]
