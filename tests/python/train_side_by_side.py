"""Trains a small convolutional network with ReproTorch and with a loop in Python on the same libtorch: every bit must be alike.

For each case: the loss of each step, the learning rates, what the validation gave, all parameters and buffers at the end, and the state
of libtorch's generator. Cases are each optimizer with several sets of options, shuffled and not, over several seeds and batch sizes; each
loss; each schedule; clipping, accumulation, groups, frozen parameters; a module of Python that was scripted, and one that ReproTorch built
from layers. Then trainings that are ended at random steps, or killed, and go on from their checkpoint in another process; the same twice, in two
processes; and two threads.

Then runs: what python/reprotorch_record.py keeps of a loop is what the program keeps of its own training, under the same names.

tests/SideBySideHost does ReproTorch's part; REPROTORCH_SIDE_BY_SIDE names another one, REPROTORCH the program. Arguments choose cases by a part of
their name.
"""
import gzip
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile

import numpy as np
import torch
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
REPROTORCH = os.environ.get("REPROTORCH", str(ROOT / "out" / "ReproTorch" / "reprotorch"))
HOST = os.environ.get("REPROTORCH_SIDE_BY_SIDE", f"dotnet\n{ROOT}/artifacts/bin/SideBySideHost/release/SideBySideHost.dll").split("\n")
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="train-"))
sys.path.insert(0, str(ROOT / "python"))
import reprotorch_record as rr  # noqa: E402

torch.set_num_threads(1)
warnings.simplefilter("ignore")


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, kernel_size=3, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
            nn.Conv2d(8, 16, kernel_size=3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Dropout(0.25), nn.Linear(16 * 4 * 4, 24), nn.ReLU(), nn.Linear(24, 10))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(images))


DENSE = ["Flatten()", "Linear(64, 24)", "BatchNorm1d(24)", "ReLU()", "Dropout(0.25)", "Linear(24, 10)"]


def read_digits():
    with gzip.open(ROOT / "samples" / "digits" / "digits.csv.gz", "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.int64)
    return torch.from_numpy(table[:, :64].astype(np.float32) / 16).reshape(-1, 1, 8, 8), torch.from_numpy(table[:, 64].copy())


IMAGES, LABELS = read_digits()
TARGETS = {
    "classes": LABELS,
    "onehot": nn.functional.one_hot(LABELS, 10).float(),
    "soft": nn.functional.one_hot(LABELS, 10).float() * 0.8 + 0.02,
    "logsoft": (nn.functional.one_hot(LABELS, 10).float() * 0.8 + 0.02).log(),
    "bytes": LABELS.to(torch.uint8),
}


def parse(text, **more):
    """A constructor's text as name and keywords."""
    name, arguments = re.fullmatch(r"(\w+)\((.*)\)", text).groups()
    return name, {**eval(f"dict({arguments})"), **more}


def make_model(case):
    torch.manual_seed(case["layerSeed"])
    if "layers" in case:
        return nn.Sequential(*(eval("nn." + layer) for layer in case["layers"]))
    return Digits()


def make_loss(text):
    name, arguments = parse(text)
    return getattr(nn, name)(**{key: torch.tensor(value) if isinstance(value, list) else value for key, value in arguments.items()})


def train_in_python(case, model, data):
    """The loop that people write, with a DataLoader."""
    groups = case.get("groups", [])
    frozen = case.get("frozen", [])
    name, arguments = parse(case["optimizer"])
    named = [(name, p) for name, p in model.named_parameters()]
    for parameter_name, parameter in named:
        if any(re.fullmatch(pattern.replace(".", r"\.").replace("*", ".*"), parameter_name) for pattern in frozen):
            parameter.requires_grad_(False)
    trained = [(n, p) for n, p in named if p.requires_grad]
    if groups:
        taken = {n for n, _ in trained if n.endswith(groups[0]["pattern"][1:])}
        optimizer = getattr(torch.optim, name)(
            [{"params": [p for n, p in trained if n not in taken]},
             {"params": [p for n, p in trained if n in taken], **parse(groups[0]["optimizer"])[1]}], **arguments)
    else:
        optimizer = getattr(torch.optim, name)([p for _, p in trained], **arguments)
    loss_function = make_loss(case["loss"])
    accumulate = case.get("accumulate", 1)
    batches = len(data["x"]) // case["batchSize"] if case.get("dropLast") else -(-len(data["x"]) // case["batchSize"])
    schedule = None
    if "schedule" in case:
        schedule_name, schedule_arguments = parse(case["schedule"])
        if schedule_name == "OneCycleLR":
            schedule_arguments.setdefault("total_steps", case["epochs"] * -(-batches // accumulate))
        schedule = getattr(torch.optim.lr_scheduler, schedule_name)(optimizer, **schedule_arguments)

    torch.manual_seed(case["seed"])
    dataset = torch.utils.data.TensorDataset(data["x"], data["y"].long() if data["y"].dtype == torch.uint8 else data["y"])
    loader = torch.utils.data.DataLoader(
        dataset, batch_size=case["batchSize"], shuffle=case.get("shuffle", False), drop_last=case.get("dropLast", False))
    validation = None
    if "vx" in data:
        validation = torch.utils.data.DataLoader(
            torch.utils.data.TensorDataset(data["vx"], data["vy"]), batch_size=case.get("validationBatchSize", case["batchSize"]))
    losses, epochs = [], []
    set_to_none = case.get("setGradientsToNone", False)
    for _ in range(case["epochs"]):
        model.train()
        epoch_losses = []
        optimizer.zero_grad(set_to_none=set_to_none)
        for i, (images, labels) in enumerate(loader):
            loss = loss_function(model(images), labels)
            (loss if accumulate == 1 else loss / accumulate).backward()
            epoch_losses.append(loss.item())
            if (i + 1) % accumulate != 0 and i + 1 != batches:
                continue
            if "clipNorm" in case:
                nn.utils.clip_grad_norm_(model.parameters(), case["clipNorm"], norm_type=float(case.get("clipNormType", "2").replace("Infinity", "inf")))
            if "clipValue" in case:
                nn.utils.clip_grad_value_(model.parameters(), case["clipValue"])
            optimizer.step()
            rate = optimizer.param_groups[0]["lr"]
            if schedule is not None and "OneCycle" in case["schedule"] and not (len(losses) + len(epoch_losses) == case["epochs"] * batches):
                schedule.step()
            optimizer.zero_grad(set_to_none=set_to_none)
        losses += epoch_losses
        total = 0.0
        for value in epoch_losses:
            total += value
        epoch = {"loss": total / len(epoch_losses), "metrics": {}}
        if validation is not None:
            model.eval()
            right, validation_loss = 0, 0.0
            with torch.no_grad():
                for images, labels in validation:
                    output = model(images)
                    validation_loss += loss_function(output, labels).item() * len(images)
                    right += (output.argmax(1) == labels).sum().item()
            epoch["metrics"] = {"validationLoss": validation_loss / len(data["vx"]), "validationAccuracy": right / len(data["vx"])}
        epoch["learningRate"] = rate
        if schedule is not None and "OneCycle" not in case["schedule"]:
            if "Plateau" in case["schedule"]:
                schedule.step(epoch["metrics"].get("validationLoss", epoch["loss"]))
            else:
                schedule.step()
        epochs.append(epoch)
    return losses, epochs


class Host:
    """ReproTorch in one process that answers many questions."""

    def __init__(self, threads=1):
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen([*HOST, "training"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"The host ended: {self.process.wait()}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def bits(values):
    return [struct.pack(">d", value).hex() for value in values]


def same_weights(model, path):
    theirs = np.load(path)
    ours = {name: tensor.detach().numpy() for name, tensor in (*model.named_parameters(), *model.named_buffers())}
    if set(ours) != set(theirs.files):
        return f"names differ: {sorted(set(ours) ^ set(theirs.files))}"
    for name, value in ours.items():
        if value.tobytes() != theirs[name].tobytes() or value.dtype != theirs[name].dtype:
            return f"{name} differs by up to {np.abs(value.astype(float) - theirs[name].astype(float)).max()}"
    return None


def prepare(number, case):
    """Writes the model and the data of a case; returns Python's model, the data, and the question."""
    rows = case.get("rows", 260)
    data = {"x": IMAGES[:rows], "y": TARGETS[case.get("target", "classes")][:rows]}
    if case.get("validation"):
        data.update(vx=IMAGES[-200:], vy=TARGETS[case.get("target", "classes")][-200:])
    data_path = FOLDER / f"data-{number}.npz"
    np.savez(data_path, **{name: value.numpy() for name, value in data.items()})
    model = make_model(case)
    question = {key: value for key, value in case.items() if key not in ("name", "rows", "target", "validation")}
    question.update(data=str(data_path), weights=str(FOLDER / f"weights-{number}.npz"))
    if "layers" not in case:
        question["model"] = str(FOLDER / f"model-{number}.pt")
        torch.jit.script(model).save(question["model"])
    return model, data, question


def compare(case, model, losses, epochs, answer, question):
    """What differs first, or None."""
    if "error" in answer:
        return answer["error"]
    ours = bits(losses)
    if ours != answer["losses"]:
        step = next((i for i, (a, b) in enumerate(zip(ours, answer["losses"])) if a != b), min(len(ours), len(answer["losses"])))
        return f"losses part at step {step + 1} of {len(ours)} ({len(answer['losses'])})"
    for i, (a, b) in enumerate(zip(epochs, answer["epochs"])):
        if bits([a["loss"]]) != b["loss"]:
            return f"the mean loss of epoch {i + 1} differs"
        if {key: bits([value]) for key, value in a["metrics"].items()} != b["metrics"]:
            return f"metrics of epoch {i + 1} differ"
        if bits([a["learningRate"]]) != b["learningRate"]:
            return f"the learning rate of epoch {i + 1} differs: {a['learningRate']!r}"
    if torch.get_rng_state().numpy().tobytes().hex() != answer["state"]:
        return "the generator stands elsewhere"
    return same_weights(model, question["weights"])


BASE = {"loss": "CrossEntropyLoss()", "layerSeed": 7, "seed": 3, "epochs": 2, "batchSize": 32}
OPTIMIZERS = [
    "SGD(lr=0.1)",
    "SGD(lr=0.05, momentum=0.9)",
    "SGD(lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3)",
    "SGD(lr=0.05, momentum=0.8, dampening=0.3, weight_decay=0.01)",
    "SGD(lr=1e-3, momentum=0.5, maximize=True)",
    "Adam()",
    "Adam(lr=3e-3, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.01)",
    "Adam(lr=2e-3, amsgrad=True)",
    "Adam(lr=1e-4, maximize=True)",
    "AdamW()",
    "AdamW(lr=5e-3, betas=(0.85, 0.99), weight_decay=0.1)",
    "AdamW(lr=2e-3, amsgrad=True, weight_decay=0.05)",
    "AdamW(lr=1e-4, maximize=True)",
    "RMSprop()",
    "RMSprop(lr=1e-3, alpha=0.9, momentum=0.9, weight_decay=1e-3)",
    "RMSprop(lr=2e-3, centered=True)",
    "RMSprop(lr=1e-3, centered=True, momentum=0.5, eps=1e-6)",
    "Adagrad()",
    "Adagrad(lr=0.05, lr_decay=0.01, weight_decay=1e-3)",
    "Adagrad(lr=0.02, initial_accumulator_value=0.1, eps=1e-8)",
]
LOSSES = [
    ("CrossEntropyLoss(weight=[0.5, 1.0, 2.0, 0.7, 1.1, 0.9, 1.3, 0.1, 1.0, 3.0])", "classes", None),
    ("CrossEntropyLoss(label_smoothing=0.1)", "classes", None),
    ("CrossEntropyLoss(weight=[0.5, 1.0, 2.0, 0.7, 1.1, 0.9, 1.3, 0.1, 1.0, 3.0], label_smoothing=0.2, ignore_index=4)", "classes", None),
    ("CrossEntropyLoss(ignore_index=3, reduction='sum')", "classes", None),
    ("CrossEntropyLoss()", "soft", None),
    ("CrossEntropyLoss()", "bytes", None),
    ("NLLLoss()", "classes", "LogSoftmax(1)"),
    ("NLLLoss(weight=[0.5, 1.0, 2.0, 0.7, 1.1, 0.9, 1.3, 0.1, 1.0, 3.0], ignore_index=2)", "classes", "LogSoftmax(1)"),
    ("NLLLoss(reduction='sum')", "classes", "LogSoftmax(1)"),
    ("MSELoss()", "onehot", None),
    ("MSELoss(reduction='sum')", "onehot", None),
    ("L1Loss()", "onehot", None),
    ("L1Loss(reduction='sum')", "onehot", None),
    ("SmoothL1Loss()", "onehot", None),
    ("SmoothL1Loss(beta=0.3)", "onehot", None),
    ("SmoothL1Loss(beta=0.0, reduction='sum')", "onehot", None),
    ("HuberLoss()", "onehot", None),
    ("HuberLoss(delta=0.4, reduction='sum')", "onehot", None),
    ("BCELoss()", "soft", "Sigmoid()"),
    ("BCELoss(weight=[0.5, 1.0, 2.0, 0.7, 1.1, 0.9, 1.3, 0.1, 1.0, 3.0], reduction='sum')", "onehot", "Sigmoid()"),
    ("BCEWithLogitsLoss()", "onehot", None),
    ("BCEWithLogitsLoss(weight=[0.5, 1.0, 2.0, 0.7, 1.1, 0.9, 1.3, 0.1, 1.0, 3.0], pos_weight=[2.0, 1.0, 1.0, 1.0, 5.0, 1.0, 1.0, 1.0, 1.0, 9.0])",
     "soft", None),
    ("BCEWithLogitsLoss(reduction='sum')", "soft", None),
    ("KLDivLoss()", "soft", "LogSoftmax(1)"),
    ("KLDivLoss(reduction='batchmean')", "soft", "LogSoftmax(1)"),
    ("KLDivLoss(reduction='sum', log_target=True)", "logsoft", "LogSoftmax(1)"),
]
SCHEDULES = [
    "StepLR(step_size=3, gamma=0.3)",
    "StepLR(step_size=1)",
    "MultiStepLR(milestones=[2, 5, 5, 9], gamma=0.7)",
    "MultiStepLR(milestones=[0, 2], gamma=0.7)",
    "ExponentialLR(gamma=0.93)",
    "CosineAnnealingLR(T_max=4)",
    "CosineAnnealingLR(T_max=5, eta_min=1e-3)",
    "OneCycleLR(max_lr=0.2)",
    "OneCycleLR(max_lr=0.1, pct_start=0.2, anneal_strategy='linear', div_factor=10.0, final_div_factor=100.0)",
    "OneCycleLR(max_lr=0.1, three_phase=True, base_momentum=0.8, max_momentum=0.9)",
    "OneCycleLR(max_lr=0.05, cycle_momentum=False)",
    "ReduceLROnPlateau(factor=0.5, patience=0, threshold=0.3)",
    "ReduceLROnPlateau(mode='max', factor=0.3, patience=1, cooldown=2, threshold_mode='abs', threshold=0.05, min_lr=1e-3)",
]


def cases():
    for optimizer in OPTIMIZERS:
        for shuffle in (False, True):
            yield {**BASE, "name": f"{optimizer} shuffle={shuffle}", "optimizer": optimizer, "shuffle": shuffle}
    for optimizer in ("SGD(lr=0.05, momentum=0.9)", "Adam()", "AdamW()", "RMSprop()", "Adagrad()"):
        for seed in (0, 1, 42, 2**31 - 1, 2**32, -1):
            for batch_size, drop_last in ((16, False), (50, True)):
                yield {**BASE, "name": f"{optimizer} seed={seed} batch={batch_size} drop_last={drop_last}", "optimizer": optimizer, "shuffle": True,
                       "seed": seed, "layerSeed": abs(seed) % 97, "batchSize": batch_size, "dropLast": drop_last, "rows": 210, "epochs": 2}
    for loss, target, last in LOSSES:
        for optimizer in ("SGD(lr=1e-2, momentum=0.9)", "Adam()"):
            yield {**BASE, "name": f"{loss} {target} {optimizer}", "loss": loss, "target": target, "optimizer": optimizer, "shuffle": True,
                   "layers": DENSE + ([last] if last else [])}
    for schedule in SCHEDULES:
        for optimizer in ("SGD(lr=0.1, momentum=0.9)", "AdamW(lr=5e-3)"):
            yield {**BASE, "name": f"{schedule} {optimizer}", "schedule": schedule, "optimizer": optimizer, "shuffle": True, "layers": DENSE,
                   "epochs": 12, "rows": 100, "validation": "Plateau" in schedule}
    adam = {**BASE, "optimizer": "Adam(lr=3e-3)", "shuffle": True}
    sgd = {**BASE, "optimizer": "SGD(lr=0.1, momentum=0.9)", "shuffle": True}
    for base in (adam, sgd):
        kind = base["optimizer"]
        yield {**base, "name": f"clip norm {kind}", "clipNorm": 0.5}
        yield {**base, "name": f"clip norm 1 {kind}", "clipNorm": 3.0, "clipNormType": "1"}
        yield {**base, "name": f"clip norm inf {kind}", "clipNorm": 0.1, "clipNormType": "Infinity"}
        yield {**base, "name": f"clip value {kind}", "clipValue": 0.01}
        yield {**base, "name": f"accumulate {kind}", "accumulate": 4}
        yield {**base, "name": f"accumulate, clip, one cycle {kind}", "accumulate": 3, "clipNorm": 1.0, "schedule": "OneCycleLR(max_lr=0.05)"}
        yield {**base, "name": f"frozen {kind}", "frozen": ["features.*"]}
        yield {**base, "name": f"set to none {kind}", "setGradientsToNone": True}
        yield {**base, "name": f"validation {kind}", "validation": True, "validationBatchSize": 64}
        yield {**base, "name": f"after runs {kind}", "runsBefore": 5, "layers": ["Flatten()", "Linear(64, 30)", "Tanh()", "Dropout(0.3)", "Linear(30, 10)"]}
        yield {**base, "name": f"batches of one {kind}", "batchSize": 1, "rows": 30, "layers": ["Flatten()", "Linear(64, 10)", "Dropout(0.5)"]}
        yield {**base, "name": f"more than the rows {kind}", "batchSize": 1000}
    yield {**sgd, "name": "groups SGD", "groups": [{"pattern": "*bias", "optimizer": "SGD(lr=0.02, momentum=0.5)"}]}
    yield {**adam, "name": "groups AdamW", "optimizer": "AdamW(lr=3e-3, weight_decay=0.1)",
           "groups": [{"pattern": "*bias", "optimizer": "AdamW(lr=1e-3, weight_decay=0.0)"}], "schedule": "ExponentialLR(gamma=0.5)"}
    yield {**sgd, "name": "groups that inherit SGD", "groups": [{"pattern": "*bias", "optimizer": "SGD(weight_decay=0.5)"}]}
    yield {**adam, "name": "groups that inherit AdamW", "optimizer": "AdamW(lr=3e-3, betas=(0.8, 0.99), weight_decay=0.1, amsgrad=True)",
           "groups": [{"pattern": "*bias", "optimizer": "AdamW(weight_decay=0.0)"}]}
    yield {**sgd, "name": "groups Adagrad", "optimizer": "Adagrad(lr=0.05, initial_accumulator_value=0.1)",
           "groups": [{"pattern": "*bias", "optimizer": "Adagrad(initial_accumulator_value=0.5)"}]}
    yield {**sgd, "name": "works in place", "shuffle": False, "layers": ["LeakyReLU(0.5, inplace=True)", "Flatten()", "Linear(64, 10)"], "validation": True}
    yield {**adam, "name": "all digits", "rows": 1437, "epochs": 4, "batchSize": 64, "validation": True}


class Tally:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def tell(self, name, fault):
        if fault is None:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {name}: {fault}", flush=True)


def check_cases(tally, words):
    host = Host()
    for number, case in enumerate(cases()):
        if words and not any(word in case["name"] for word in words):
            continue
        model, data, question = prepare(number, case)
        answer = host.ask({**question, "threads": 1})
        losses, epochs = train_in_python(case, model, data)
        tally.tell(case["name"], compare(case, model, losses, epochs, answer, question))
    host.close()


def check_checkpoints(tally):
    """Ended at random steps and gone on with in another process: as if nothing had been."""
    chance = random.Random(5)
    plans = [
        {**BASE, "optimizer": "SGD(lr=0.05, momentum=0.9)", "shuffle": True, "schedule": "StepLR(step_size=1, gamma=0.5)"},
        {**BASE, "optimizer": "Adam(lr=3e-3, amsgrad=True)", "shuffle": True, "validation": True},
        {**BASE, "optimizer": "AdamW()", "shuffle": False, "accumulate": 3, "clipNorm": 1.0},
        {**BASE, "optimizer": "RMSprop(lr=1e-3, centered=True, momentum=0.9)", "shuffle": True, "schedule": "OneCycleLR(max_lr=0.01)"},
        {**BASE, "optimizer": "Adagrad(lr_decay=0.1)", "shuffle": True, "dropLast": True, "setGradientsToNone": True},
        {**BASE, "optimizer": "SGD(lr=0.1)", "shuffle": True, "validation": True, "schedule": "ReduceLROnPlateau(patience=0, threshold=0.5)"},
    ]
    for number, plan in enumerate(plans):
        plan = {**plan, "epochs": 3}
        model, data, question = prepare(f"resume-{number}", plan)
        losses, epochs = train_in_python(plan, model, data)
        steps = len(losses)
        for attempt in range(3):
            checkpoint = str(FOLDER / f"checkpoint-{number}-{attempt}.npz")
            at = sorted(chance.sample(range(1, steps - 4), 2))
            host = Host()
            answer = host.ask({**question, "threads": 1, "checkpoint": checkpoint, "cancelAfter": at[0]})
            host.close()
            done = len(answer.get("losses", []))
            host = Host()
            answer = host.ask({**question, "threads": 1, "checkpoint": checkpoint, "resume": checkpoint, "cancelAfter": max(1, at[1] - done)})
            host.close()
            if answer.get("end") == "Cancelled":
                host = Host()
                # Another seed of the process before: the checkpoint alone decides.
                answer = host.ask({**question, "threads": 1, "checkpoint": checkpoint, "resume": checkpoint})
                host.close()
            tally.tell(f"gone on at {at}: {plan['optimizer']}", compare(plan, model, losses, epochs, answer, question))


def check_kills(tally):
    """Killed at any moment, most often while it writes a checkpoint: an old or a new one is there, whole, and the training goes on from it."""
    chance = random.Random(9)
    plan = {**BASE, "optimizer": "Adam(lr=3e-3)", "shuffle": True, "epochs": 4, "batchSize": 16, "rows": 200}
    model, data, question = prepare("kill", plan)
    losses, epochs = train_in_python(plan, model, data)
    for attempt in range(6):
        checkpoint = FOLDER / f"killed-{attempt}.npz"
        kills = 0
        while True:
            host = Host()
            going = {**question, "threads": 1, "checkpoint": str(checkpoint), "checkpointEvery": 1}
            if checkpoint.exists():
                going["resume"] = str(checkpoint)
            before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
            host.process.stdin.write(json.dumps(going) + "\n")
            host.process.stdin.flush()
            # From its first new checkpoint on it is killed at a random moment.
            while kills < 3 and host.process.poll() is None and not (checkpoint.exists() and checkpoint.stat().st_mtime_ns != before):
                time.sleep(0.002)
            if kills < 3:
                time.sleep(chance.random() * 0.15)
                host.process.kill()
                kills += 1
                host.process.wait()
                if zipfile.ZipFile(checkpoint).testzip() is not None:
                    tally.tell(f"killed {kills}", "the checkpoint is damaged")
                continue
            answer = json.loads(host.process.stdout.readline())
            host.close()
            break
        tally.tell(f"killed three times, attempt {attempt + 1}", compare(plan, model, losses, epochs, answer, question))


def check_threads(tally):
    """The same twice in two processes, for one thread and for two."""
    case = {**BASE, "optimizer": "Adam(lr=3e-3)", "shuffle": True, "rows": 600, "batchSize": 64}
    model, data, question = prepare("twice", case)
    for threads in (1, 2):
        answers = []
        for _ in range(2):
            host = Host(threads)
            answers.append(host.ask({**question, "threads": threads}))
            host.close()
        tally.tell(f"twice with {threads} threads", None if answers[0] == answers[1] else "two processes differ")
        torch.set_num_threads(threads)
        model = make_model(case)
        losses, epochs = train_in_python(case, model, data)
        torch.set_num_threads(1)
        tally.tell(f"with {threads} threads as Python", compare(case, model, losses, epochs, answers[0], question))


def program(*arguments):
    return subprocess.run([REPROTORCH, *map(str, arguments)], capture_output=True, text=True, timeout=300)


def check_runs(tally):
    """A loop that is recorded by reprotorch_record.py pairs with the program's run of the same training, name by name and bit by bit."""
    dense = {"layers": DENSE, "optimizer": "SGD(lr=0.05, momentum=0.9)", "batchSize": 50, "epochs": 3}
    for number, more in enumerate(({"validation": True}, dense, {**dense, "double": True})):
        case = {**BASE, "optimizer": "Adam()", "rows": 120, "shuffle": True, **more}
        label = f"recorded training {number + 1}"
        model, data, question = prepare(f"run-{number}", case)
        if case.get("double"):
            model = model.double()
            data["x"] = data["x"].double()
        path, files = FOLDER / f"recorded-{number}.pt", {}
        torch.jit.script(model).save(str(path))
        for key, value in data.items():
            files[key] = FOLDER / f"recorded-{number}-{key}.npy"
            np.save(files[key], value.numpy())
        net, python = FOLDER / f"recorded-{number}-net.npz", FOLDER / f"recorded-{number}-python.npz"
        validation = ["--validation-input", files["vx"], "--validation-target", files["vy"]] if "vx" in files else []
        done = program("train", path, "--input", files["x"], "--target", files["y"], "--loss", case["loss"], "--optimizer", case["optimizer"],
                       "--epochs", case["epochs"], "--batch-size", case["batchSize"], "--shuffle", "--seed", case["seed"], "--threads", 1,
                       "-o", FOLDER / f"recorded-{number}-after.pt", "--run", net, *validation)
        tally.tell(f"{label}: by the program", None if done.returncode == 0 else done.stderr)

        losses, epochs = train_in_python(case, model, data)
        steps = len(losses) // case["epochs"]
        losses = [losses[i:i + steps] for i in range(0, len(losses), steps)]
        metrics = {name: [epoch["metrics"][name] for epoch in epochs] for name in epochs[0]["metrics"]}
        inputs = {rr.read(net)[0].inputs[0]["name"]: data["x"], "target": data["y"]}
        run = rr.record_training(model, losses, metrics, seed=case["seed"], inputs=inputs, batch_size=case["batchSize"], model_path=path)
        rr.write(python, run)
        done = program("compare", python, net)
        tally.tell(f"{label}: compared", None if done.returncode == 0 else done.stdout + done.stderr)
        ours, theirs = rr.read(python)[0], rr.read(net)[0]
        tally.tell(f"{label}: names", None if [v.name for v in ours.outputs] == [v.name for v in theirs.outputs] else f"{ours} {theirs}")
        tally.tell(f"{label}: content", None if ours.content_hash() == theirs.content_hash() else "the hashes of the two runs differ")
        told = [(run.seed, run.batch_size, run.model, run.method) for run in (ours, theirs)]
        tally.tell(f"{label}: what else is told", None if told[0] == told[1] else f"{told[0]} {told[1]}")

        # One epoch fewer, and a loss that is another.
        shorter = rr.record_training(model, losses[:-1], {name: values[:-1] for name, values in metrics.items()})
        rr.write(python, shorter, force=True)
        told = program("compare", python, net)
        tally.tell(f"{label}: cut short", None if told.returncode == 1 and f"all {len(losses[:-1]) * steps} steps that both have are the same" in told.stdout
                   else told.stdout + told.stderr)
        losses[0][1] += 1
        rr.write(python, rr.record_training(model, losses, metrics), force=True)
        told = program("compare", python, net)
        tally.tell(f"{label}: another loss", None if told.returncode == 1 and "First difference: loss at (1,) (step 2), " in told.stdout
                   else told.stdout + told.stderr)

    model = nn.Linear(2, 1)
    for name, kind, call in (
            ("a flat list", TypeError, lambda: rr.record_training(model, [0.5, 0.25])),
            ("a tensor", TypeError, lambda: rr.record_training(model, torch.tensor([0.5, 0.25]))),
            ("an epoch of nothing", ValueError, lambda: rr.record_training(model, [[0.5], []])),
            ("too few metrics", ValueError, lambda: rr.record_training(model, [[0.5], [0.25]], {"accuracy": [1]})),
            ("a metric's name", ValueError, lambda: rr.record_training(model, [[0.5]], {"loss": [1]}))):
        try:
            call()
            tally.tell(f"{name} for losses", "was taken")
        except kind:
            tally.tell(f"{name} for losses", None)
    for name, losses, dtype in (
            ("numbers of float32", [[0.5, float("nan")]], "float32"), ("numbers that are no float32", [[0.1]], "float64"),
            ("tensors", [[torch.tensor(0.5, dtype=torch.float64)]], "float64"), ("a tensor an epoch", [torch.tensor([0.5, 0.1])], "float32"),
            ("half", [[torch.tensor(0.5, dtype=torch.float16)]], "float64"), ("too large", [[1e300]], "float64"), ("none", [], "float32")):
        found = rr.record_training(model, losses).outputs[0]
        tally.tell(f"losses as {name}", None if (found.name, found.dtype) == ("loss", dtype) else f"{found}")


def main(words):
    tally = Tally()
    check_cases(tally, words)
    if not words or "checkpoints" in words:
        check_checkpoints(tally)
    if not words or "kills" in words:
        check_kills(tally)
    if not words or "threads" in words:
        check_threads(tally)
    if not words or "runs" in words:
        check_runs(tally)
    for file in FOLDER.iterdir():
        file.unlink()
    FOLDER.rmdir()
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 0 if tally.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
