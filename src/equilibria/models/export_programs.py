"""Named inputs and outputs of an exported network, and its writers and readers."""

import copy
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ..core.errors import Refusal, nearest
from ..games.views import pack

if TYPE_CHECKING:
    from .model import Model

_NETWORKS = {"generator": ("generator", "prior"), "encoder": ("encoder",), "critic": ("critic",)}  # of a part
_VIEWS = {"samples": ("x",), "pairs": ("x", "z"), "latents": ("z",)}  # of critics
_FACTS = "facts."  # prefix of metadata in a file of torch.export


Names = tuple[str, ...]
Program = Callable[..., tuple[Tensor, ...]]


class Part(nn.Module):
    """A part of a model: networks, a function of tensors that uses them, and the names of its inputs and outputs."""

    def __init__(self, name: str, networks: nn.ModuleDict, function: Program, inputs: Names, outputs: Names):
        super().__init__()
        self.name, self.networks, self.function, self.inputs, self.outputs = name, networks, function, inputs, outputs

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The inputs, (B, ...) each, to the outputs."""
        return self.function(*inputs)


def part_of(model: "Model", part: str) -> Part:
    """A part of the model. Raises Refusal if the model has none."""
    if part not in _NETWORKS:
        raise Refusal(f"No part is called {part!r}.{nearest(part, _NETWORKS)}")
    if part not in model.networks:
        raise Refusal(f"This model has no {part}: it has {' and '.join(model.networks)}.")
    networks = nn.ModuleDict({name: model.networks[name] for name in _NETWORKS[part] if name in model.networks})
    conditional, network, own = model.conditions is not None, networks[part], replace(model, networks=networks)
    condition = ("y",) if conditional else ()
    if part == "generator":
        inputs = ("z", *condition)
        return Part(part, networks, lambda z, y=None: (network(own.latents_of(z, y), y),), inputs, ("samples",))
    if part == "encoder":
        outputs = ("mean", "log_variance")
        return Part(part, networks, lambda *inputs: tuple(network(*inputs)), ("x", *condition), outputs)

    def score(*inputs: Tensor) -> tuple[Tensor, ...]:
        views, y = (inputs[:-1], inputs[-1:]) if conditional else (inputs, ())
        scores = network(*views, **dict(zip(condition, y, strict=True)))
        return (scores, network.classify(*views)) if has_classes else (scores,)  # type: ignore[operator]

    has_classes = hasattr(network, "classify")
    predictions = ("classes",) if has_classes else ()
    return Part(part, networks, score, (*_VIEWS[model.critic_input.views], *condition), ("scores", *predictions))


def example_inputs(model: "Model", names: Sequence[str], part: str, count: int, *place: int) -> tuple[Tensor, ...]:
    """Inputs of a part of the model: draws of the prior, samples of them, conditions, (count, ...) each."""
    packed = model.critic_input.packed if part == "critic" else 1
    noise, y = model.draw_noise(count * packed, place)
    tensors = {"z": noise if part == "generator" else model.latents_of(noise, y)}
    tensors |= {} if y is None else {"y": y}
    tensors |= {"x": model.generate(noise, y)} if "x" in names else {}
    return tuple(pack(tensors[name], packed) if packed > 1 else tensors[name] for name in names)


def plain(networks: nn.ModuleDict) -> nn.ModuleDict:
    """A copy on the CPU, with weight norms, such as the spectral norm, applied to the weights.

    `parametrize.remove_parametrizations` would change the class, which the original shares with its copies.
    """
    plain = copy.deepcopy(networks).cpu().eval().requires_grad_(False)
    for module in filter(parametrize.is_parametrized, plain.modules()):
        weights = {name: getattr(module, name).clone() for name in module.parametrizations}  # type: ignore[union-attr]
        plain_class = parametrize.type_before_parametrizations(module)
        del module.parametrizations
        module.__class__ = plain_class
        for name, weight in weights.items():
            module.register_parameter(name, nn.Parameter(weight, requires_grad=False))
    return plain


def write_safetensors(part: Part, inputs: tuple[Tensor, ...], metadata: dict[str, str], path: Path) -> None:
    """Weights with metadata."""
    weights = {name: tensor.contiguous() for name, tensor in part.networks.state_dict().items()}
    path.write_bytes(save(weights, metadata=metadata))


def read_safetensors(path: Path) -> Program:
    """The network, rebuilt from the file alone."""
    from .load import load_exported  # which stands on the model, whose method exports

    with safe_open(path, "pt") as file:
        part = file.metadata()["part"]
    return part_of(load_exported(path), part)


def write_onnx(part: Part, inputs: tuple[Tensor, ...], metadata: dict[str, str], path: Path) -> None:
    """For ONNX runtimes."""
    with _quiet():
        program = torch.onnx.export(
            part,
            inputs,
            input_names=part.inputs,
            output_names=part.outputs,
            dynamic_shapes=(_batch_dimensions(inputs),),
            verbose=False,
        )
    if program is None:
        raise RuntimeError("the exporter returned nothing")
    _rename_inner(program.model.graph, {*part.inputs, *part.outputs})
    program.model.metadata_props.update(metadata)
    program.save(path, external_data=False)


def read_onnx(path: Path) -> Program:
    """The file as a function."""
    import onnxruntime  # type: ignore[import-not-found,import-untyped,unused-ignore]

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    names = [put.name for put in session.get_inputs()]

    def run(*inputs: Tensor) -> tuple[Tensor, ...]:
        arrays = {name: tensor.numpy() for name, tensor in zip(names, inputs, strict=True)}
        return tuple(map(torch.from_numpy, session.run(None, arrays)))

    return run


def write_torch_export(part: Part, inputs: tuple[Tensor, ...], metadata: dict[str, str], path: Path) -> None:
    """For torch.export.load."""
    with _quiet():
        program = torch.export.export(part, inputs, dynamic_shapes=(_batch_dimensions(inputs),))
        buffer = io.BytesIO()
        torch.export.save(program, buffer, extra_files={_FACTS + name: text for name, text in metadata.items()})
    path.write_bytes(buffer.getvalue())


def read_torch_export(path: Path) -> Program:
    """The file as a function."""
    with _quiet():
        return torch.export.load(io.BytesIO(path.read_bytes())).module()


def _batch_dimensions(inputs: tuple[Tensor, ...]) -> tuple[dict[int, torch.export.Dim], ...]:
    """The first dimension of every input: the same, of any size."""
    batch = torch.export.Dim("batch", min=1)
    return tuple({0: batch} for _ in inputs)


def _rename_inner(graph: Any, names: set[str]) -> None:
    """Rename inner values with the name of an input or output: the exporter calls averages `mean`."""
    for value in (value for node in graph for value in node.outputs):
        if value.name in names and not value.is_graph_output():
            value.name = f"{value.name}_within"


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporters' warnings."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
