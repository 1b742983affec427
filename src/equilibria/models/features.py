"""Hidden-layer features of the critic or the encoder."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_max_pool2d

from ..core.errors import Refusal, nearest
from ..networks.blocks import Chain, MinibatchStd, Residual, ToVector
from ..networks.resampling import Crop, PadToEven
from .conditions import LabelQuery
from .critic_outputs import Function, condition_kwargs, critic_of, encoder_of, outputs, views
from .inputs import Source, read_inputs
from .write import label_array

if TYPE_CHECKING:
    from .model import Model

_KINDS: tuple[tuple[tuple[type[nn.Module], ...], str], ...] = (
    ((nn.Conv2d, nn.ConvTranspose2d), "conv"),
    ((nn.Linear,), "dense"),
    ((Residual, Chain), "block"),
    ((nn.AdaptiveAvgPool2d,), "mean"),
)
_BETWEEN = (PadToEven, Crop, ToVector, MinibatchStd)  # they prepare the next layer
NETWORKS = ("critic", "encoder")
FEATURES, CODE = "features", "code"  # the input of the last linear layer; the encoder's mean


def layer_ends(network: nn.Module) -> dict[str, nn.Module]:
    """The last module of each hidden layer, its norm or activation, by name: conv1, conv2, dense1, block1, ...

    Layers outside the trunk carry the name of their chain: tower.dense1.
    """
    return {
        f"{'' if chain == 'trunk' else chain + '.'}{name}": end
        for chain, modules in _chains(network)
        for name, end in _ends(modules)
    }


def _chains(network: nn.Module) -> Iterator[tuple[str, Chain]]:
    for name, child in network.named_children():
        if isinstance(child, Chain):
            yield name, child
        else:
            yield from _chains(child)


def _ends(chain: Chain) -> Iterator[tuple[str, nn.Module]]:
    """The last module of every layer, by the layer's name."""
    counts: Counter[str] = Counter()
    name, end = "", nn.Module()
    for part in chain:
        if kind := next((kind for types, kind in _KINDS if isinstance(part, types)), ""):
            if name:
                yield name, end
            counts[kind] += 1
            name, end = kind if kind == "mean" else f"{kind}{counts[kind]}", part
        elif name and not name.startswith("block") and not isinstance(part, _BETWEEN):
            end = part
    if name:
        yield name, end


@contextmanager
def recorded(modules: Mapping[str, nn.Module]) -> Iterator[dict[str, Tensor]]:
    """The last outputs of modules by name while a network is used: (B, C, H, W) or (B, F) each."""
    outputs = dict[str, Tensor]()

    def hook(name: str) -> Callable[[nn.Module, object, Tensor], None]:
        return lambda module, inputs, output: outputs.update({name: output})

    handles = [module.register_forward_hook(hook(name)) for name, module in modules.items()]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


def features(
    model: "Model",
    source: Source = None,
    labels: LabelQuery | None = None,
    layer: str = FEATURES,
    of: str = "critic",
    pooled: int = 0,
) -> Tensor:
    """A hidden layer's features of samples: (N, F) or (N, C, H, W); `model.layers()` lists the layers.

    With `pooled`, each feature map is max-pooled to at most N x N and flattened (Radford et al. 2016): (N, F).

    Example:
        >>> model = eq.load("runs/digits")
        >>> model.features(model.sample(4), layer="conv1", pooled=2).shape
        torch.Size([4, 32])
    """
    inputs = read_inputs(model, source, labels, required=False)
    return torch.cat(list(outputs(model, feature_function(model, [layer], of, pooled), inputs))).cpu()


def layer_shapes(model: "Model", of: str = "critic") -> dict[str, tuple[int, ...]]:
    """The hidden layers of the critic or the encoder, from the input on, each with the shape of its output.

    Example:
        >>> model = eq.load("runs/digits")
        >>> model.layers()
        {'conv1': (8, 4, 4), 'conv2': (16, 2, 2), 'dense1': (64,), 'features': (64,)}
    """
    network, size = network_of(model, of), model.condition_size
    like = next(network.parameters())
    x, y = torch.zeros(1, *model.space.shape).to(like), torch.zeros(1, size).to(like) if size else None
    with torch.no_grad(), recorded(layer_ends(network)) as layers:
        last = {FEATURES: _features(model, of, x, y)}
        shapes = {name: tuple(output.shape[1:]) for name, output in (layers | last).items()}
        return shapes | ({CODE: tuple(network(x, y).mean.shape[1:])} if of == "encoder" else {})


def feature_function(model: "Model", layers: Sequence[str], of: str = "critic", pooled: int = 0) -> Function:
    """A function from samples (B, *shape) and conditions (B, C)? to the output of one layer, or of several: (B, F).

    With `pooled`, each feature map is max-pooled to at most N x N and flattened: (B, F).
    """
    network, names, ends = network_of(model, of), layer_shapes(model, of), layer_ends(network_of(model, of))
    for name in layers:
        if name not in names:
            raise Refusal(f"No layer of the {of} is called {name!r}.{nearest(name, names)}")

    def function(x: Tensor, y: Tensor | None) -> Tensor:
        with recorded({name: ends[name] for name in layers if name in ends}) as values:
            values[FEATURES] = _features(model, of, x, y)
        if CODE in layers:
            values[CODE] = network(x, y).mean
        parts = [_pool(values[name].float(), pooled) for name in layers]
        return parts[0] if len(parts) == 1 else torch.cat([part.flatten(1) for part in parts], dim=1)

    return function


def default_layers(model: "Model", of: str, pooled: int) -> list[str]:
    """The last hidden layer; if `pooled`, those whose output is a feature map (C, H, W), or Refusal if none is."""
    if not pooled:
        return [FEATURES]
    layers = [name for name, shape in layer_shapes(model, of).items() if len(shape) == 3]
    if not layers:
        raise Refusal(f"The {of} of this model has no convolutions with maps to pool: leave out --pooled.")
    return layers


def _features(model: "Model", of: str, x: Tensor, y: Tensor | None) -> Tensor:
    if of == "encoder":
        return encoder_of(model).features(x, y)
    return critic_of(model).features(*views(model, x, y), **condition_kwargs(y))


def network_of(model: "Model", of: str) -> Any:
    """The critic or the encoder. Raises Refusal for a model without it."""
    if of not in NETWORKS:
        raise Refusal(f"--of is {of!r}.{nearest(of, NETWORKS)}")
    if of == "encoder":
        return encoder_of(model)
    if "encoder" in model.networks and ("critic" not in model.networks or model.critic_input.views == "latents"):
        raise Refusal("This model has no critic of samples, but it has an encoder: say --of encoder.")
    return critic_of(model)


def _pool(values: Tensor, side: int) -> Tensor:
    """Feature maps (B, C, H, W) pooled to (B, F); with side 0 as they are."""
    if side == 0 or values.ndim != 4:
        return values if side == 0 else values.flatten(1)
    height, width = (min(side, size) for size in values.shape[2:])
    return adaptive_max_pool2d(values, (height, width)).flatten(1)


@dataclass(frozen=True)
class FeatureArrays:
    """Features of samples, an array for each layer, and the samples' labels where known."""

    of: str
    names: tuple[str, ...]
    layers: dict[str, np.ndarray]  # (N, ...) each
    labels: np.ndarray | None
    remarks: tuple[str, ...]

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of an .npz: one for each layer, `files`, and `labels` if known."""
        return self.layers | ({} if self.labels is None else {"labels": self.labels}) | {"files": np.array(self.names)}

    def summary(self) -> str:
        """The layers and their shapes."""
        shapes = (f"{name} ({' x '.join(map(str, array.shape[1:]))})" for name, array in self.layers.items())
        return "\n".join([f"{len(self.names):,} samples: {', '.join(shapes)} of the {self.of}.", *self.remarks])


def feature_arrays(
    model: "Model",
    source: Source = None,
    *,
    layers: tuple[str, ...] = (),
    of: str = "critic",
    pooled: int = 0,
    labels: LabelQuery | None = None,
) -> FeatureArrays:
    """Extract hidden-layer features of samples.

    Args:
        layers: Layer names, as conv2 or conv1,conv2; without any, the verb lists them.
        of: Network: critic or encoder.
        pooled: Max-pool each feature map to N x N and concatenate layers; 0: keep maps as they are.
        labels: For conditional models: class, by name or number, of samples that have no labels of their own.
    """
    inputs = read_inputs(model, source, labels, required=False)
    names = list(layers) or default_layers(model, of, pooled)
    groups = {FEATURES: names} if pooled else {name: [name] for name in names}
    arrays = {
        name: torch.cat(list(outputs(model, feature_function(model, group, of, pooled), inputs))).cpu().numpy()
        for name, group in groups.items()
    }
    own = None if inputs.labels is None else label_array(inputs.labels[0].encode(inputs.labels[1]), inputs.labels[0])
    return FeatureArrays(of, inputs.names, arrays, own, inputs.remarks)
