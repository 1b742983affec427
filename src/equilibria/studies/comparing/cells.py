"""One cell of a comparison: a recipe, data, a seed, a budget, and where its run lies."""

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ...core.files import write_atomic
from ...recipes.recipe import Recipe

_SILENT = ("about", "format")  # fields of a recipe that train nothing
_ELSEWHERE = ("data_root",)  # an option that says where, not what


@dataclass(frozen=True)
class Measures:
    """How the run is measured when it has been played."""

    metrics: tuple[str, ...] = ()  # the usual ones of the data
    features: str = "auto"
    count: int = 0  # samples; 0: as many as the held-out ones that are reported on


@dataclass(frozen=True)
class Cell:
    """What is played once."""

    label: str  # the recipe as it was asked for: "wgan:clip=0.1"
    data: str  # likewise
    recipe: Recipe  # with its data and its seed
    options: Mapping[str, Any]  # keywords of `train` beside the recipe: budget, device, ...
    folder: Path  # of the run
    measures: Measures = field(default_factory=Measures)

    @property
    def seed(self) -> int:
        return self.recipe.seed

    def __str__(self) -> str:
        return f"{self.label} on {self.data}, seed {self.seed}"

    def to_json(self) -> str:
        """The cell as text, for another process."""
        return json.dumps(dataclasses.asdict(self) | {"folder": str(self.folder.absolute())})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The cell that was written."""
        said = json.loads(text)
        measures = Measures(**said["measures"] | {"metrics": tuple(said["measures"]["metrics"])})
        return cls(**said | {"recipe": Recipe(**said["recipe"]), "folder": Path(said["folder"]), "measures": measures})


@dataclass(frozen=True)
class Outcome:
    """What became of a cell."""

    state: str = "waiting"  # "finished", "failed", "interrupted"
    sentence: str = ""  # why it failed
    final: bool = False  # running it again would change nothing
    measured: Measures | None = None  # how it was
    peak: int = 0  # bytes of memory that its process used at most; 0 where unknown


def digest(recipe: Recipe, fingerprint: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    """What tells cells apart: a hash of the resolved recipe, the data, the budget and the options."""
    told = {key: value for key, value in dataclasses.asdict(recipe).items() if key not in _SILENT}
    said = {key: value for key, value in options.items() if key not in _ELSEWHERE}
    text = json.dumps([told, dict(fingerprint), said], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def named(label: str, data: str, seed: int, known: str) -> str:
    """A folder's name that people can read, unique by the hash."""
    words = [re.sub(r"[^\w.=]+", "-", part).strip("-.")[:40] for part in (label, Path(data).stem)]
    return "-".join([*words, str(seed), known])


def outcome(folder: Path) -> Outcome:
    """What is recorded of the cell whose run lies there."""
    try:
        said = json.loads(_place(folder).read_text("utf-8"))
        if (measured := said["measured"]) is not None:
            said["measured"] = Measures(**measured | {"metrics": tuple(measured["metrics"])})
        return Outcome(**said)
    except (OSError, ValueError, TypeError, KeyError):
        return Outcome()


def record(folder: Path, found: Outcome) -> None:
    """Keep what became of a cell."""
    write_atomic(_place(folder), (json.dumps(dataclasses.asdict(found), indent=2) + "\n").encode())


def _place(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")
