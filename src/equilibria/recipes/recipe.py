"""A run, described as data."""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ..core.errors import Refusal, check_format, nearest
from ..core.specs import Spec

FORMAT = 1


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is trained. Parts are {"name": ..., **options}; variants are `replace`d copies."""

    name: str
    about: str  # one sentence, with the source
    divergence: Spec | None = None  # of the contest; none where nobody competes
    data: Spec = field(default_factory=lambda: {"name": "digits"})
    game: Spec = field(default_factory=lambda: {"name": "gan"})
    networks: dict[str, Spec] = field(
        default_factory=lambda: {"generator": {"name": "auto"}, "critic": {"name": "auto"}}
    )
    penalties: dict[str, Spec] = field(default_factory=dict)
    likelihood: Spec | None = None  # of a sample, given its latent; none where nothing is reconstructed
    augmentation: Spec | None = field(default_factory=lambda: {"name": "none"})  # of all that the critic sees
    prior: Spec = field(default_factory=lambda: {"name": "normal"})
    optimizers: dict[str, Spec] = field(default_factory=dict)  # by player
    rule: Spec = field(default_factory=lambda: {"name": "alternating"})  # how a round is played
    schedule: Spec = field(default_factory=lambda: {"name": "constant"})  # of every learning rate
    batch: int = 64
    rounds: int = 10_000
    halflife: float = 1000.0  # of the averaged generator, in rounds
    conditional: bool = False  # the networks see the labels of the data
    labelled: int = 0  # how many labels are known to a game whose critic learns classes; the others are never seen
    binarize: bool = False  # grey values are probabilities of white: pixels are drawn black or white in every batch
    seed: int = 0
    format: int = FORMAT

    def to_json(self) -> str:
        """The recipe as text."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str, trust: bool = False) -> Self:
        """A recipe that was stored. It may not name code unless the reader says that its author is trusted."""
        try:
            stored = json.loads(text)
        except json.JSONDecodeError as error:
            raise Refusal(f"{where} is not JSON: {error}.") from None
        if not isinstance(stored, dict):
            raise Refusal(f"{where} is not a recipe: a JSON object is expected.")
        check_format(stored, FORMAT, where)
        known = [f.name for f in dataclasses.fields(cls)]
        for name in stored:
            if name not in known:
                raise Refusal(f"{where} has the key {name!r}, which no recipe has.{nearest(name, known)}")
        if "name" not in stored:
            raise Refusal(f"{where} is not a complete recipe: it lacks a name.")
        recipe = cls(**{"about": "", **stored})
        recipe.check_shape(where)
        if not trust:
            refuse_code(recipe, where)
        return recipe

    @classmethod
    def load(cls, path: Path, trust: bool = False) -> Self:
        """The recipe in a JSON file."""
        try:
            return cls.from_json(path.read_text(encoding="utf-8"), str(path), trust)
        except (OSError, UnicodeDecodeError) as error:
            raise Refusal(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None

    def check_shape(self, where: str) -> None:
        """Every part has a name and plain options; numbers are numbers."""
        for path, spec in self.specs():
            if not isinstance(spec, dict) or not isinstance(spec.get("name"), str):
                raise Refusal(f'{where}: {path} must be a part, for example {{"name": "..."}}, and is {spec!r}.')
        for name in ("batch", "rounds", "labelled", "seed"):
            if not isinstance(value := getattr(self, name), int) or isinstance(value, bool):
                raise Refusal(f"{where}: {name} is {value!r}: it must be a whole number.")
        for name in ("conditional", "binarize"):
            if not isinstance(value := getattr(self, name), bool):
                raise Refusal(f"{where}: {name} is {value!r}: it must be true or false.")

    def specs(self) -> Iterator[tuple[str, Spec]]:
        """Every part, with its place in the recipe."""
        for name in ("data", "game", "divergence", "likelihood", "augmentation", "prior", "rule", "schedule"):
            if (spec := getattr(self, name)) is not None:
                yield name, spec
        for name in ("networks", "penalties", "optimizers"):
            group = getattr(self, name)
            yield from ((f"{name}.{key}", spec) for key, spec in (group.items() if isinstance(group, dict) else ()))


def at_least_one(name: str, value: int) -> int:
    """The value, unless it counts nothing."""
    if value < 1:
        raise Refusal(f"{name} is {value}: at least 1 is needed.")
    return value


def refuse_code(recipe: Recipe, where: str) -> None:
    """A stored recipe knows catalogue names only."""
    for path, spec in recipe.specs():
        if path != "data" and any(isinstance(v, str) and ":" in v for v in _leaves(spec)):
            raise Refusal(
                f"{where} names code of its author's own in {path} ({spec['name']!r}), which a stored file may not. "
                f"If you know and trust it, type the name on the command line, or resume with --trust."
            )


def _leaves(value: Any) -> Iterator[Any]:
    """The plain values inside nested lists and dictionaries."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value
