"""A training run, described as data."""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ..core.errors import Refusal, as_refusal, check_format, nearest
from ..core.specs import PYTHON, Own, Spec, type_in_words
from ..core.stored import parse_json, require
from ..records.folder import FORMAT
from ..records.schemas import StoredRecipe


@dataclass(frozen=True)
class Recipe:
    """A complete description of a training run. Parts are {"name": ..., **options}; `dataclasses.replace` varies it.

    Example:
        >>> eq.Recipe("mine", "A GAN with the hinge loss.", {"name": "hinge"}).optimizers
        {}
    """

    name: str
    about: str  # one sentence, with the source
    divergence: Spec | None = None  # None: no critic
    data: Spec = field(default_factory=lambda: {"name": "digits"})
    game: Spec = field(default_factory=lambda: {"name": "gan"})
    networks: dict[str, Spec] = field(
        default_factory=lambda: {"generator": {"name": "auto"}, "critic": {"name": "auto"}}
    )
    penalties: dict[str, Spec] = field(default_factory=dict)
    likelihood: Spec | None = None  # of a sample given its latent; None: no reconstruction
    augmentation: Spec | None = field(default_factory=lambda: {"name": "none"})  # of everything the critic receives
    prior: Spec = field(default_factory=lambda: {"name": "normal"})
    optimizers: dict[str, Spec] = field(default_factory=dict)  # by player
    rule: Spec = field(default_factory=lambda: {"name": "alternating"})  # how a round is computed
    schedule: Spec = field(default_factory=lambda: {"name": "constant"})  # of all learning rates
    batch: int = 64
    rounds: int = 10_000
    halflife: float = 1000.0  # of the averaged generator, in rounds
    halflife_share: float = 0.05  # of the rounds so far: the most that the half-life is
    conditional: bool = False  # the networks receive the labels of the data
    labelled: int = 0  # number of labels for a critic that learns classes; the others are not used
    binarize: bool = False  # draw black or white pixels in every batch; gray values are probabilities of white
    seed: int = 0
    format: int = FORMAT

    def to_json(self) -> str:
        """The recipe as JSON."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, where: str, trust: bool = False) -> Self:
        """A stored recipe. Raises Refusal for one that cannot be read, or that names code and is not trusted."""
        stored = parse_json(text, where)
        check_format(stored, FORMAT, where)
        fields = [f.name for f in dataclasses.fields(cls)]
        if unknown := [name for name in stored if name not in fields]:
            raise Refusal(f"{where} has the key {unknown[0]!r}, which no recipe has.{nearest(unknown[0], fields)}")
        if "name" not in stored:
            raise Refusal(f"{where} is not a complete recipe: the name is missing.")
        require(stored, StoredRecipe, where)
        recipe = cls(**{"about": "", **stored})
        recipe.check_shape(where)
        if not trust:
            refuse_code(recipe, where)
        return recipe

    @classmethod
    def load(cls, path: Path, trust: bool = False) -> Self:
        """The recipe in a JSON file. Raises Refusal as `from_json` does."""
        with as_refusal(f"{path} cannot be read", OSError):
            text = path.read_bytes()
        return cls.from_json(text, str(path), trust)

    def check_shape(self, where: str) -> None:
        """Raise Refusal unless every part has a name, and numbers and switches have their types."""
        for path, spec in self.specs():
            if not isinstance(spec, dict) or not isinstance(spec.get("name"), str):
                raise Refusal(f'{where}: {path} is {spec!r}: it must be a part, for example {{"name": "..."}}.')
        for kind, names in {int: ("batch", "rounds", "labelled", "seed"), bool: ("conditional", "binarize")}.items():
            for name in names:
                if type(value := getattr(self, name)) is not kind:
                    raise Refusal(f"{where}: {name} is {value!r}: it must be {type_in_words(kind)}.")

    def specs(self) -> Iterator[tuple[str, Spec]]:
        """Every part, with its path in the recipe."""
        for name in ("data", "game", "divergence", "likelihood", "augmentation", "prior", "rule", "schedule"):
            if (spec := getattr(self, name)) is not None:
                yield name, spec
        for name in ("networks", "penalties", "optimizers"):
            group = getattr(self, name)
            yield from ((f"{name}.{key}", spec) for key, spec in (group.items() if isinstance(group, dict) else ()))


def refuse_code(recipe: Recipe, where: str) -> None:
    """Raise Refusal for a recipe whose parts, other than the data, name code that could be imported."""
    for path, spec in recipe.specs():
        leaves = [leaf for leaf in _leaves(spec) if isinstance(leaf, str) and not isinstance(leaf, Own)]
        if path != "data" and any(":" in leaf and not leaf.startswith(PYTHON) for leaf in leaves):
            raise Refusal(
                f"{where} names custom code in {path} ({spec['name']!r}), which a stored file must not. "
                f"If you trust this code, type its name on the command line, or resume with --trust."
            )


def _leaves(value: Any) -> Iterator[Any]:
    """The values inside nested lists and dictionaries."""
    if isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    else:
        yield value
