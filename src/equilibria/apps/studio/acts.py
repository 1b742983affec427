"""What the page can have done: start, stop and resume trainings, rename runs, move them to the trash.

A training is a command like any other, in a process and a session of its own: it goes on when the studio ends.
"""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from ...core.errors import Refusal
from ...core.specs import dashed
from ...records.folder import refuse_existing
from .runs import Runs

_NAME = re.compile(r"\w[\w.\- ]{0,99}")
_SETTING = re.compile(r"[a-z][a-z0-9_.-]{0,59}")
_NOT_HERE = {"trust", "runs", "name", "data", "data_root", "from", "force"}  # they decide what is read, run or written
_SECONDS = 20.0  # that a process may take to end
_WORDS = 2_000  # bytes of what a training printed last
OWN = ".studio"  # the folder, among the runs, of what trainings print


class Training(TypedDict):
    """A training to start, as the page asks for it: the words after `equilibria train`."""

    recipe: NotRequired[str]
    like: NotRequired[str]  # a run whose recipe it is
    data: NotRequired[str]
    name: str
    budget: NotRequired[str]
    settings: NotRequired[dict[str, str]]


class Acts:
    """The acts on the runs of a folder; at most `trainings` trainings that it started run at a time."""

    def __init__(self, runs: Runs, data_roots: tuple[Path, ...] = (), trainings: int = 1):
        self.runs, self.data_roots, self.trainings = runs, data_roots, trainings
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def train(self, wish: Training) -> dict[str, Any]:
        """Start a training. Raises Refusal for a name, data or a setting that is not allowed."""
        name, recipe = self._free_name(wish["name"]), wish.get("recipe", "")
        if recipe and not _SETTING.fullmatch(recipe):
            raise Refusal(f"{recipe!r} is no name of a recipe, such as wgan-gp.")
        words = ["train", *([recipe] if recipe else []), f"--name={name}"]
        words += [f"--data={self.allowed_data(wish['data'])}"] if "data" in wish else []
        words += [f"--budget={wish['budget']}"] if wish.get("budget") else []
        for setting, value in wish.get("settings", {}).items():
            if not _SETTING.fullmatch(setting) or setting.replace("-", "_") in _NOT_HERE:
                raise Refusal(f"{dashed(setting)} is no setting that the page may change.")
            if set(":/\\\0") & set(value):
                raise Refusal(f"{value!r} names code or a file: start such a training on the command line.")
            words.append(f"{dashed(setting)}={value}")
        if "like" in wish:
            words.insert(1, str(self.runs.folder(wish["like"]).recipe_file))
        elif "data" not in wish:
            raise Refusal("A training needs data.")
        return self._start(name, [*words, f"--runs={self.runs.root}"])

    def resume(self, name: str, rounds: int | None = None) -> dict[str, Any]:
        """Continue a run from its last checkpoint. Raises Refusal if there is none, or it is in training."""
        folder = self.runs.folder(name)
        if folder.is_locked():
            raise Refusal(f"{name} is in training.")
        if not folder.checkpoint_steps:
            raise Refusal(f"{name} has no checkpoint to continue from: start it again.")
        if name in self._processes:  # it has saved, and ends
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._processes[name].wait(_SECONDS)
        return self._start(name, ["resume", str(folder), *([] if rounds is None else ["--rounds", str(rounds)])])

    def _start(self, name: str, words: list[str]) -> dict[str, Any]:
        if len(busy := self.busy()) >= self.trainings:
            raise Refusal(f"{busy[0]} is in training: stop it, or wait. `equilibria studio --trainings 2` allows two.")
        own = self.runs.root / OWN
        own.mkdir(parents=True, exist_ok=True)
        with (own / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "equilibria", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_yield_to_others if hasattr(os, "nice") else None,
                env=os.environ | {"PYTHONSAFEPATH": "1"},
            )
        return {"run": name, "command": shlex.join(["equilibria", *words])}

    def busy(self) -> list[str]:
        """The names of those trainings that the studio started and that still run."""
        return [name for name, process in self._processes.items() if process.poll() is None]

    def printed(self) -> dict[str, dict[str, Any]]:
        """What each training that the studio started printed last, and its exit code; None while it runs."""
        return {name: {"code": process.poll(), "text": self._log(name)} for name, process in self._processes.items()}

    def _log(self, name: str) -> str:
        path = self.runs.root / OWN / f"{name}.log"
        return path.read_bytes()[-_WORDS:].decode("utf-8", "replace") if path.exists() else ""

    def stop(self, name: str) -> None:
        """Ask the process that trains a run to stop: it finishes its round and saves; asked twice, it ends at once."""
        folder = self.runs.folder(name)
        if not folder.is_locked():
            raise Refusal(f"{name} is not in training.")
        if (owner := folder.owner()) is None:
            raise Refusal(f"{name} is written by a process of another machine, or of an older version: stop it there.")
        with contextlib.suppress(ProcessLookupError):
            os.kill(owner, signal.SIGTERM)

    def rename(self, name: str, to: str) -> None:
        """Give a run another name."""
        folder = self._idle(name)
        folder.rename(self.runs.root / self._free_name(to))

    def trash(self, name: str) -> None:
        """Move a run to the folder .trash among the runs; nothing is erased."""
        folder, trash = self._idle(name), self.runs.root / ".trash"
        trash.mkdir(exist_ok=True)
        place = next(p for i in range(1, 10_000) if not (p := trash / (name if i == 1 else f"{name}-{i}")).exists())
        folder.rename(place)

    def _idle(self, name: str) -> Path:
        folder = self.runs.folder(name)
        if folder.is_locked():
            raise Refusal(f"{name} is in training: stop it first.")
        return folder.path

    def _free_name(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise Refusal(f"{name!r} is no name for a run: use letters, digits, dots, hyphens and spaces, up to 100.")
        refuse_existing(self.runs.root / name)
        return name

    def allowed_data(self, data: str) -> str:
        """The name of known data, or a path in one of the data folders. Raises Refusal for any other."""
        if re.fullmatch(r"[a-z0-9_-]{1,40}", data):
            return data
        path = Path(data).expanduser().resolve()
        if not any(path == root or root in path.parents for root in (root.resolve() for root in self.data_roots)):
            raise Refusal(f"{data} is in none of the folders for data: start `equilibria studio --data FOLDER`.")
        return str(path)


def _yield_to_others() -> None:
    """The page stays quick while a training runs."""
    os.nice(5)
