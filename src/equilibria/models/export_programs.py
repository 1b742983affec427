"""Named inputs and outputs of an exported network, and its writers and readers."""

import copy
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
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


class Part(nn.Module):
    """Networks with a function of tensors that uses them."""

    def __init__(self, networks: nn.ModuleDict, function: Callable[..., tuple[Tensor, ...]]):
        super().__init__()
        self.networks, self.function = networks, function

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The inputs of a signature, (B, ...) each, to its outputs."""
        return self.function(*inputs)


@dataclass(frozen=True)
class Signature:
    """A part of a model: a module from tensors to a tuple of tensors, with their names."""

    part: str
    module: nn.Module
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @torch.no_grad()
    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The outputs, (B, ...) each."""
        return self.module(*inputs)


def signature_of(model: "Model", part: str) -> Signature:
    """A part of the model. Raises Refusal if the model has none."""
    if part not in _NETWORKS:
        raise Refusal(f"No part is called {part!r}.{nearest(part, _NETWORKS)}")
    if part not in model.networks:
        raise Refusal(f"This model has no {part}: it has {' and '.join(model.networks)}.")
    networks = nn.ModuleDict({name: model.networks[name] for name in _NETWORKS[part] if name in model.networks})
    conditional, network, own = model.conditions is not None, networks[part], replace(model, networks=networks)
    condition = ("y",) if conditional else ()
    if part == "generator":
        generate = Part(networks, lambda z, y=None: (network(own.latents_of(z, y), y),))
        return Signature(part, generate, ("z", *condition), ("samples",))
    if part == "encoder":
        encode = Part(networks, lambda *inputs: tuple(network(*inputs)))
        return Signature(part, encode, ("x", *condition), ("mean", "log_variance"))

    def score(*inputs: Tensor) -> tuple[Tensor, ...]:
        views, y = (inputs[:-1], inputs[-1:]) if conditional else (inputs, ())
        scores = network(*views, **dict(zip(condition, y, strict=True)))
        return (scores, network.classify(*views)) if has_classes else (scores,)  # type: ignore[operator]

    has_classes = hasattr(network, "classify")
    predictions = ("classes",) if has_classes else ()
    inputs = (*_VIEWS[model.critic_input.views], *condition)
    return Signature(part, Part(networks, score), inputs, ("scores", *predictions))


def example_inputs(model: "Model", names: Sequence[str], part: str, count: int, *place: int) -> tuple[Tensor, ...]:
    """Inputs of a part of the model: draws of the prior, samples of them, conditions, (count, ...) each."""
    packed = model.critic_input.packed if part == "critic" else 1
    noise, y = model.draw_noise(count * packed, place)
    tensors = {"z": noise if part == "generator" else model.latents_of(noise, y)}
    tensors |= {} if y is None else {"y": y}
    tensors |= {"x": model.generate(noise, y)} if "x" in names else {}
    return tuple(pack(tensors[name], packed) if packed > 1 else tensors[name] for name in names)


def plain(networks: nn.ModuleDict) -> nn.ModuleDict:
    """A copy on the CPU, with weight norms, such as the spectral norm, applied to the weights."""
    plain = copy.deepcopy(networks).cpu().eval().requires_grad_(False)
    for module in plain.modules():
        if parametrize.is_parametrized(module):
            _apply(module)
    return plain


def _apply(module: nn.Module) -> None:
    """Replace computed weights by plain ones.

    `parametrize.remove_parametrizations` would change the class, which the original shares with its copies.
    """
    weights = {name: getattr(module, name).clone() for name in module.parametrizations}  # type: ignore[union-attr]
    plain_class = parametrize.type_before_parametrizations(module)
    del module.parametrizations
    module.__class__ = plain_class
    for name, weight in weights.items():
        module.register_parameter(name, nn.Parameter(weight, requires_grad=False))


def write_safetensors(signature: Signature, inputs: tuple[Tensor, ...], metadata: dict[str, str], path: Path) -> None:
    """Weights with metadata."""
    networks: Any = signature.module.networks
    weights = {name: tensor.contiguous() for name, tensor in networks.state_dict().items()}
    path.write_bytes(save(weights, metadata=metadata))


def read_safetensors(path: Path) -> Signature:
    """The network, rebuilt from the file alone."""
    from .load import load_exported  # which stands on the model, whose method exports

    with safe_open(path, "pt") as file:
        part = file.metadata()["part"]
    return signature_of(load_exported(path), part)


def write_onnx(signature: Signature, inputs: tuple[Tensor, ...], metadata: dict[str, str], path: Path) -> None:
    """For ONNX runtimes."""
    with _quiet():
        program = torch.onnx.export(
            signature.module,
            inputs,
            input_names=signature.inputs,
            output_names=signature.outputs,
            dynamic_shapes=(_batch_dimensions(inputs),),
            verbose=False,
        )
    if program is None:
        raise RuntimeError("the exporter returned nothing")
    _rename_inner(program.model.graph, {*signature.inputs, *signature.outputs})
    program.model.metadata_props.update(metadata)
    program.save(path, external_data=False)


def read_onnx(path: Path) -> Callable[..., tuple[Tensor, ...]]:
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


def write_torch_export(signature: Signature, inputs: tuple[Tensor, ...], metadata: dict[str, str], path: Path) -> None:
    """For torch.export.load."""
    with _quiet(), torch.no_grad():
        program = torch.export.export(signature.module, inputs, dynamic_shapes=(_batch_dimensions(inputs),))
        buffer = io.BytesIO()
        torch.export.save(program, buffer, extra_files={_FACTS + name: text for name, text in metadata.items()})
    path.write_bytes(buffer.getvalue())


def read_torch_export(path: Path) -> Callable[..., tuple[Tensor, ...]]:
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
