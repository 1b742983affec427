"""What the fuzz tests break: a run of a conditional GAN, one of a VAE on points, a comparison, and arrays."""

import contextlib
import io
import re
import shutil
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from equilibria.apps.cli import main

_SMALL = [
    "--threads",
    "1",
    "--matmul",
    "default",
    "--device",
    "cpu",
    "--batch",
    "8",
    "--rounds",
    "4",
    "--save-every",
    "2",
]
_BUG = re.compile(r"This is a bug|Traceback|Warning:")
_SECONDS = 120  # that one command line may take, before it counts as one that hangs


class Answer(NamedTuple):
    """What a command line answered."""

    code: int | str
    text: str  # of both outputs

    @property
    def fault(self) -> str:
        """What is wrong with the answer itself; empty for a result or a sentence."""
        if self.code not in (0, 1, 2):
            return f"exit code {self.code}"
        if found := _BUG.search(self.text):
            return self.text[found.start() :].strip().splitlines()[0]
        return "" if self.code == 0 or self.text.strip() else f"exit code {self.code} without a sentence"


def answer(tokens) -> Answer:
    """The answer to a command line in this process."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text), _limit(_SECONDS):
        try:
            code = main([str(token) for token in tokens])
        except SystemExit as end:
            code = f"SystemExit({end.code})"
        except TimeoutError:
            code = f"none within {_SECONDS} s"
        except BaseException as error:
            code = f"{type(error).__name__}: {error}"
    return Answer(code, text.getvalue())


@contextmanager
def _limit(seconds):
    def hangs(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


AGAIN = (
    "compare gan wgan --data ring --seeds 1 --out runs/both --jobs 1 --generator.width 2 --critic.width 2 --batch 8 "
    "--rounds 4 --metrics sliced_wasserstein --count 20"
)


def make_folders() -> None:
    """Everything that the command lines and the readers of files can name, in the current folder."""
    widths = ["--generator.width", "2", "--critic.width", "2"]
    points = ["--data", "ring", "--generator.width", "4", "--encoder.width", "4"]
    _run("train", "cgan", "--name", "gan", "--watch", "2", *widths, *_SMALL)
    _run("train", "vae", "--name", "vae", "--watch", "2", *points, *_SMALL)
    _run("evaluate", "runs/gan", "--features", "pixels", "--count", "50", "--metrics", "frechet")
    _run("report", "runs/gan")
    _run("export", "runs/gan", "--format", "safetensors", "--out", "gan.safetensors")
    shutil.copytree("runs/gan", "runs/gan-2")
    shutil.copy("runs/gan/recipe.json", "recipe-of-mine.json")
    pixels = np.random.default_rng(0).integers(0, 255, (20, 8, 8), dtype=np.uint8)
    for i, image in enumerate(pixels):
        Path("images", "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(Path("images", "ab"[i % 2], f"{i}.png"))
    np.save("images.npy", pixels)
    np.savez("images.npz", images=pixels, labels=np.arange(20) % 2)
    np.savetxt("table.csv", np.random.default_rng(0).normal(size=(20, 2)), delimiter=",")


def make_comparison() -> None:
    """A comparison of two recipes, in the current folder."""
    _run(*AGAIN.split())


def _run(*line: str) -> None:
    got = answer(line)
    assert got.code == 0, f"{' '.join(line)}: {got.text}"
