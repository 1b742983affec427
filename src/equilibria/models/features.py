"""Hidden-layer features of the critic or the encoder."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_max_pool2d

from ..core.errors import Refusal, nearest
from ..networks.blocks import Chain, MinibatchStd, Residual, ToVector
from ..networks.resampling import Crop, PadToEven
from .critic_outputs import Ask, answers, chunked, encoder, judge, told, views
from .sampler import Sampler

_KINDS: tuple[tuple[tuple[type[nn.Module], ...], str], ...] = (
    ((nn.Conv2d, nn.ConvTranspose2d), "conv"),
    ((nn.Linear,), "dense"),
    ((Residual, Chain), "block"),
    ((nn.AdaptiveAvgPool2d,), "mean"),
)
_BETWEEN = (PadToEven, Crop, ToVector, MinibatchStd)  # they prepare the next layer


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


NETWORKS = ("critic", "encoder")
FEATURES, CODE = "features", "code"  # what the last linear layer sees; what the encoder expects


def features(
    model: Sampler, x: Tensor, y: Tensor | None = None, layer: str = FEATURES, of: str = "critic", pooled: int = 0
) -> Tensor:
    """What a hidden layer says of samples (N, *shape) under their conditions (N, C)?: (N, F) or (N, C, H, W).

    Layers have the names that `named` gives. With `pooled`, see `hearing`.
    """
    return torch.cat(list(answers(model, hearing(model, [layer], of, pooled), chunked(x, y)))).cpu()


def named(model: Sampler, of: str = "critic") -> dict[str, tuple[int, ...]]:
    """The layers of the critic or the encoder, from the input on, each with the shape of what it says of a sample."""
    network, found = network_of(model, of), dict[str, tuple[int, ...]]()
    sizes = 0 if model.conditions is None else model.conditions.rows.shape[1]
    like = next(network.parameters())
    x, y = torch.zeros(1, *model.space.shape).to(like), torch.zeros(1, sizes).to(like) if sizes else None
    with torch.no_grad(), overheard(layers(network)) as heard:
        found |= {FEATURES: tuple(_features(model, of, x, y).shape[1:])}
    last = {CODE: tuple(network(x, y).mean.shape[1:])} if of == "encoder" else {}
    return {name: tuple(said.shape[1:]) for name, said in heard.items()} | found | last


def hearing(model: Sampler, wanted: Sequence[str], of: str = "critic", pooled: int = 0) -> Ask:
    """From samples (B, *shape) and conditions (B, C)? to what one layer says; of several, side by side: (B, F).

    With `pooled`, maps are brought to so many by so many values by the largest of each part (Radford et al. 2016),
    those that are smaller stay as they are, and all is one row: (B, F).
    """
    network, ends = network_of(model, of), dict[str, nn.Module]()
    known = named(model, of)
    for name in wanted:
        if name not in known:
            raise Refusal(f"No layer of the {of} is called {name!r}.{nearest(name, known)}")
        ends |= {name: end for name, end in [(name, layers(network).get(name))] if end is not None}

    def ask(x: Tensor, y: Tensor | None) -> Tensor:
        with overheard(ends) as heard:
            heard[FEATURES] = _features(model, of, x, y)
        if CODE in wanted:
            heard[CODE] = network(x, y).mean
        said = [_pooled(heard[name].float(), pooled) for name in wanted]
        return said[0] if len(said) == 1 else torch.cat([part.flatten(1) for part in said], dim=1)

    return ask


def maps(model: Sampler, of: str = "critic") -> list[str]:
    """The layers that say something of every place in the picture. Raises Refusal if there are none."""
    found = [name for name, shape in named(model, of).items() if len(shape) == 3]
    if not found:
        raise Refusal(f"The {of} of this model has no convolutions whose maps could be pooled: leave out --pooled.")
    return found


def _features(model: Sampler, of: str, x: Tensor, y: Tensor | None) -> Tensor:
    if of == "encoder":
        return encoder(model).features(x, y)
    return judge(model).features(*views(model, x, y), **told(y))


def network_of(model: Sampler, of: str) -> Any:
    """The critic or the encoder. Raises Refusal if there is none."""
    if of not in NETWORKS:
        raise Refusal(f"--of is {of!r}.{nearest(of, NETWORKS)}")
    if of == "encoder":
        return encoder(model)
    if "encoder" in model.networks and ("critic" not in model.networks or model.sees == "latents"):
        raise Refusal("This model has no critic of samples, but it has an encoder: say --of encoder.")
    return judge(model)


def _pooled(said: Tensor, side: int) -> Tensor:
    """(B, C, H, W) -> (B, F), if that is wanted and there are maps."""
    if side == 0 or said.ndim != 4:
        return said if side == 0 else said.flatten(1)
    height, width = (min(side, size) for size in said.shape[2:])
    return adaptive_max_pool2d(said, (height, width)).flatten(1)
