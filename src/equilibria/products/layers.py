"""The hidden layers of a network by name, and what they say."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from torch import Tensor, nn

from ..networks.chains import Chain, Residual
from ..networks.layouts import ToVector
from ..networks.minibatch import MinibatchDeviation
from ..networks.resampling import Crop, Even

_KINDS: tuple[tuple[tuple[type[nn.Module], ...], str], ...] = (
    ((nn.Conv2d, nn.ConvTranspose2d), "conv"),
    ((nn.Linear,), "dense"),
    ((Residual, Chain), "block"),
    ((nn.AdaptiveAvgPool2d,), "mean"),
)
_BETWEEN = (Even, Crop, ToVector, MinibatchDeviation)  # they prepare the next layer


def layers(network: nn.Module) -> dict[str, nn.Module]:
    """Where each hidden layer ends, behind its norm and its bend, from the input on: conv1, conv2, dense1, block1, ...

    Layers beside the trunk carry the name of their chain: tower.dense1.
    """
    return {
        f"{'' if where == 'trunk' else where + '.'}{name}": end
        for where, chain in _chains(network)
        for name, end in _ends(chain)
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
        if kind := _kind(part):
            if name:
                yield name, end
            counts[kind] += 1
            name, end = kind if kind == "mean" else f"{kind}{counts[kind]}", part
        elif name and not name.startswith("block") and not isinstance(part, _BETWEEN):
            end = part
    if name:
        yield name, end


def _kind(part: nn.Module) -> str:
    return next((kind for types, kind in _KINDS if isinstance(part, types)), "")


@contextmanager
def overheard(wanted: Mapping[str, nn.Module]) -> Iterator[dict[str, Tensor]]:
    """What the layers with these names said last, while the network is used: (B, C, H, W) or (B, F) each."""
    heard = dict[str, Tensor]()
    hooks = [layer.register_forward_hook(_into(heard, name)) for name, layer in wanted.items()]
    try:
        yield heard
    finally:
        for hook in hooks:
            hook.remove()


def _into(heard: dict[str, Tensor], name: str) -> Callable[[nn.Module, object, Tensor], None]:
    def listen(_: nn.Module, __: object, said: Tensor) -> None:
        heard[name] = said

    return listen
