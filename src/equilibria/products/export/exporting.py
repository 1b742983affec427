"""Writing a part of a model to a file, and running the file before anybody relies on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...core.errors import Failure, Refusal, nearest
from ...core.files import free, whole
from ...networks.minibatch import MinibatchDeviation
from ...recipes.model import Model
from .faces import Face, examples, face
from .facts import facts, shapes, values
from .formats import FORMATS, Format
from .plain import plain

LIMIT = 1e-4  # between what the file and the model answer, as a share of the largest number if that is above one
_BATCHES = (16, 1, 5)
_PLACE = -5  # of the draws that file and model are compared on


@dataclass(frozen=True)
class Exported:
    """A file that answers as the model does."""

    path: Path
    format: Format
    shapes: Mapping[str, tuple[int, ...]]  # by name, without the batch
    inputs: tuple[str, ...]
    values: str  # what the numbers of a sample are
    difference: float  # the largest between the file and the model

    def __str__(self) -> str:
        given, made = (", ".join(self._sized(inside)) for inside in (True, False))
        batches = ", ".join(map(str, _BATCHES[:-1])) + f" and {_BATCHES[-1]}"
        return (
            f"{self.path} takes {given} and gives {made}{self._range()}. Run with {self.format.runner} on "
            f"batches of {batches}, it differs from the model by {self.difference:.1e} at most."
        )

    def _range(self) -> str:
        named = [said for name, said in (("x", "x holds"), ("samples", "samples are")) if name in self.shapes]
        return f"; {named[0]} {self.values}" if named else ""

    def _sized(self, inside: bool) -> list[str]:
        named = [name for name in self.shapes if (name in self.inputs) is inside]
        return [f"{name} ({', '.join(map(str, ('batch', *self.shapes[name])))})" for name in named]


def export(
    model: Model,
    config: Mapping[str, Any],
    recipe: str = "",
    format: str = "onnx",
    part: str = "generator",
    out: str | Path | None = None,
    force: bool = False,
) -> Exported:
    """Write a part of a model, whose config.json says `config`, to a file that is run and compared before it is kept.

    Raises Refusal for what cannot be exported, Failure if the file does not answer as the model does.
    """
    if format not in FORMATS:
        raise Refusal(f"No format is called {format!r}.{nearest(format, FORMATS)}")
    chosen, original = FORMATS[format], face(model, part)
    path = free(out or f"{part}{chosen.suffix}", [chosen.suffix], force)
    chosen.check()
    if chosen.rows_apart and any(isinstance(layer, MinibatchDeviation) for layer in original.module.modules()):
        raise Refusal(
            f"The {part} compares the samples of a batch (minibatch_std), which no program for batches of any size can "
            f"hold: use --format safetensors, or train with --critic.minibatch_std 0."
        )
    given = examples(model, original.inputs, part, _BATCHES[0], _PLACE, 0)
    answers = original(*given)
    named = replace(original, outputs=original.outputs[: len(answers)])  # a deterministic encoder answers one
    sizes = shapes(named, given, answers)
    written = replace(named, module=face(replace(model, networks=plain(model.networks)), part).module)
    with whole(path) as unchecked:
        _write(chosen, written, given, facts(named, config, recipe, sizes), unchecked)
        difference = _differs(chosen, unchecked, model, named)
        if not difference <= LIMIT:
            raise Failure(
                f"The exported {part} does not answer as the model does: the largest difference is {difference:.1e}, "
                f"and {LIMIT:g} is allowed. {path} was not written."
            )
    return Exported(path, chosen, sizes, named.inputs, values(config), difference)


def _write(format: Format, part: Face, given: tuple[Tensor, ...], known: dict[str, str], path: Path) -> None:
    try:
        format.write(part, tuple(tensor.cpu() for tensor in given), known, path)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # exporters raise dozens of kinds
        raise Failure(f"This {part.part} cannot be exported to {format.suffix}: {_first(error)}") from error


def _differs(format: Format, path: Path, model: Model, original: Face) -> float:
    """The largest difference between what the file and the model answer; infinite if the file cannot be run."""
    worst = 0.0
    try:
        run = format.read(path)
        for place, count in enumerate(_BATCHES):
            given = examples(model, original.inputs, original.part, count, _PLACE, place)
            worst = max(worst, _gap(run, original, given), key=_size)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # runtimes, too
        raise Failure(f"The exported {original.part} cannot be run with {format.runner}: {_first(error)}") from error
    return worst


@torch.no_grad()
def _gap(run: Callable[..., tuple[Tensor, ...]], original: Face, given: tuple[Tensor, ...]) -> float:
    """Of one batch: of every output, as a share of its largest number if that is above one."""
    answers = zip(run(*(tensor.cpu() for tensor in given)), original(*given), strict=True)
    gaps = [
        float((got - expected.cpu()).abs().max() / expected.abs().max().cpu().clamp(min=1)) for got, expected in answers
    ]
    return max(gaps, key=_size)


def _size(gap: float) -> float:
    """Numbers that are none are the largest."""
    return gap if gap == gap else float("inf")


def _first(error: Exception) -> str:
    while error.__cause__ is not None and isinstance(error.__cause__, Exception):  # exporters wrap what matters
        error = error.__cause__
    return str(error).strip().split("\n")[0] or type(error).__name__
