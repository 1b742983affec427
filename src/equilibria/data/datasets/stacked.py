"""Three handwritten digits on top of each other, as the channels of one picture: a thousand modes, all known."""

import logging
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...core.errors import Refusal
from ...core.randomness import generator
from ..files.cache import entry, key
from ..records import Data, Labels
from ..spaces import Image
from .idx import MNIST, mnist

_CHANNELS = 3
_ROWS = 4096  # written at a time


def stacked_mnist(root: Path | None, count: int = 128_000) -> Data:
    """Three MNIST digits as the channels of 28 x 28 images, 1000 modes (Metz et al. 2017; Srivastava et al. 2017).

    A fixed set, drawn from the training digits, and a fifth of it held out, from the test digits. The class is the
    number that the three digits spell.
    """
    if count < 1:
        raise Refusal(f"The data 'stacked_mnist' has count {count}: it must be positive.")
    sums = [file.md5 for file in MNIST]
    kept = entry("stacked_mnist", key(sums, count), lambda folder: _write(root, count, folder))
    x, y, held_out, held_out_y = (torch.from_numpy(kept[part]) for part in ("x", "y", "held_out", "held_out_y"))
    names = tuple(f"{number:0{_CHANNELS}}" for number in range(10**_CHANNELS))
    space, labels = Image(_CHANNELS, 28, 28), Labels("class", names)
    return Data("stacked_mnist", space, x, held_out, labels, y, held_out_y, channels_of="mnist")


def _write(root: Path | None, count: int, folder: Path) -> None:
    digits = mnist(root)
    assert digits.y is not None
    assert digits.held_out_y is not None
    logging.getLogger(__name__).warning("Stacking the digits of MNIST, once; they are kept for next time.")
    _stack(digits.x, digits.y, generator(0, _CHANNELS), count, folder, "x", "y")
    _stack(
        digits.held_out, digits.held_out_y, generator(1, _CHANNELS), -(-count // 5), folder, "held_out", "held_out_y"
    )


def _stack(x: Tensor, y: Tensor, place: torch.Generator, count: int, folder: Path, images: str, classes: str) -> None:
    """So many triples of x (N, 1, H, W) and their y (N,), some at a time."""
    chosen = torch.randint(len(x), (count, _CHANNELS), generator=place)
    with (folder / f"{images}.npy").open("wb") as file:  # written, not mapped: a full disk is then an error
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, _CHANNELS, *x.shape[2:])}
        np.lib.format.write_array_header_1_0(file, header)
        for rows in chosen.split(_ROWS):
            file.write(x[rows, 0].numpy().tobytes())
    spelled = y[chosen] * 10 ** torch.arange(_CHANNELS - 1, -1, -1)
    np.save(folder / f"{classes}.npy", spelled.sum(dim=1).numpy())
