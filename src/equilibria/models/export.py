"""Export to ONNX, torch.export and safetensors, each compared with the model."""

import importlib.metadata
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..core.errors import Failure, Refusal, nearest
from ..core.files import atomic_output, output_path
from ..networks.blocks import MinibatchStd
from . import export_programs
from .export_programs import Face, examples, face, plain, rebuilt
from .sampler import Sampler

_VALUES = {
    "image": "pixels in [-1, 1], channels before rows before columns: 127.5 * (value + 1) gives 0 to 255",
    "plane": "points of the plane, in the units of the data",
}


def facts(face: Face, config: Mapping[str, Any], recipe: str, shapes: Mapping[str, Sequence[int]]) -> dict[str, str]:
    """By name, in text: what it is, what it was made by, what goes in and comes out, and the model's description."""
    described = _without_people(config) | {"networks": _of(face, config["networks"]), "likelihood": None}
    sizes = {name: ["batch", *shape] for name, shape in shapes.items()}
    return {
        "made_by": f"equilibria {importlib.metadata.version('equilibria')}",
        "part": face.part,
        "recipe": recipe,
        "values": values(config),
        "inputs": json.dumps({name: sizes[name] for name in face.inputs}),
        "outputs": json.dumps({name: sizes[name] for name in face.outputs}),
        **{name: json.dumps(config.get(name)) for name in ("space", "prior", "labels")},
        "config": json.dumps(described),
    }


def values(config: Mapping[str, Any]) -> str:
    """What the numbers of a sample are."""
    return _VALUES.get(config["space"]["name"], "numbers of the space that is described here")


def shapes(face: Face, given: Sequence[Tensor], answers: Sequence[Tensor]) -> dict[str, tuple[int, ...]]:
    """Of everything that goes in and comes out, without the batch."""
    named = zip((*face.inputs, *face.outputs), (*given, *answers), strict=True)
    return {name: tuple(tensor.shape[1:]) for name, tensor in named}


def _of(face: Face, specs: Mapping[str, Any]) -> dict[str, Any]:
    networks: Any = face.module.networks
    return {name: spec for name, spec in specs.items() if name in networks}


def _without_people(config: Mapping[str, Any]) -> dict[str, Any]:
    """Of attributes and numbers the model keeps rows of the training data; a file for other programs needs none."""
    told = config.get("conditions")
    if not told or "rows" not in told:
        return dict(config)
    return dict(config) | {"conditions": {"rows": [[0.0] * len(told["rows"][0])]}}


@dataclass(frozen=True)
class Format:
    """How a part becomes a file, and how the file is run again."""

    suffix: str
    runner: str  # what runs it
    write: Callable[[Face, tuple[Tensor, ...], dict[str, str], Path], None]
    read: Callable[[Path], Callable[..., tuple[Tensor, ...]]]
    packages: tuple[str, ...] = ()  # of the extra `export`
    rows_apart: bool = True  # a program whose batch is free cannot ask which rows are neighbours

    def check(self) -> None:
        """Refuse if packages are missing."""
        if missing := [name for name in self.packages if find_spec(name) is None]:
            raise Refusal(
                f"A file that ends in {self.suffix} needs the packages {', '.join(self.packages)}, and there is no "
                f"{' and no '.join(missing)}: pip install 'equilibria[export]'."
            )


FORMATS = {
    "onnx": Format(
        ".onnx",
        "onnxruntime",
        export_programs.write_onnx,
        export_programs.run_onnx,
        ("onnx", "onnxscript", "onnxruntime"),
    ),
    "torch-export": Format(".pt2", "torch.export.load", export_programs.write_torch, export_programs.run_torch),
    "safetensors": Format(
        ".safetensors", "networks rebuilt from it", export_programs.write, export_programs.read, rows_apart=False
    ),
}


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
    model: Sampler,
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
    path = output_path(out or f"{part}{chosen.suffix}", [chosen.suffix], force)
    chosen.check()
    if chosen.rows_apart and any(isinstance(layer, MinibatchStd) for layer in original.module.modules()):
        raise Refusal(
            f"The {part} compares the samples of a batch (minibatch_std), which no program for batches of any size can "
            f"hold: use --format safetensors, or train with --critic.minibatch_std 0."
        )
    given = examples(model, original.inputs, part, _BATCHES[0], _PLACE, 0)
    answers = original(*given)
    named = replace(original, outputs=original.outputs[: len(answers)])  # a deterministic encoder answers one
    sizes = shapes(named, given, answers)
    written = replace(named, module=face(replace(model, networks=plain(model.networks)), part).module)
    with atomic_output(path) as unchecked:
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


def _differs(format: Format, path: Path, model: Sampler, original: Face) -> float:
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


__all__ = ["Exported", "export", "rebuilt"]
