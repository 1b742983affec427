"""Ten kinds of things in colour."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..files.batches import read_batches
from ..files.cache import entry, key
from ..files.places import locate
from ..files.published import Published, obtain
from ..records import Data, Labels
from ..spaces import Image

ARCHIVE = Published(
    "cifar-10-python.tar.gz",
    "c58f30108f718f92721af3b95e74349a",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
)
BATCHES = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
_FOLDERS = ("cifar-10", "cifar10")
_FORMS = ("cifar-10-batches-py", "cifar-10-python.tar.gz", "cifar-10-python.tar.xz", "cifar-10-python.tar")
_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def cifar10(root: Path | None) -> Data:
    """Ten kinds of things, 32 x 32 colour, 50,000 and 10,000 held out (Krizhevsky 2009)."""
    return load(BATCHES, root)


def load(checksums: Mapping[str, str], root: Path | None) -> Data:
    """The set in batches of these md5 sums; unpacked once, then kept under those sums."""
    kept = entry("cifar10", key(dict(checksums)), lambda folder: _write(checksums, root, folder))
    x, y, held_out, held_out_y = (torch.from_numpy(kept[part]) for part in ("x", "y", "held_out", "held_out_y"))
    return Data("cifar10", Image(3, 32, 32), x, held_out, Labels("class", _CLASSES), y, held_out_y)


def _write(checksums: Mapping[str, str], root: Path | None, folder: Path) -> None:
    places = (locate(form, _FOLDERS, root) for form in _FORMS)
    source = next((place for place in places if place is not None), None)
    source = source or obtain("CIFAR-10", [ARCHIVE], _FOLDERS, root)[0]
    logging.getLogger(__name__).warning("Unpacking %s, once; it is kept for next time.", source.name)
    batches = read_batches(source, checksums)
    for part, chosen in (("x", [n for n in checksums if n.startswith("data")]), ("held_out", ["test_batch"])):
        np.save(folder / f"{part}.npy", _pixels([batches[name] for name in chosen]))
        labels = np.concatenate([batches[name][b"labels"] for name in chosen]).astype(np.int64)
        np.save(folder / ("y.npy" if part == "x" else f"{part}_y.npy"), labels)


def _pixels(batches: list[dict[bytes, Any]]) -> np.ndarray:
    return np.concatenate([batch[b"data"] for batch in batches]).reshape(-1, 3, 32, 32)
