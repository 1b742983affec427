"""What tests of whole sessions share: a silent display, real processes, and what makes two runs the same."""

import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import torch

import equilibria
from equilibria.runs.session import resume

TINY = {  # some seconds of play; checkpoints fall between reports (every second round)
    "data": "ring",
    "generator": "dense",
    "critic": "dense",
    "generator.width": 16,
    "critic.width": 16,
    "n_critic": 2,
    "batch": 16,
    "rounds": 200,
    "save_every": 15,
    "watch": 100,
    "threads": 1,
    "matmul": "default",
}


SUMMARY = {  # of a run without a machine
    "seed": 0,
    "choices": {"device": "cpu", "threads": 1, "matmul": "default", "precision": "fp32"},
    "cadence": {"report": 10, "save": 10},
    "data": {"name": "digits", "train": 8, "held_out": 8, "fingerprint": ""},
    "end": {"rounds": 20, "seconds": None},
    "data_root": None,
    "allow_coupled_critic": False,
    "sittings": [],
    "versions": {},
    "device": "",
    "format": 1,
}


class Silent:
    """Remembers what it was told."""

    def __init__(self):
        self.said, self.shown = [], []

    def say(self, text):
        self.said.append(text)

    def show(self, event):
        self.shown.append(event)


class Acts(Silent):
    """Does something when it is shown the report of a round."""

    def __init__(self, step, act):
        super().__init__()
        self.step, self.act = step, act

    def show(self, event):
        super().show(event)
        if event["kind"] == "report" and event["step"] == self.step:
            self.act()


class StopsAt(Acts):
    """Presses Ctrl-C at the report of a round."""

    def __init__(self, step):
        super().__init__(step, lambda: signal.raise_signal(signal.SIGINT))


class Started:
    """A process of its own that calls a function, forked from one that has imported torch."""

    def __init__(self, command, arguments, keywords):
        self.output = tempfile.mkdtemp()
        place = multiprocessing.get_context("forkserver")
        self.process = place.Process(target=_call, args=(command, arguments, keywords, self.output, os.getcwd()))
        self.process.start()

    def poll(self):
        """The exit code; None while it runs."""
        return self.process.exitcode

    def wait(self, timeout=None):
        """The exit code."""
        self.process.join(timeout)
        return self.process.exitcode

    @property
    def returncode(self):
        """The exit code."""
        return self.process.exitcode

    def send_signal(self, number):
        """As a terminal or an operator would."""
        os.kill(self.process.pid, number)

    def communicate(self, timeout=None):
        """What it printed, and what it printed as errors, when it has ended."""
        self.wait(timeout)
        return tuple(Path(self.output, name).read_text() for name in ("out", "err"))


def _call(command, arguments, keywords, output, folder):
    """What the process does."""
    os.chdir(folder)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{output}/{name}", os.O_WRONLY | os.O_CREAT), number)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    torch.set_num_threads(1)
    done = (
        command(*arguments, **keywords) if callable(command) else getattr(equilibria, command)(*arguments, **keywords)
    )
    sys.exit(done if isinstance(done, int) else 0)


def start(command, *arguments, **keywords):
    """A process of its own that calls a function or `equilibria.<command>`; what it prints is kept."""
    return Started(command, arguments, keywords)


def wait_for_round(folder, step, process):
    """Wait until the events of a run reach a round; False if its process ended before."""
    while process.poll() is None:
        if any(event["step"] >= step for event in events(folder)):
            return True
        time.sleep(0.02)
    return False


def killed_at_random(folder, process, steps, chance):
    """Kill the process without warning soon after one of these rounds, somewhere within what follows."""
    assert wait_for_round(folder, chance.choice(steps), process), process.communicate()
    time.sleep(chance.random() * 0.05)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.communicate()


def killed_and_resumed(recipe, wish, folder, kills, seed):
    """The folder of a run that was killed so often and taken up again as often."""
    chance, rounds = random.Random(seed), wish["rounds"]
    process = start("train", recipe, name=folder.name, runs=str(folder.parent), **wish)
    for kill in range(kills):
        steps = range(rounds * kill // kills, rounds * (kill + 1) // kills - rounds // 50 - 1)
        killed_at_random(folder, process, steps, chance)
        if kill < kills - 1:
            process = start("resume", str(folder))
    resume(folder, Silent())
    return folder


def events(folder):
    """The whole lines of events.jsonl."""
    path = Path(folder) / "events.jsonl"
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def timeless(folder):
    """The events without their wall times."""
    return [{k: v for k, v in event.items() if k != "elapsed"} for event in events(folder)]


def assert_same_run(one, other):
    """Bytes of the model and the sheets, tensors of the last checkpoint, events and recipe are equal."""
    assert timeless(one) == timeless(other)
    for pattern in ("recipe.json", "model/*", "samples/*"):
        files = [{p.name: p.read_bytes() for p in folder.glob(pattern)} for folder in (one, other)]
        assert files[0].keys() == files[1].keys()
        assert [name for name in files[0] if files[0][name] != files[1][name]] == []
    last = [max((folder / "checkpoints").iterdir()) for folder in (one, other)]  # a stop leaves one more behind
    assert last[0].name == last[1].name
    states = [torch.load(path, weights_only=True) for path in last]
    assert_equal(*({k: v for k, v in state.items() if k not in ("elapsed", "events")} for state in states))


def assert_equal(one, other, where="state"):
    """Two nested states are equal, bit for bit."""
    assert type(one) is type(other), where
    if isinstance(one, dict):
        assert list(one) == list(other), where
        for key in one:
            assert_equal(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other), where
    elif isinstance(one, list | tuple):
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_equal(a, b, f"{where}[{i}]")
    else:
        assert one == other, where
