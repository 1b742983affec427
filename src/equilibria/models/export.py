"""Export to ONNX, torch.export and safetensors, each compared with the model."""

import importlib.metadata
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..core.errors import Failure, Refusal, first_line, nearest
from ..core.files import atomic_output, output_path
from ..networks.blocks import MinibatchStd
from ..records.folder import free_name
from .export_programs import (
    Part,
    Program,
    example_inputs,
    part_of,
    plain,
    read_onnx,
    read_safetensors,
    read_torch_export,
    write_onnx,
    write_safetensors,
    write_torch_export,
)
from .model_folder import read_config, read_recipe

if TYPE_CHECKING:
    from .model import Model

_VALUES = {
    "image": "pixels in [-1, 1], channels before rows before columns: 127.5 * (value + 1) gives 0 to 255",
    "plane": "points of the plane, in the units of the data",
}
LIMIT = 1e-4  # largest difference allowed, as a share of an output's largest value if that is above one
_BATCHES = (16, 1, 5)
_PLACE = -5  # of the draws that file and model are compared on


@dataclass(frozen=True)
class Format:
    """How a network becomes a file, and how the file is run."""

    suffix: str
    runner: str
    write: Callable[[Part, tuple[Tensor, ...], dict[str, str], Path], None]
    read: Callable[[Path], Program]
    packages: tuple[str, ...] = ()  # of the extra `export`
    row_by_row: bool = True  # a program for any batch size cannot compare neighboring rows

    def check(self) -> None:
        """Raise Refusal if packages are missing."""
        if missing := [name for name in self.packages if find_spec(name) is None]:
            raise Refusal(
                f"A file that ends in {self.suffix} needs the packages {', '.join(self.packages)}, and there is no "
                f"{' and no '.join(missing)}: pip install 'equilibria[export]'."
            )


FORMATS = {
    "onnx": Format(".onnx", "onnxruntime", write_onnx, read_onnx, ("onnx", "onnxscript", "onnxruntime")),
    "torch-export": Format(".pt2", "torch.export.load", write_torch_export, read_torch_export),
    "safetensors": Format(".safetensors", "networks rebuilt from it", write_safetensors, read_safetensors, (), False),
}


@dataclass(frozen=True)
class Exported:
    """A file that computes what the model computes."""

    path: Path
    format: Format
    shapes: Mapping[str, tuple[int, ...]]  # by name, without the batch
    inputs: tuple[str, ...]
    values: str  # of samples
    difference: float  # the largest between the file and the model

    def __str__(self) -> str:
        sizes = {name: f"{name} ({', '.join(map(str, ('batch', *shape)))})" for name, shape in self.shapes.items()}
        inputs, outputs = ", ".join(map(sizes.pop, self.inputs)), ", ".join(sizes.values())
        batches = ", ".join(map(str, _BATCHES[:-1])) + f" and {_BATCHES[-1]}"
        names = [text for name, text in (("x", "x holds"), ("samples", "samples are")) if name in self.shapes]
        values = f"; {names[0]} {self.values}" if names else ""
        return (
            f"{self.path} takes {inputs} and gives {outputs}{values}. Run with {self.format.runner} on batches of "
            f"{batches}, it differs from the model by {self.difference:.1e} at most."
        )


def export(
    model: "Model", format: str = "onnx", part: str = "generator", out: str | Path | None = None, force: bool = False
) -> Exported:
    """Export a network to a file for other programs, and check that it computes the same.

    Raises Refusal for what cannot be exported, Failure if the file computes something else.

    Args:
        format: onnx (ONNX runtimes), torch-export (.pt2, for torch.export.load) or safetensors (weights).
        part: generator (z, y to samples), critic (x, y to scores) or encoder (x, y to mean, log_variance).
        out: The file; default: PART.onnx, PART-2.onnx, ... (.pt2, .safetensors).
        force: Overwrite existing output.

    Example:
        >>> model = eq.load("runs/pairs")
        >>> print(model.export("safetensors", part="encoder"))
        encoder.safetensors takes x (batch, 1, 8, 8) and gives mean (batch, 64); ...
    """
    if format not in FORMATS:
        raise Refusal(f"No format is called {format!r}.{nearest(format, FORMATS)}")
    target, original, config = FORMATS[format], part_of(model, part), read_config(model.folder)
    path = output_path(out or free_name(part, target.suffix), [target.suffix], force)
    target.check()
    if target.row_by_row and any(isinstance(layer, MinibatchStd) for layer in original.modules()):
        raise Refusal(
            f"The {part} compares the samples of a batch (minibatch_std), which no program for any batch size can: use "
            f"--format safetensors, or train with --critic.minibatch_std 0."
        )
    inputs = example_inputs(model, original.inputs, part, _BATCHES[0], _PLACE, 0)
    outputs = original(*inputs)
    copy = part_of(replace(model, networks=plain(model.networks)), part)
    original.outputs = copy.outputs = original.outputs[: len(outputs)]  # a deterministic encoder has one
    tensors = zip((*original.inputs, *original.outputs), (*inputs, *outputs), strict=True)
    shapes = {name: tuple(tensor.shape[1:]) for name, tensor in tensors}
    with torch.no_grad(), atomic_output(path) as file:
        recipe = str(read_recipe(model.folder).get("name", ""))
        facts = metadata(original, config, recipe, shapes)
        with _failure(f"This {part} cannot be exported to {target.suffix}"):
            target.write(copy, tuple(tensor.cpu() for tensor in inputs), facts, file)
        difference = _difference(target, file, model, original)
        if not difference <= LIMIT:
            raise Failure(
                f"The exported {part} computes something else than the model: the largest difference is "
                f"{difference:.1e}, and {LIMIT:g} is allowed. {path} was not written."
            )
    return Exported(path, target, shapes, original.inputs, values_of(config), difference)


def metadata(part: Part, config: Mapping[str, Any], recipe: str, shapes: Mapping[str, Sequence[int]]) -> dict[str, str]:
    """The metadata of a file: its part, its recipe, its inputs and outputs, and the model's description."""
    specs = {name: spec for name, spec in config["networks"].items() if name in part.networks}
    sizes = {name: ["batch", *shape] for name, shape in shapes.items()}
    return {
        "made_by": f"equilibria {importlib.metadata.version('equilibria')}",
        "part": part.name,
        "recipe": recipe,
        "values": values_of(config),
        "inputs": json.dumps({name: sizes[name] for name in part.inputs}),
        "outputs": json.dumps({name: sizes[name] for name in part.outputs}),
        **{name: json.dumps(config.get(name)) for name in ("space", "prior", "labels")},
        "config": json.dumps(_without_rows(config) | {"networks": specs, "likelihood": None}),
    }


def values_of(config: Mapping[str, Any]) -> str:
    """The values of a sample in words."""
    return _VALUES.get(config["space"]["name"], "values of the space that is described here")


def _without_rows(config: Mapping[str, Any]) -> dict[str, Any]:
    """The description without the attributes or numbers of training samples: other programs need none."""
    conditions = config.get("conditions")
    if not conditions or "rows" not in conditions:
        return dict(config)
    return dict(config) | {"conditions": {"rows": [[0.0] * len(conditions["rows"][0])]}}


def _difference(target: Format, path: Path, model: "Model", original: Part) -> float:
    """The largest difference between the file's outputs and the model's on some batches; NaN if any is.

    As a share of an output's largest value if that is above one.
    """
    gaps = []
    with _failure(f"The exported {original.name} cannot be run with {target.runner}"):
        program = target.read(path)
        for place, count in enumerate(_BATCHES):
            inputs = example_inputs(model, original.inputs, original.name, count, _PLACE, place)
            outputs, expected = program(*(tensor.cpu() for tensor in inputs)), original(*inputs)
            for output, aim in zip(outputs, (tensor.cpu() for tensor in expected), strict=True):
                gaps.append(float((output - aim).abs().max() / aim.abs().max().clamp(min=1)))
    return float(torch.tensor(gaps, dtype=torch.float64).max())


@contextmanager
def _failure(text: str) -> Iterator[None]:
    """Raise Failure with this text for whatever an exporter or a runtime raises: dozens of kinds."""
    try:
        yield
    except (OSError, MemoryError):
        raise
    except Exception as error:
        cause = error
        while isinstance(cause.__cause__, Exception):  # exporters wrap the cause
            cause = cause.__cause__
        raise Failure(f"{text}: {first_line(cause)}") from cause
