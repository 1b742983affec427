"""Named inputs and outputs of an exported network, and its writers and readers."""

import copy
import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ..core.errors import Refusal, nearest
from ..games.views import pack
from .load import DAMAGE, assembled, checked
from .sampler import Sampler

_NEEDED = {"generator": ("generator", "prior"), "encoder": ("encoder",), "critic": ("critic",)}  # networks of a part
_SEEN = {"samples": ("x",), "pairs": ("x", "z"), "latents": ("z",)}  # by critics
PARTS = tuple(_NEEDED)


class Drawing(nn.Module):
    """Samples from draws of the prior."""

    def __init__(self, model: Sampler):
        super().__init__()
        self.model, self.networks = model, model.networks

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        """(B, Z), (B, C)? -> (B, *sample)."""
        z, y = given[0], given[1] if len(given) > 1 else None
        return (self.networks["generator"](self.model.latent(z, y), y),)


class Encoding(nn.Module):
    """Where the latents of samples lie."""

    def __init__(self, model: Sampler):
        super().__init__()
        self.networks = model.networks

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        """(B, *sample), (B, C)? -> the mean (B, Z), and of a Gaussian the logarithm of the variance (B, Z)."""
        return tuple(self.networks["encoder"](*given))


class Judging(nn.Module):
    """Scores, and of a critic that classifies its guesses too."""

    def __init__(self, model: Sampler):
        super().__init__()
        self.networks, self.told = model.networks, model.conditions is not None

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        """Views, each (B, ...), and (B, C)? -> scores (B,), and guesses (B, C) if there is a head for them."""
        critic, views = self.networks["critic"], given[:-1] if self.told else given
        scores = critic(*views, y=given[-1]) if self.told else critic(*views)
        return (scores, critic.classify(*views)) if _guesses(critic) else (scores,)  # type: ignore[operator]


@dataclass(frozen=True)
class Face:
    """A part of a model: a module that takes tensors and gives a tuple of them, and their names."""

    part: str
    module: nn.Module
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @torch.no_grad()
    def __call__(self, *given: Tensor) -> tuple[Tensor, ...]:
        """The outputs, (B, ...) each."""
        return self.module(*given)


def face(model: Sampler, part: str) -> Face:
    """This part of the model. Raises Refusal if the model has none."""
    if part not in _NEEDED:
        raise Refusal(f"No part is called {part!r}.{nearest(part, _NEEDED)}")
    if part not in model.networks:
        raise Refusal(f"This model has no {part}: it has {' and '.join(model.networks)}.")
    networks = nn.ModuleDict({name: model.networks[name] for name in _NEEDED[part] if name in model.networks})
    model = replace(model, networks=networks)
    told = ("y",) if model.conditions is not None else ()
    if part == "generator":
        return Face(part, Drawing(model), ("z", *told), ("samples",))
    if part == "encoder":
        return Face(part, Encoding(model), ("x", *told), ("mean", "log_variance"))
    guesses = ("classes",) if _guesses(networks["critic"]) else ()
    return Face(part, Judging(model), (*_SEEN[model.sees], *told), ("scores", *guesses))


def examples(model: Sampler, inputs: Sequence[str], part: str, count: int, *place: int) -> tuple[Tensor, ...]:
    """Draws of the prior, samples made of them, conditions: what a part of the model takes, (count, ...) each."""
    packed = model.packed if part == "critic" else 1
    noise, y = model.material(count * packed, place)
    known = {"z": noise if part == "generator" else model.latent(noise, y)}
    known |= {} if y is None else {"y": y}
    known |= {"x": model.made(noise, y)} if "x" in inputs else {}
    return tuple(pack(known[name], packed) if packed > 1 else known[name] for name in inputs)


def _guesses(critic: nn.Module) -> bool:
    return hasattr(critic, "classify")


def plain(networks: nn.ModuleDict) -> nn.ModuleDict:
    """A copy for processors, whose norms of weights, such as the spectral norm, are worked into the weights."""
    copied = copy.deepcopy(networks).cpu().eval().requires_grad_(False)
    for module in copied.modules():
        if parametrize.is_parametrized(module):
            _settle(module)
    return copied


def _settle(module: nn.Module) -> None:
    """Make plain weights of those that are computed at each use.

    `parametrize.remove_parametrizations` would change the class, which the original shares with its copies.
    """
    weights = {name: getattr(module, name).clone() for name in module.parametrizations}  # type: ignore[union-attr]
    before = parametrize.type_before_parametrizations(module)
    del module.parametrizations
    module.__class__ = before
    for name, weight in weights.items():
        module.register_parameter(name, nn.Parameter(weight, requires_grad=False))


def write(face: Face, given: tuple[Tensor, ...], facts: dict[str, str], path: Path) -> None:
    """Plain weights, with the facts beside them."""
    networks: Any = face.module.networks
    weights = {name: tensor.contiguous() for name, tensor in networks.state_dict().items()}
    path.write_bytes(save(weights, metadata=facts))


def read(path: Path) -> Face:
    """The part, rebuilt from the file alone."""
    model, part = _rebuilt(path)
    return face(model, part)


def rebuilt(path: str | Path) -> Sampler:
    """The part that a .safetensors file holds, as a model without the others. Raises Refusal if it holds none."""
    return _rebuilt(Path(path))[0]


def _rebuilt(path: Path) -> tuple[Sampler, str]:
    try:
        with safe_open(path, "pt") as file:
            facts = file.metadata() or {}
        config, part = checked(json.loads(facts["config"]), str(path)), facts["part"]
        with torch.random.fork_rng():
            model = assembled(config)
        networks = plain(model.networks)
        networks.load_state_dict(load_file(path))
    except Refusal:
        raise
    except DAMAGE as error:
        raise Refusal(f"{path} holds no part of a model that was exported here: {error}.") from None
    return Sampler(**vars(model) | {"networks": networks}), part


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
