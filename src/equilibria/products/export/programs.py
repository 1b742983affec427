"""A part of a model as a program: the operations and the weights, for runtimes that know nothing of this library."""

import io
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .faces import Face

_FACTS = "facts."  # what stands before their names in a file of torch


def write_onnx(face: Face, given: tuple[Tensor, ...], facts: dict[str, str], path: Path) -> None:
    """For ONNX runtimes."""
    with _quiet():
        program = torch.onnx.export(
            face.module,
            given,
            input_names=face.inputs,
            output_names=face.outputs,
            dynamic_shapes=(_batches(given),),
            verbose=False,
        )
    if program is None:
        raise RuntimeError("the exporter answered nothing")
    _keep_apart(program.model.graph, {*face.inputs, *face.outputs})
    program.model.metadata_props.update(facts)
    program.save(path, external_data=False)


def run_onnx(path: Path) -> Callable[..., tuple[Tensor, ...]]:
    """The file as a function."""
    import onnxruntime  # type: ignore[import-not-found,import-untyped,unused-ignore]

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    names = [put.name for put in session.get_inputs()]

    def run(*given: Tensor) -> tuple[Tensor, ...]:
        named = {name: tensor.numpy() for name, tensor in zip(names, given, strict=True)}
        return tuple(map(torch.from_numpy, session.run(None, named)))

    return run


def write_torch(face: Face, given: tuple[Tensor, ...], facts: dict[str, str], path: Path) -> None:
    """For torch.export.load."""
    with _quiet(), torch.no_grad():
        program = torch.export.export(face.module, given, dynamic_shapes=(_batches(given),))
        buffer = io.BytesIO()
        torch.export.save(program, buffer, extra_files={_FACTS + name: text for name, text in facts.items()})
    path.write_bytes(buffer.getvalue())


def run_torch(path: Path) -> Callable[..., tuple[Tensor, ...]]:
    """The file as a function."""
    with _quiet():
        return torch.export.load(io.BytesIO(path.read_bytes())).module()


def _batches(given: tuple[Tensor, ...]) -> tuple[dict[int, torch.export.Dim], ...]:
    """The first dimension of every input is the same, and free."""
    batch = torch.export.Dim("batch", min=1)
    return tuple({0: batch} for _ in given)


def _keep_apart(graph: Any, names: set[str]) -> None:
    """Rename what is within a graph and is called as an input or output is: the exporter calls averages `mean`."""
    for value in (value for node in graph for value in node.outputs):
        if value.name in names and not value.is_graph_output():
            value.name = f"{value.name}_within"


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporters' own remarks, which are for those who write exporters."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
