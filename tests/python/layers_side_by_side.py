"""Builds models of layers with ReproTorch and with Python's torch.nn on the same libtorch: with one seed, everything must be alike.

For each case and 20 seeds: the names of the state_dict in their order; dtype and bits of every initial value; the next number
that the generator gives; the outputs in eval mode and in training mode (dropout and all) for one seed, of our file run by Python;
the state that these runs leave. For some of the seeds also: the outputs with gradients on, and those of our file run by
ReproTorch; and the file goes to Python, is saved there, loaded and saved by ReproTorch, and loaded by Python again: same names,
same bits. The signatures of all layers are compared too, and each must have a case.

tests/LayerBuilder does ReproTorch's part; LAYER_BUILDER names another one. Arguments choose cases by a part of a layer's text.
"""
import collections
import inspect
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SEEDS = range(20)
# What says nothing new with each seed, and costs most: the way there and back, and runs by ReproTorch.
FEW_SEEDS = 4
warnings.simplefilter("ignore")


def floats(*shape):
    return lambda: torch.randn(*shape, generator=GENERATOR)


def indices(limit, *shape):
    return lambda: torch.randint(0, limit, shape, generator=GENERATOR)


def bools(*shape):
    return lambda: torch.rand(*shape, generator=GENERATOR) > 0.7


GENERATOR = torch.Generator()

LINE, IMAGE, VOLUME = floats(4, 6, 20), floats(3, 4, 9, 11), floats(2, 4, 7, 8, 9)
SEQUENCE = floats(5, 3, 8)

# Layers (a list, or a dict of names), and what makes the inputs.
CASES = [
    # linear
    (["Linear(20, 30)"], [floats(4, 20)]),
    (["Linear(20, 30, bias=False)"], [floats(2, 3, 20)]),
    (["Linear(7, 5, dtype=torch.float64)"], [lambda: floats(3, 7)().double()]),
    (["Linear(1, 1)"], [floats(2, 1)]),
    (["Linear(0, 3)"], [floats(2, 0)]),
    (["Identity(54, None)"], [LINE]),
    (["Bilinear(5, 6, 4)"], [floats(3, 5), floats(3, 6)]),
    (["CosineSimilarity(dim=1, eps=1e-6)"], [floats(4, 9), floats(4, 9)]),
    (["PairwiseDistance(p=3.0, keepdim=True)"], [floats(4, 9), floats(4, 9)]),
    # convolutions
    (["Conv1d(6, 9, 3)"], [LINE]),
    (["Conv1d(6, 12, 4, stride=2, padding=3, dilation=2, groups=3, bias=False)"], [LINE]),
    (["Conv2d(4, 16, 3, padding=1)"], [IMAGE]),
    (["Conv2d(4, 8, (3, 5), stride=(2, 1), padding=(0, 2), groups=2)"], [IMAGE]),
    (["Conv2d(4, 8, (3, 4), padding='same', dilation=(1, 2), padding_mode='reflect')"], [IMAGE]),
    (["Conv2d(4, 8, 3, padding='same')"], [IMAGE]),
    (["Conv2d(4, 8, 3, padding='valid', padding_mode='replicate')"], [IMAGE]),
    (["Conv2d(4, 8, 3, padding=(2, 1), padding_mode='circular')"], [IMAGE]),
    (["Conv3d(4, 6, 3, padding=1)"], [VOLUME]),
    (["Conv3d(4, 6, (1, 2, 3), stride=(1, 2, 1), padding_mode='replicate', padding=1)"], [VOLUME]),
    (["ConvTranspose1d(6, 9, 3, stride=2, padding=1, output_padding=1)"], [LINE]),
    (["ConvTranspose2d(4, 8, 3, stride=2, groups=2, dilation=2)"], [IMAGE]),
    (["ConvTranspose2d(4, 6, (3, 2), bias=False)"], [IMAGE]),
    (["ConvTranspose3d(4, 6, 2, stride=2)"], [VOLUME]),
    # recurrent
    (["RNN(8, 6)"], [SEQUENCE]),
    (["RNN(8, 6, 2, nonlinearity='relu', bidirectional=True, dropout=0.4)"], [SEQUENCE]),
    (["LSTM(8, 6)"], [SEQUENCE]),
    (["LSTM(8, 6, 3, batch_first=True, dropout=0.3, bidirectional=True)"], [SEQUENCE]),
    (["LSTM(8, 6, 2, bias=False, proj_size=4)"], [floats(5, 8)]),
    (["LSTM(8, 6)"], [SEQUENCE, lambda: (floats(1, 3, 6)(), floats(1, 3, 6)())]),
    (["GRU(8, 6, num_layers=2, dropout=0.5)"], [SEQUENCE]),
    (["GRU(8, 6, 1, False, True)"], [SEQUENCE, floats(1, 5, 6)]),
    (["RNNCell(8, 6)"], [floats(3, 8)]),
    (["RNNCell(8, 6, nonlinearity='relu', bias=False)"], [floats(8), floats(6)]),
    (["LSTMCell(8, 6)"], [floats(3, 8)]),
    (["LSTMCell(8, 6, bias=False)"], [floats(8)]),
    (["GRUCell(8, 6)"], [floats(3, 8), floats(3, 6)]),
    # embeddings
    (["Embedding(10, 5)"], [indices(10, 4, 3)]),
    (["Embedding(10, 5, padding_idx=-2)"], [indices(10, 4, 3)]),
    (["Embedding(10, 5, 0, max_norm=1.0, norm_type=1.5)"], [indices(10, 4, 3)]),
    (["EmbeddingBag(10, 5)"], [indices(10, 4, 3)]),
    (["EmbeddingBag(10, 5, mode='max', padding_idx=3)"], [indices(10, 4, 3)]),
    (["EmbeddingBag(10, 5, max_norm=0.7, mode='sum', include_last_offset=True)"],
     [indices(10, 12), lambda: torch.tensor([0, 4, 4, 12])]),
    (["EmbeddingBag(10, 5, mode='sum')"], [indices(10, 4, 3), lambda: None, floats(4, 3)]),
    # attention
    (["MultiheadAttention(8, 2)"], ["self", SEQUENCE]),
    (["MultiheadAttention(8, 2, dropout=0.3, batch_first=True)"], ["self", SEQUENCE]),
    (["MultiheadAttention(8, 4, batch_first=True)"], ["self", SEQUENCE]),
    (["MultiheadAttention(8, 4, batch_first=True)"], ["self", SEQUENCE, bools(5, 3)]),
    (["MultiheadAttention(8, 4, batch_first=True)"], ["self", SEQUENCE, lambda: None, lambda: False]),
    (["MultiheadAttention(9, 3, batch_first=True)"], ["self", floats(2, 4, 9)]),
    (["MultiheadAttention(8, 2)"], ["self", SEQUENCE, lambda: None, lambda: True, bools(5, 5), lambda: False]),
    (["MultiheadAttention(8, 2, bias=False)"], ["self", SEQUENCE]),
    (["MultiheadAttention(8, 2)"], ["self", floats(5, 8)]),
    (["MultiheadAttention(8, 2, add_bias_kv=True, add_zero_attn=True)"], ["self", SEQUENCE, bools(3, 5)]),
    (["MultiheadAttention(8, 2, add_bias_kv=True, batch_first=True)"],
     ["self", SEQUENCE, lambda: None, lambda: True, floats(3, 3)]),
    (["MultiheadAttention(8, 2, bias=False)"], [SEQUENCE, floats(7, 3, 8), "as 2"]),
    (["MultiheadAttention(8, 2)"], [SEQUENCE, floats(7, 3, 8), floats(7, 3, 8)]),
    (["MultiheadAttention(8, 2, bias=False)"], [SEQUENCE, "as 1", floats(5, 3, 8)]),
    (["MultiheadAttention(8, 2)"], [SEQUENCE, floats(7, 3, 8), "as 2"]),
    (["MultiheadAttention(8, 2, kdim=6, vdim=10)"], [SEQUENCE, floats(7, 3, 6), floats(7, 3, 10)]),
    (["MultiheadAttention(8, 2, kdim=6, vdim=10, bias=False, batch_first=True)"], [SEQUENCE, floats(5, 7, 6), floats(5, 7, 10)]),
    # transformer
    (["TransformerEncoderLayer(8, 2, 16)"], [SEQUENCE]),
    (["TransformerEncoderLayer(8, 2, 16, batch_first=True)"], [SEQUENCE]),
    (["TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True, activation='gelu')"], [SEQUENCE]),
    (["TransformerEncoderLayer(8, 2, 16, 0.0, F.gelu, 1e-6, norm_first=True)"], [SEQUENCE]),
    (["TransformerEncoderLayer(9, 3, 16, batch_first=True)"], [floats(2, 5, 9)]),
    (["TransformerEncoderLayer(8, 2, 16, batch_first=True)"], [SEQUENCE, lambda: None, bools(5, 3)]),
    (["TransformerEncoderLayer(8, 2, 16, batch_first=True)"], [SEQUENCE, bools(3, 3)]),
    (["TransformerEncoderLayer(8, 2, 16)", "TransformerEncoderLayer(8, 4, 12, 0.4)"], [SEQUENCE]),
    (["TransformerEncoder(TransformerEncoderLayer(8, 2, 16), num_layers=2, norm=LayerNorm(8))"], [SEQUENCE]),
    (["TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 3)"], [SEQUENCE]),
    (["TransformerEncoder(TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)"],
     [SEQUENCE, lambda: None, lambda: torch.tensor([[False, False, False], [False, False, True]] + [[False, True, True]] * 3)]),
    (["TransformerEncoder(TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)"], [SEQUENCE, bools(3, 3)]),
    # normalizations
    (["BatchNorm1d(6)"], [LINE]),
    (["BatchNorm1d(6)"], [floats(5, 6)]),
    (["BatchNorm2d(4)"], [IMAGE]),
    (["BatchNorm2d(4, momentum=None)"], [IMAGE]),
    (["BatchNorm2d(4, 1e-3, 0.3, affine=False)"], [IMAGE]),
    (["BatchNorm2d(4, track_running_stats=False)"], [IMAGE]),
    (["BatchNorm3d(4, dtype=torch.float64)"], [lambda: VOLUME().double()]),
    (["InstanceNorm1d(6)"], [LINE]),
    (["InstanceNorm2d(4, affine=True, track_running_stats=True)"], [IMAGE]),
    (["InstanceNorm2d(4)"], [floats(4, 9, 11)]),
    (["InstanceNorm3d(4, track_running_stats=True)"], [VOLUME]),
    (["GroupNorm(2, 4)"], [IMAGE]),
    (["GroupNorm(4, 4, affine=False)"], [IMAGE]),
    (["LayerNorm(20)"], [LINE]),
    (["LayerNorm((9, 11), eps=1e-3)"], [IMAGE]),
    (["LayerNorm([9, 11], elementwise_affine=False)"], [IMAGE]),
    (["LocalResponseNorm(3)"], [IMAGE]),
    (["LocalResponseNorm(2, alpha=0.01, k=2)"], [LINE]),
    (["CrossMapLRN2d(3)"], [IMAGE]),
    (["CrossMapLRN2d(5, 0.01, 0.5, 2)"], [floats(2, 9, 4, 4)]),
    # activations
    (["ReLU"], [LINE]),
    (["ReLU(inplace=True)"], [LINE]),
    (["ReLU6"], [lambda: LINE() * 5]),
    (["LeakyReLU(0.2)"], [LINE]),
    (["PReLU"], [LINE]),
    (["PReLU(6, init=0.1)"], [LINE]),
    (["RReLU"], [LINE]),
    (["RReLU(0.1, 0.5, inplace=True)"], [LINE]),
    (["ELU(1.3)"], [LINE]),
    (["SELU"], [LINE]),
    (["CELU(0.7)"], [LINE]),
    (["GELU"], [LINE]),
    (["GELU(approximate='tanh')"], [LINE]),
    (["SiLU"], [LINE]),
    (["Mish(True)"], [LINE]),
    (["Sigmoid"], [LINE]),
    (["LogSigmoid"], [LINE]),
    (["Hardsigmoid"], [LINE]),
    (["Hardswish(inplace=True)"], [LINE]),
    (["Hardtanh(-2, 0.5)"], [LINE]),
    (["Hardtanh(min_value=-0.3)"], [LINE]),
    (["Hardshrink(0.3)"], [LINE]),
    (["Softshrink(0.2)"], [LINE]),
    (["Softplus"], [LINE]),
    (["Softplus(beta=2, threshold=3)"], [LINE]),
    (["Softsign"], [LINE]),
    (["Tanh"], [LINE]),
    (["Tanhshrink"], [LINE]),
    (["Threshold(0.1, 20)"], [LINE]),
    (["GLU"], [LINE]),
    (["GLU(dim=1)"], [LINE]),
    (["Softmax(dim=-1)"], [LINE]),
    (["Softmax"], [LINE]),
    (["Softmin(1)"], [IMAGE]),
    (["Softmin"], [IMAGE]),
    (["LogSoftmax(dim=1)"], [IMAGE]),
    (["Softmax2d"], [IMAGE]),
    # poolings
    (["MaxPool1d(3)"], [LINE]),
    (["MaxPool2d(2)"], [IMAGE]),
    (["MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), ceil_mode=True)"], [IMAGE]),
    (["MaxPool2d(2, return_indices=True)"], [IMAGE]),
    (["MaxPool3d(2, 1)"], [VOLUME]),
    (["AvgPool1d(3, stride=2, padding=1)"], [LINE]),
    (["AvgPool2d(3, padding=1, count_include_pad=False, ceil_mode=True)"], [IMAGE]),
    (["AvgPool2d((2, 3), divisor_override=5)"], [IMAGE]),
    (["AvgPool3d(2)"], [VOLUME]),
    (["AdaptiveAvgPool1d(7)"], [LINE]),
    (["AdaptiveAvgPool2d((1, 1))"], [IMAGE]),
    (["AdaptiveAvgPool2d((None, 5))"], [IMAGE]),
    (["AdaptiveAvgPool3d(3)"], [VOLUME]),
    (["AdaptiveMaxPool1d(7)"], [LINE]),
    (["AdaptiveMaxPool2d((4, None), return_indices=True)"], [IMAGE]),
    (["AdaptiveMaxPool3d((2, None, 4))"], [VOLUME]),
    (["LPPool1d(2, 3)"], [LINE]),
    (["LPPool2d(1.2, (3, 2), stride=2, ceil_mode=True)"], [lambda: IMAGE().abs()]),
    (["FractionalMaxPool2d(3, output_size=(5, 6))"], [IMAGE]),
    (["FractionalMaxPool2d(2, output_ratio=(0.5, 0.6), return_indices=True)"], [IMAGE]),
    (["FractionalMaxPool3d(2, output_ratio=0.5)"], [VOLUME]),
    # paddings
    (["ConstantPad1d(2, 3.5)"], [LINE]),
    (["ConstantPad2d((1, 2, 0, -1), -1)"], [IMAGE]),
    (["ConstantPad3d((1, 2, 0, 1, 1, 0), float('-inf'))"], [VOLUME]),
    (["ReflectionPad1d((3, 1))"], [LINE]),
    (["ReflectionPad2d(2)"], [IMAGE]),
    (["ReflectionPad3d(1)"], [VOLUME]),
    (["ReplicationPad1d(2)"], [LINE]),
    (["ReplicationPad2d((1, 0, 2, 3))"], [IMAGE]),
    (["ReplicationPad3d(1)"], [VOLUME]),
    (["ZeroPad2d((1, 2, 3, 4))"], [IMAGE]),
    # dropouts
    (["Dropout"], [LINE]),
    (["Dropout(0.2, inplace=True)"], [LINE]),
    (["Dropout(0)"], [LINE]),
    (["Dropout(1)"], [LINE]),
    (["Dropout1d(0.4)"], [LINE]),
    (["Dropout1d(0.4)"], [floats(6, 20)]),
    (["Dropout2d(p=0.4)"], [IMAGE]),
    (["Dropout3d()"], [VOLUME]),
    (["Dropout3d(0.5)"], [floats(4, 7, 8, 9)]),
    (["AlphaDropout(0.3)"], [LINE]),
    (["FeatureAlphaDropout(0.3)"], [IMAGE]),
    # shapes and images
    (["Flatten"], [IMAGE]),
    (["Flatten(0, 2)"], [IMAGE]),
    (["Unflatten(1, (2, -1))"], [LINE]),
    (["Unflatten(-1, [4, 5])"], [LINE]),
    (["Unfold((2, 3), dilation=2, padding=1, stride=2)"], [IMAGE]),
    (["Fold((4, 5), (2, 2))"], [floats(3, 8, 12)]),
    (["PixelShuffle(2)"], [IMAGE]),
    (["PixelUnshuffle(3)"], [floats(2, 2, 6, 9)]),
    (["ChannelShuffle(2)"], [IMAGE]),
    (["Upsample(scale_factor=2)"], [IMAGE]),
    (["Upsample(size=13)"], [LINE]),
    (["Upsample(size=(13, 7), mode='bilinear', align_corners=True)"], [IMAGE]),
    (["Upsample(scale_factor=(1.5, 2.3), mode='bicubic')"], [IMAGE]),
    (["Upsample(scale_factor=1.7, mode='linear', recompute_scale_factor=True)"], [LINE]),
    (["Upsample(scale_factor=1.7, mode='trilinear')"], [VOLUME]),
    (["Upsample(scale_factor=0.6, mode='area')"], [VOLUME]),
    (["Upsample(scale_factor=1.3, mode='nearest-exact')"], [IMAGE]),
    (["UpsamplingNearest2d(scale_factor=2)"], [IMAGE]),
    (["UpsamplingBilinear2d(size=(12, 13))"], [IMAGE]),
    # networks
    (["Conv2d(1, 16, 3, padding=1)", "BatchNorm2d(16)", "ReLU", "MaxPool2d(2)", "Conv2d(16, 32, 3)", "ReLU()", "AdaptiveAvgPool2d(2)",
      "Flatten", "Dropout(0.5)", "Linear(32 * 2 * 2, 10)", "LogSoftmax(dim=1)"], [floats(4, 1, 12, 12)]),
    ({"first": "Linear(8, 16)", "act": "GELU", "drop": "Dropout(0.25)", "last": "Linear(16, 2)"}, [floats(5, 8)]),
    (["Embedding(20, 8)", "TransformerEncoderLayer(8, 2, 32, batch_first=True)", "Flatten", "Linear(48, 3)"], [indices(20, 4, 6)]),
    (["Sequential(Linear(8, 8), Sequential(ReLU(), Dropout(0.1)), LayerNorm(8))", "nn.Linear(8, 4)", "torch.nn.Softmax(dim=1)"], [floats(5, 8)]),
    (["Conv1d(6, 12, 3)", "BatchNorm1d(12)", "PReLU(12)", "AvgPool1d(2)", "Dropout1d(0.3)", "Flatten()", "Linear(108, 5)"], [LINE]),
]

NAMES = {**vars(nn), "nn": nn, "torch": torch, "F": F}


class Builder:
    """tests/LayerBuilder, one request a line."""

    def __init__(self):
        built = sorted((ROOT / "artifacts" / "bin" / "LayerBuilder").glob("*/LayerBuilder.dll"), key=lambda path: path.stat().st_mtime)
        if "LAYER_BUILDER" not in os.environ and not built:
            sys.exit("tests/LayerBuilder is not built: run ./build.sh build")
        program = os.environ.get("LAYER_BUILDER") or str(built[-1])
        command = ["dotnet", program] if program.endswith(".dll") else [program]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **request):
        """What went wrong; None when nothing did."""
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline() or '"the builder has ended"')


class Tally:
    def __init__(self):
        self.passed = self.failed = 0
        self.shown = collections.Counter()

    def check(self, case, what, condition, detail=""):
        self.passed += bool(condition)
        self.failed += not condition
        if not condition:
            self.shown[case] += 1
            if self.shown[case] <= 3:
                print(f"FAILED {case}: {what} {detail}")
        return condition


def build(layers):
    def make(text):
        made = eval(text, NAMES)
        return made() if isinstance(made, type) else made
    if isinstance(layers, dict):
        return nn.Sequential(collections.OrderedDict((name, make(text)) for name, text in layers.items()))
    return nn.Sequential(*[make(text) for text in layers])


def make_inputs(makers):
    GENERATOR.manual_seed(77)
    if makers[0] == "self":
        query = makers[1]()
        return [query, query, query] + [maker() for maker in makers[2:]]
    inputs = []
    for maker in makers:
        inputs.append(inputs[int(maker[3:]) - 1] if isinstance(maker, str) else maker())
    return inputs


def fresh(inputs):
    """Copies for one run: a layer may work in place. What is one tensor stays one."""
    copies = {}

    def copy(value):
        if isinstance(value, tuple):
            return tuple(copy(item) for item in value)
        return copies.setdefault(id(value), value.clone()) if isinstance(value, torch.Tensor) else value
    return [copy(value) for value in inputs]


def flatten(value, name="output"):
    if isinstance(value, torch.Tensor):
        return {name: value.detach()}
    if value is None:
        return {}
    return {key: item for i, part in enumerate(value) for key, item in flatten(part, f"{name}.{i}").items()}


def same(left, right):
    """Same names in the same order, dtypes, shapes and bits."""
    return list(left) == list(right) and all(
        a.dtype == b.dtype and a.shape == b.shape and a.contiguous().numpy().tobytes() == b.contiguous().numpy().tobytes()
        for a, b in zip(left.values(), right.values()))


def run(call, inputs, seed, gradients=False):
    torch.manual_seed(seed)
    with torch.set_grad_enabled(gradients):
        return flatten(call(*fresh(inputs)))


def attempt(call, inputs, seed, gradients=False):
    """The same of what is under test: what raises gives nothing, and is told."""
    try:
        return run(call, inputs, seed, gradients)
    except RuntimeError as error:
        print(error)
        return {}


def read_outputs(path):
    return {key: torch.from_numpy(value) for key, value in np.load(path).items()}


def check_seed(tally, builder, folder, layers, inputs, seed):
    label = " | ".join(layers if isinstance(layers, list) else layers.values()) + f" seed {seed}"
    model, draw, back, again, given, outputs = (str(folder / name) for name in (
        "model.pt", "draw.npz", "back.pt", "again.pt", "inputs.npz", "outputs.npz"))
    named = layers if isinstance(layers, dict) else {str(i): layer for i, layer in enumerate(layers)}
    fault = builder.ask(layers=named, seed=seed, model=model, draw=draw)
    if not tally.check(label, "is built", fault is None, fault):
        return
    torch.manual_seed(seed)
    reference = build(layers)
    following = torch.rand(1)
    ours = torch.jit.load(model)
    initial = {key: value.clone() for key, value in reference.state_dict().items()}
    tally.check(label, "names", list(initial) == list(ours.state_dict()), (list(initial), list(ours.state_dict())))
    tally.check(label, "initial values", same(initial, ours.state_dict()))
    tally.check(label, "named_parameters",
                [(n, p.requires_grad) for n, p in reference.named_parameters()] == [(n, p.requires_grad) for n, p in ours.named_parameters()])
    tally.check(label, "the generator afterwards", same({"next": following}, read_outputs(draw)))
    tally.check(label, "is in training mode", ours.training)

    if seed < FEW_SEEDS:
        torch.jit.save(ours, back)
        fault = builder.ask(copy=back, model=again)
        tally.check(label, "there and back", fault is None and same(initial, torch.jit.load(again).state_dict()), fault)

    # Alone, a layer takes all that it takes in Python.
    whole = reference if len(reference) > 1 else reference[0]
    plain = all(isinstance(value, torch.Tensor) for value in inputs) and len({id(value) for value in inputs}) == len(inputs)
    by_us = plain and seed < FEW_SEEDS
    if by_us:
        np.savez(given, **{f"input_{i}": value.numpy() for i, value in enumerate(inputs)})
    for training in (False, True):
        mode = "training mode" if training else "eval mode"
        reference.train(training)
        ours.train(training)
        for repetition in range(2):
            expected = run(whole, inputs, seed + 1000)
            tally.check(label, f"output in {mode}", same(expected, attempt(ours, inputs, seed + 1000)))
            # A run may change the model: each side has its own from then on.
            if repetition == 0 and by_us:
                fault = builder.ask(run=model, inputs=given, seed=seed + 1000, training=training, outputs=outputs)
                first = expected if not training or not changes(reference, initial) else run(fresh_reference(layers, seed), inputs, seed + 1000)
                tally.check(label, f"output in {mode}, run by ReproTorch", fault is None and same(first, read_outputs(outputs)), fault)
    # With gradients attention goes another way.
    if seed < FEW_SEEDS:
        for mode in (False, True):
            reference.train(mode)
            ours.train(mode)
            expected = run(whole, inputs, seed, gradients=True)
            tally.check(label, "output with gradients", same(expected, attempt(ours, inputs, seed, gradients=True)))
    tally.check(label, "state after the runs", same(reference.state_dict(), ours.state_dict()))


def changes(reference, initial):
    return not same(reference.state_dict(), initial)


def fresh_reference(layers, seed):
    torch.manual_seed(seed)
    made = build(layers)
    return made if len(made) > 1 else made[0]


def check_signatures(tally, builder, folder, kinds):
    """Parameters, their order and their defaults; and that each layer has had a case."""
    path = folder / "signatures.txt"
    fault = builder.ask(signatures=str(path))
    tally.check("signatures", "are told", fault is None, fault)
    for line in path.read_text().splitlines():
        name, _, parameters = line.partition("(")
        ours = inspect.signature(eval(f"lambda {parameters[:-1]}: None", {"inf": float("inf")}))
        if name in ("Identity", "Sequential"):
            expected = inspect.signature(lambda *args: None)
        else:
            base = nn.RNNBase if name in ("RNN", "LSTM", "GRU") else getattr(nn, name)
            theirs = list(inspect.signature(base.__init__).parameters.values())[1:]
            # Not for text: tensors. RNNBase serves three layers. The function of the name 'relu' is F.relu.
            hidden = {"_weight", "_random_samples", "mode" if base is nn.RNNBase else "", "proj_size" if name in ("RNN", "GRU") else ""}
            plain = [parameter.replace(annotation=parameter.empty) for parameter in theirs if parameter.name not in hidden]
            plain = [parameter.replace(default="relu") if parameter.default is F.relu else parameter for parameter in plain]
            if name == "RNN":
                tail = [parameter.replace(kind=parameter.KEYWORD_ONLY) for parameter in plain[-2:]]
                plain = plain[:-2] + [inspect.Parameter("nonlinearity", inspect.Parameter.KEYWORD_ONLY, default="tanh")] + tail
            expected = inspect.Signature(plain)
        tally.check(name, "signature", ours == expected, f"{ours} {expected}")
        tally.check(name, "has a case", name in kinds)


def main():
    tally = Tally()
    builder = Builder()
    words = sys.argv[1:]
    kinds = set()
    with tempfile.TemporaryDirectory() as folder:
        for layers, makers in CASES:
            texts = layers if isinstance(layers, list) else list(layers.values())
            if words and not any(word in text for word in words for text in texts):
                continue
            kinds.update(type(module).__name__ for module in build(layers).modules())
            for seed in SEEDS:
                check_seed(tally, builder, pathlib.Path(folder), layers, make_inputs(makers), seed)
        if not words:
            check_signatures(tally, builder, pathlib.Path(folder), kinds)
    print(f"{len(kinds)} kinds of layers, {len(SEEDS)} seeds each")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 0 if tally.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
