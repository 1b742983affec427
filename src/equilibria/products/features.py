"""What the hidden layers of a model's critic or encoder say of samples."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_max_pool2d

from ..core.errors import Refusal, nearest
from ..recipes.model import Model
from .layers import layers, overheard
from .seeing import Ask, answers, chunked, encoder, judge, told, views

NETWORKS = ("critic", "encoder")
FEATURES, CODE = "features", "code"  # what the last linear layer sees; what the encoder expects


def features(
    model: Model, x: Tensor, y: Tensor | None = None, layer: str = FEATURES, of: str = "critic", pooled: int = 0
) -> Tensor:
    """What a hidden layer says of samples (N, *shape) under their conditions (N, C)?: (N, F) or (N, C, H, W).

    Layers have the names that `named` gives. With `pooled`, see `hearing`.
    """
    return torch.cat(list(answers(model, hearing(model, [layer], of, pooled), chunked(x, y)))).cpu()


def named(model: Model, of: str = "critic") -> dict[str, tuple[int, ...]]:
    """The layers of the critic or the encoder, from the input on, each with the shape of what it says of a sample."""
    network, found = network_of(model, of), dict[str, tuple[int, ...]]()
    sizes = 0 if model.conditions is None else model.conditions.rows.shape[1]
    like = next(network.parameters())
    x, y = torch.zeros(1, *model.space.shape).to(like), torch.zeros(1, sizes).to(like) if sizes else None
    with torch.no_grad(), overheard(layers(network)) as heard:
        found |= {FEATURES: tuple(_features(model, of, x, y).shape[1:])}
    last = {CODE: tuple(network(x, y).mean.shape[1:])} if of == "encoder" else {}
    return {name: tuple(said.shape[1:]) for name, said in heard.items()} | found | last


def hearing(model: Model, wanted: Sequence[str], of: str = "critic", pooled: int = 0) -> Ask:
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


def maps(model: Model, of: str = "critic") -> list[str]:
    """The layers that say something of every place in the picture. Raises Refusal if there are none."""
    found = [name for name, shape in named(model, of).items() if len(shape) == 3]
    if not found:
        raise Refusal(f"The {of} of this model has no convolutions whose maps could be pooled: leave out --pooled.")
    return found


def _features(model: Model, of: str, x: Tensor, y: Tensor | None) -> Tensor:
    if of == "encoder":
        return encoder(model).features(x, y)
    return judge(model).features(*views(model, x, y), **told(y))


def network_of(model: Model, of: str) -> Any:
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
