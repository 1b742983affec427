"""Classifiers that were trained once, in the cache folder."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ...core.errors import Failure
from ...core.files import atomic
from ...data.digest import digest
from ...data.files.places import cache_root
from ...data.records import Data

_FORMAT = 1


@dataclass(frozen=True)
class Kept:
    """Weights, and what is known of them."""

    weights: dict[str, Tensor]
    accuracy: float  # share of the held-out samples that are right
    asked: int  # how many those were
    epochs: int
    data: str


def place(data: Data, seed: int) -> Path:
    """Where the classifier of these data lies, or would: known by samples and labels, however long it is trained."""
    assert data.labels is not None
    assert data.y is not None
    known = [_FORMAT, digest(data), len(data.x), data.labels.names, seed]
    labels = hashlib.blake2b(data.y.cpu().long().numpy().tobytes(), digest_size=8).hexdigest()
    name = hashlib.sha256(json.dumps([*known, labels]).encode()).hexdigest()[:16]
    return cache_root() / "features" / f"classifier-{Path(data.name).stem}-{name}.safetensors"


def read(path: Path) -> Kept | None:
    """What lies there; None if that is nothing, or cannot be read."""
    try:
        with safe_open(path, "pt") as file:
            told = json.loads(file.metadata()["equilibria"])
            return Kept({name: file.get_tensor(name) for name in file.keys()}, **told)  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return None


def write(path: Path, kept: Kept) -> None:
    """Keep it, whole or not at all. Raises Failure where that is impossible."""
    told = {"accuracy": kept.accuracy, "asked": kept.asked, "epochs": kept.epochs, "data": kept.data}
    weights = {name: weight.detach().cpu().contiguous() for name, weight in kept.weights.items()}
    try:
        with atomic(path, unique=True) as part:
            part.write_bytes(save(weights, {"equilibria": json.dumps(told)}))
    except OSError as error:
        raise Failure(
            f"{path} cannot be written ({error.strerror or error}): free some space, or name another folder in "
            "EQUILIBRIA_CACHE."
        ) from error
