"""What playing an experiment gave: its numbers, figures and claims, as a value that is stored and read."""

import gzip
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, TypedDict

from ..core.errors import Refusal, nearest
from ..core.stored import parse_json
from ..drawing.figure import Figure, Text, from_json, to_json
from .contents import CONTENTS
from .experiment import Claim, Frame

FORMAT = 1


class StoredClaim(TypedDict):
    """A claim in a stored record."""

    sentence: list[str]
    theory: str
    here: float | str
    holds: bool


class StoredFrame(TypedDict):
    """A frame in a stored record."""

    at: float | str
    figure: dict[str, Any]


class StoredRecord(TypedDict):
    """A record as JSON."""

    format: int
    experiment: str
    settings: dict[str, Any]
    full: bool
    seed: int
    seconds: float
    version: str
    numbers: dict[str, Any]
    claims: list[StoredClaim]
    opens: int
    frames: list[StoredFrame]


@dataclass(frozen=True)
class Record:
    """An experiment that was played, with the settings and the seed that it was played with.

    Example:
        >>> record = eq.lab.played("reparametrization")
        >>> record.holds
        True
    """

    slug: str
    settings: Mapping[str, Any]
    full: bool
    seed: int
    seconds: float
    version: str
    numbers: Mapping[str, Any]
    frames: tuple[Frame, ...]
    opens: int
    claims: tuple[Claim, ...]

    @property
    def holds(self) -> bool:
        """Whether every claim holds."""
        return all(claim.holds for claim in self.claims)

    @property
    def figure(self) -> Figure:
        """The figure of the frame that opens."""
        return self.frames[self.opens].figure

    def to_json(self) -> str:
        """The record as the text of a .json file."""
        stored = StoredRecord(
            format=FORMAT,
            experiment=self.slug,
            settings=dict(self.settings),
            full=self.full,
            seed=self.seed,
            seconds=self.seconds,
            version=self.version,
            numbers=_stored(self.numbers),
            claims=[
                StoredClaim(sentence=list(c.sentence), theory=c.theory, here=_stored(c.here), holds=c.holds)
                for c in self.claims
            ],
            opens=self.opens,
            frames=[StoredFrame(at=frame.at, figure=to_json(frame.figure)) for frame in self.frames],
        )
        return json.dumps(stored, ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    def __repr__(self) -> str:
        held = sum(claim.holds for claim in self.claims)
        return f"<Record of {self.slug}: {held} of {len(self.claims)} claims hold, {self.seconds:.0f} s>"

    def _repr_png_(self) -> bytes:
        """The figure, for a notebook."""
        from ..drawing.plot import draw

        return draw(self.figure, "png")


def _stored(value: Any) -> Any:
    """Numbers as JSON has them: infinity and NaN as text."""
    if isinstance(value, Mapping):
        return {name: _stored(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_stored(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _numbers(value: Any) -> Any:
    """The numbers of such values."""
    if isinstance(value, dict):
        return {name: _numbers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_numbers(each) for each in value]
    return float(value) if value in ("inf", "-inf", "nan") else value


def read_record(text: str | bytes, where: str) -> Record:
    """The record of a stored text; `where` names it in messages. Raises Refusal for anything else."""
    stored = parse_json(text, where, StoredRecord, FORMAT)
    return Record(
        slug=stored["experiment"],
        **{name: stored[name] for name in ("settings", "full", "seed", "seconds", "version", "opens")},
        numbers=_numbers(stored["numbers"]),
        frames=tuple(Frame(frame["at"], from_json(frame["figure"])) for frame in stored["frames"]),
        claims=tuple(
            Claim(Text(*c["sentence"]), c["theory"], _numbers(c["here"]), c["holds"]) for c in stored["claims"]
        ),
    )


def played(slug: str) -> Record:
    """The record of the quick form that comes with the library. Raises Refusal for an unknown experiment."""
    if slug not in CONTENTS:
        raise Refusal(f"No experiment is called {slug!r}.{nearest(slug, CONTENTS)}")
    path = files(__package__) / "played" / f"{slug}.json.gz"
    return read_record(gzip.decompress(path.read_bytes()), str(path))
