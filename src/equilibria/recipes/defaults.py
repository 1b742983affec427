"""The recipe and its settings where none is named: what suits the data, the budget and the device."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..core.specs import dashed
from ..core.text import duration, plural
from ..data import load_data
from ..data.dataset import is_labeled
from ..data.resolve import median_side
from ..networks.resampling import pyramid
from ..terms.augmentations import FIXED
from . import DEFAULT, DEFAULT_FOR_FEW, DEFAULT_FOR_POINTS, THOROUGH
from .options import Options, read_budget
from .recipe import Recipe
from .settings import paths

# docs/design/plan.md measures these numbers on one thread; those of other devices are an estimate.
_SPEED = {"cpu": 700, "cuda": 5000, "mps": 2000}  # images a second
_SIDES = {"cpu": {0: 32, 1800: 64}, "cuda": {0: 64, 1800: 128}, "mps": {0: 32, 600: 64}}  # from so many seconds on
_WIDTHS = {"cpu": {0: 16, 900: 32}, "cuda": {0: 64}, "mps": {0: 32}}
_ROLES = ("generator", "critic")
_WIDTH = {"cpu": 16, "cuda": 32, "mps": 32}  # of the networks that `auto` stands for
_LONG = 640_000  # images; in fewer the half-life of the average is a share of the rounds, whatever is set
_FEW = 5_000  # samples
_PASSES, _DELAY = 200, 40_000  # through the samples, and images: above both, augmentation is worth its delay
_CLASS, _CLASSES = 20, 1000  # training samples of the smallest class, and classes, with which labels help
_RESIDUAL, _LARGE, _HUGE = "residual", 64, 128  # above so many pixels: the network; it computes activations again
_SMALL = 16  # pixels: below, images are cheap, and have little that a transform leaves alone


@dataclass(frozen=True)
class Facts:
    """What the settings depend on."""

    shape: tuple[int, ...]  # of a sample
    count: int  # training samples
    seconds: float  # of training
    device: str = "cpu"
    side: int | None = None  # of the files in pixels, the median; None: the size of the samples cannot be set
    classes: int = 0  # 0: without classes, or where some labels are unknown
    rarest: int = 0  # training samples of the smallest class


@dataclass(frozen=True)
class Choice:
    """Settings of the recipe, why they have these values, and other values that are possible."""

    settings: Mapping[str, Any]
    reason: str
    instead: Mapping[str, Any]

    def __str__(self) -> str:
        others = f"; or {flags(self.instead)}" if self.instead else ""
        return f"{flags(self.settings)}: {self.reason}{others}."


def flags(settings: Mapping[str, Any]) -> str:
    """Settings as they are typed."""
    texts = {name: f"{value:g}" if isinstance(value, float) else str(value).lower() for name, value in settings.items()}
    return " ".join(f"{dashed(name)} {text}" for name, text in texts.items())


def default_recipe(facts: Facts) -> tuple[str, str]:
    """The name of the recipe, and why."""
    if len(facts.shape) == 1:
        return DEFAULT_FOR_POINTS, "it keeps all modes of points"
    if _has_classes(facts):
        return DEFAULT_FOR_FEW, "it uses labels best"
    if facts.shape[0] > 1 or facts.count < _FEW:
        kind = "color" if facts.shape[0] > 1 else plural(facts.count, "image")
        return DEFAULT_FOR_FEW, f"its penalties keep it from collapsing on {kind}"
    return DEFAULT, "it improves fastest on many gray images without labels"


def reasons(recipe: tuple[str, str], selection: Iterable[Choice]) -> list[str]:
    """The recipe and the settings, with their reasons, a line each."""
    name, reason = recipe
    others = " or ".join(dict.fromkeys(other for other in (DEFAULT, DEFAULT_FOR_FEW, THOROUGH) if other != name))
    return [f"{name}: {reason}; or name {others}.", *map(str, selection)]


def choices(facts: Facts) -> Iterator[Choice]:
    """The settings for samples of a shape and a number, a time and a device, a reason each; none for points."""
    if len(facts.shape) == 1:
        return
    time, most = duration(facts.seconds), _at(_SIDES, facts)
    if facts.side is not None and facts.side > most:
        reason = f"the files have about {facts.side} pixels, too many to learn in {time} on {facts.device}"
        yield Choice({"data.size": most}, reason, {"data.size": 2 * most if most < _LARGE else most // 2})
    small = default_recipe(facts)[0] == DEFAULT
    if small:
        yield Choice({"batch": 32, "lr": 8e-4}, "more steps improve faster", {"batch": 64, "lr": 4e-4})
    elif facts.count >= _FEW and not _has_classes(facts) and facts.device == "cpu":
        reason = "more steps improve faster, and penalties in every fourth round are enough"
        yield Choice({"batch": 32, "lazy": 4}, reason, {"batch": 64, "lazy": 1})
    if facts.count < 64:
        batch = min(32, facts.count)
        reason = f"there are {plural(facts.count, 'training sample')}"
        yield Choice({"batch": batch}, reason, {"batch": max(batch // 2, 2)})
    is_small = min(facts.shape[1:]) < _SMALL
    if max(facts.shape[1:]) > _LARGE:
        yield _large_networks(facts)
    elif (width := _at(_WIDTHS, facts)) != (usual := _WIDTH[facts.device]) and not is_small:
        reason = f"there is time for wide networks in {time} on {facts.device}"
        yield Choice(_of_both(width=width), reason, _of_both(width=usual))
    images = facts.seconds * _SPEED[facts.device]
    if images > max(_PASSES * facts.count, _DELAY) and not is_small:
        reason = f"{plural(facts.count, 'sample')} would be memorized"
        yield Choice({"augmentation": FIXED}, reason, {"augmentation": "none"})
    if _has_classes(facts):
        reason = f"the samples have {facts.classes} classes of at least {facts.rarest}"
        yield Choice({"conditional": True}, reason, {"conditional": False})
    if small and images > _LONG:
        yield Choice({"halflife": 2000.0}, "batches of 32, so twice the rounds of averaging", {"halflife": 1000.0})


def _large_networks(facts: Facts) -> Choice:
    """Residual networks with attention, which reach across large images."""
    sides = [max(size) for size in pyramid(_RESIDUAL, facts.shape, max(facts.shape[1:]))[1:-1]]
    attention = min(sides, key=lambda side: abs(side - 32))
    options = {"width": _at(_WIDTHS, facts) // 2, "growth": 8, "attention": attention}
    options |= {"recompute": True} if max(facts.shape[1:]) > _HUGE else {}
    networks = dict.fromkeys(_ROLES, _RESIDUAL) | _of_both(**options)
    reason = f"strided convolutions do not reach across {max(facts.shape[1:])} pixels"
    return Choice(networks, reason, _of_both(growth=4, attention=0))


def _of_both(**options: Any) -> dict[str, Any]:
    """The same options of generator and critic."""
    return {f"{role}.{name}": value for name, value in options.items() for role in _ROLES}


def _has_classes(facts: Facts) -> bool:
    """Whether there are labels enough to be learned."""
    return 1 < facts.classes <= _CLASSES and facts.rarest >= _CLASS


def _at(table: Mapping[str, Mapping[int, int]], facts: Facts) -> int:
    """The value of the longest time that is not above the facts'."""
    return [value for seconds, value in table[facts.device].items() if seconds <= facts.seconds][-1]


def without(choice: Choice, recipe: Recipe, changes: Iterable[str]) -> Choice:
    """The choice less the settings that a user's changes set, or whose part they replace."""
    own = [path for name in changes for path in paths(recipe, name.replace("-", "_"))]

    def is_free(name: str) -> bool:
        return not all(any(f"{path}.".startswith(f"{each}.") for each in own) for path in paths(recipe, name))

    free = [name for name in choice.settings if is_free(name)]
    settings, instead = ({n: values[n] for n in free if n in values} for values in (choice.settings, choice.instead))
    return replace(choice, settings=settings, instead=instead)


def read_facts(recipe: Recipe, options: Options, device: str, root: Path | None = None) -> Facts:
    """The facts of the recipe's data, of the budget or else the rounds, and of the device.

    Files are read at the size that `choices` has for them. Raises Refusal as `load_data` does.
    """
    side = None if "size" in recipe.data else median_side(recipe.data, root)
    facts = Facts((), 0, training_seconds(recipe, options, device), device, side)
    size = {} if side is None or side <= _at(_SIDES, facts) else {"size": _at(_SIDES, facts)}
    data, classes, rarest = load_data(recipe.data | size, root), 0, 0
    if data.labels is not None and data.y is not None and data.labels.kind == "class" and is_labeled(data.y).all():
        classes, rarest = data.labels.size, int(data.y.bincount(minlength=data.labels.size).min())
    return replace(facts, shape=data.space.shape, count=len(data.x), classes=classes, rarest=rarest)


def training_seconds(recipe: Recipe, options: Options, device: str) -> float:
    """The time of training: the budget's, or about that of its images or of the rounds."""
    budget, limits = read_budget(options.budget), list[float]()
    if budget.seconds is not None:
        limits.append(budget.seconds)
    if budget.images is not None:
        limits.append(budget.images / _SPEED[device])
    if options.rounds is not None or not limits:
        limits.append(recipe.rounds * recipe.batch / _SPEED[device])
    return min(limits)
