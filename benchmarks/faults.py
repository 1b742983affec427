"""Kill runs, break their disk, read them while they are written, flip their bits: does any bit differ, does any pass?

    python benchmarks/faults.py [--kills 60] [--writes 120] [--readers 20] [--bits 600]

Prints a line for each kind of fault; exits with 1 if a run differs, a reader fails, or a flipped bit passes unnoticed.
"""

import argparse
import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import torch

import equilibria as eq
from equilibria.core.errors import Failure, Refusal
from equilibria.records import checkpoints

RECIPES = {"wgan-gp": {}, "r3gan": {}, "vae": {"encoder": "dense", "encoder.width": 16}}
WISH: dict[str, Any] = {"data": "ring", "generator": "dense", "generator.width": 16, "batch": 16, "rounds": 120}
WISH |= {"save_every": 7, "watch": 30, "threads": 1, "matmul": "default", "device": "cpu"}


class Silent:
    """Shows nothing."""

    def say(self, text: str) -> None: ...
    def show(self, event: dict[str, Any]) -> None: ...


def wish(recipe: str) -> dict[str, Any]:
    critic = {} if recipe == "vae" else {"critic": "dense", "critic.width": 16}
    return WISH | critic | RECIPES[recipe]


def start(command: str, *words: str, **options: Any) -> "subprocess.Popen[bytes]":
    code = f"import equilibria; equilibria.{command}(*{words!r}, **{options!r})"
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def content(folder: Path) -> dict[str, Any]:
    """What must be the same: the model, the sample grids, the recipe, and the state of the last checkpoint."""
    last = max((folder / "checkpoints").glob("*.pt"))
    files = [folder / "recipe.json", *(folder / "model").iterdir(), *(folder / "samples").iterdir()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files} | {
        "state": torch.load(last, weights_only=True)["state"]
    }


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else bool(one == other)


def kills(place: Path, count: int, chance: random.Random, whole: dict[str, Path]) -> int:
    """Runs that differ after kills at random times, from the first second on."""
    differing = done = 0
    while done < count:
        recipe = chance.choice(list(RECIPES))
        folder = place / f"killed-{done}"
        for kill in range(min(5, count - done)):
            process = (
                start("resume", str(folder))
                if folder.exists()
                else start("train", recipe, name=folder.name, runs=str(place), **wish(recipe))
            )
            time.sleep(chance.uniform(1.5, 4.0) if kill else chance.uniform(0.5, 3.0))
            process.send_signal(signal.SIGKILL)
            process.wait()
            done += 1
        if folder.exists():
            eq.resume(folder, Silent())
        else:
            eq.train(recipe, Silent(), name=folder.name, runs=place, **wish(recipe))
        differing += not same(content(folder), content(whole[recipe]))
        shutil.rmtree(folder)
    return differing


def broken_writes(place: Path, count: int, chance: random.Random, whole: dict[str, Path]) -> int:
    """Runs that differ, or say nothing, after one system call failed: open, rename, sync, new folder."""
    faults = 0
    for i in range(count):
        recipe, name = chance.choice(list(RECIPES)), f"broken-{i}"
        where = chance.choice(["os.fsync", "pathlib.Path.replace", "os.open", "pathlib.Path.mkdir"])
        number, code = chance.randrange(1, 60), chance.choice([errno.ENOSPC, errno.EIO])
        with mock.patch(where, failing(where, number, code)):
            try:
                eq.train(recipe, Silent(), name=name, runs=place, **wish(recipe))
            except (Failure, Refusal):
                pass
            except OSError:
                faults += 1
        folder = place / name
        if folder.exists():
            eq.resume(folder, Silent(), rounds=WISH["rounds"])
        else:
            eq.train(recipe, Silent(), name=name, runs=place, **wish(recipe))
        faults += not same(content(folder), content(whole[recipe]))
        shutil.rmtree(folder)
    return faults


def failing(where: str, number: int, code: int) -> Callable[..., Any]:
    """The function of this name, which fails once, at this call."""
    module, _, name = where.rpartition(".")
    owner: Any = Path if module == "pathlib.Path" else os
    function, left = getattr(owner, name), [number]

    def call(*arguments: Any, **options: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise OSError(code, os.strerror(code))
        return function(*arguments, **options)

    return call


def readers(place: Path, count: int, whole: dict[str, Path]) -> int:
    """Readers that fail while runs are written and resumed, and a run that differs because it was read."""
    faults, folder = 0, place / "read"
    process = start("train", "wgan-gp", name=folder.name, runs=str(place), **wish("wgan-gp") | {"rounds": 2000})
    while not (folder / "model" / "weights.safetensors").exists():
        time.sleep(0.05)
    for i in range(count):
        try:
            eq.doctor(folder)
            eq.load(folder).sample(2)
            if i % 5 == 0:
                eq.report(folder, place / "page.html", force=True)
        except (Failure, Refusal, OSError) as error:
            print(f"  a reader failed: {error}")
            faults += 1
    process.wait()
    alone = start("train", "wgan-gp", name="alone", runs=str(place), **wish("wgan-gp") | {"rounds": 2000})
    alone.wait()
    return faults + (not same(content(folder), content(place / "alone")))


def bits(count: int, chance: random.Random, whole: dict[str, Path]) -> tuple[int, int]:
    """(flipped bits that were noticed, those that passed and changed something), in checkpoints and weights."""
    noticed = passed = 0
    folder = whole["wgan-gp"]
    path = max((folder / "checkpoints").glob("*.pt"))
    weights = folder / "model" / "weights.safetensors"
    readings = {
        path: lambda: checkpoints.at(folder, int(path.stem)).state,
        weights: lambda: dict(eq.load(folder).networks.state_dict()),
    }
    for file, read in readings.items():
        content, before = file.read_bytes(), read()
        for _ in range(count // 2):
            place = chance.randrange(len(content))
            file.write_bytes(
                content[:place] + bytes([content[place] ^ (1 << chance.randrange(8))]) + content[place + 1 :]
            )
            try:
                passed += not same(read(), before)
            except Refusal:
                noticed += 1
        file.write_bytes(content)
    return noticed, passed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"kills": 60, "writes": 120, "readers": 20, "bits": 600, "seed": 0}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    wishes, chance = parser.parse_args(), random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        whole = {r: Path(eq.train(r, Silent(), name=r, runs=place, **wish(r)).folder or "") for r in RECIPES}
        killed = kills(place, wishes.kills, chance, whole)
        print(f"{wishes.kills} kills at random times: {killed} runs differ", flush=True)
        broken = broken_writes(place, wishes.writes, chance, whole)
        print(f"{wishes.writes} failures of the disk: {broken} runs differ or end without a sentence", flush=True)
        read = readers(place, wishes.readers, whole)
        print(f"{wishes.readers} readers of a run that is written: {read} failures", flush=True)
        noticed, passed = bits(wishes.bits, chance, whole)
        rest = wishes.bits // 2 * 2 - noticed - passed
        print(f"{wishes.bits} flipped bits: {noticed} refused, {rest} without effect, {passed} passed unnoticed")
    return int(bool(killed or broken or read or passed))


if __name__ == "__main__":
    sys.exit(main())
