"""Fully connected networks, for points and small images."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import prod

from torch import Tensor, nn

from ..core.errors import Refusal
from .blocks import ACTIVATIONS, INITIALIZATIONS, Chain, minibatch_std_layers
from .conditioning import ConditioningStack, InputLayer, conditioning_stack
from .norms import NORMS
from .roles import Encoder, Generator, PriorNetwork, critic_of, encoder_of


def generator(
    shape: tuple[int, ...],
    latent: int,
    condition: int,
    output_activation: nn.Module,
    *,
    width: int = 128,
    depth: int = 3,
    widths: tuple[int, ...] | None = None,
    norm: str = "none",
    skip_first_norm: bool = False,
    activation: str = "relu",
    initialization: str | None = None,
    conditioning: str = "concat",
) -> nn.Module:
    """Fully connected, for samples of any shape: `depth` hidden layers of `width` units, or as `widths` says.

    The generator of the first GANs on 28 x 28 digits is widths 128, 256, 512, 1024, norm batch from the second hidden
    layer on (skip_first_norm), activation leaky_relu.
    """
    hidden, stack = _widths(width, depth, widths), conditioning_stack("generator", conditioning, condition)
    init = _start(initialization)
    last = NORMS[norm]().around(init(nn.Linear(hidden[-1], prod(shape))))
    input_layer, layers = _trunk(latent, hidden, _norms(norm, skip_first_norm, hidden), activation, stack, init=init)
    return Generator(input_layer, Chain(*layers, last, nn.Unflatten(1, shape)), output_activation)


def critic(
    shape: tuple[int, ...],
    latent: int,
    condition: int,
    second_view: int = 0,
    supervised: int = 0,
    *,
    width: int = 128,
    depth: int = 3,
    widths: tuple[int, ...] | None = None,
    norm: str = "none",
    skip_first_norm: bool = False,
    activation: str = "leaky_relu",
    initialization: str | None = None,
    conditioning: str = "concat",
    minibatch_std: int = 0,
) -> nn.Module:
    """Fully connected, for samples of any shape: `depth` hidden layers of `width` units, or as `widths` says.

    A second view of `second_view` numbers is joined to the first.
    """
    hidden, slot, stack = (
        _widths(width, depth, widths),
        NORMS[norm](),
        conditioning_stack("critic", conditioning, condition),
    )
    norms, crowd = _norms(norm, skip_first_norm, hidden), minibatch_std_layers(minibatch_std)
    init = _start(initialization)
    input_layer, trunk = _trunk(prod(shape) + second_view, hidden, norms, activation, stack, crowd, init)

    def linear(outputs: int, bias: bool = True) -> nn.Module:
        return slot.around(init(nn.Linear(hidden[-1], outputs, bias=bias)))

    return critic_of(stack, input_layer, trunk, linear, supervised=supervised)


def encoder(
    shape: tuple[int, ...],
    latent: int,
    condition: int,
    *,
    width: int = 128,
    depth: int = 3,
    widths: tuple[int, ...] | None = None,
    norm: str = "none",
    skip_first_norm: bool = False,
    activation: str = "leaky_relu",
    initialization: str | None = None,
    conditioning: str = "concat",
    posterior: str = "gaussian",
    from_zero: bool = False,
) -> Encoder:
    """Fully connected, for samples of any shape: `depth` hidden layers of `width` units, or as `widths` says.

    `from_zero` is whether inputs are taken from 0 to 1 instead of -1 to 1. Then black pixels do not push units together
    in every step; digits that are black or white are learned faster so (as Burda et al. 2016 have them).
    """
    hidden, stack = _widths(width, depth, widths), conditioning_stack("encoder", conditioning, condition)
    norms, init = _norms(norm, skip_first_norm, hidden), _start(initialization)
    input_layer, trunk = _trunk(prod(shape), hidden, norms, activation, stack, init=init)
    trunk = Chain(FromZero(), *trunk) if from_zero else trunk
    return encoder_of(input_layer, trunk, hidden[-1], latent, posterior)


class FromZero(nn.Module):
    """From -1 .. 1 to 0 .. 1."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, N) -> (B, N)."""
        return (x + 1) / 2


def prior(latent: int, condition: int, *, width: int = 64, depth: int = 1, activation: str = "relu") -> PriorNetwork:
    """Normal latents whose means and variances follow the condition, standard at first (Sohn et al. 2015).

    `depth` hidden layers of `width` units.
    """
    if not condition:
        raise Refusal(
            "A prior network is told the condition, and there is none: use data with labels, and conditional."
        )
    hidden, last = _widths(width, depth, None), nn.Linear(width, 2 * latent)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    input_layer, layers = _trunk(condition, hidden, ["none"] * depth, activation, ConditioningStack(condition, ()))
    return PriorNetwork(input_layer, Chain(*layers, last))


def _trunk(
    inputs: int,
    hidden: Sequence[int],
    norms: Sequence[str],
    activation: str,
    stack: ConditioningStack,
    crowd: Sequence[nn.Module] = (),
    init: Callable[[nn.Linear], nn.Module] = lambda layer: layer,
) -> tuple[InputLayer, Chain]:
    """Layer, norm, activation, as often as there are norms; the last is `crowd`'s too, each of which adds a feature."""
    input_layer, bend, layers = stack.input_layer(inputs), ACTIVATIONS[activation], list[nn.Module]()
    for i, ((before, after), name) in enumerate(
        zip(pairwise((inputs + input_layer.extra, *hidden)), norms, strict=True), start=1
    ):
        norm = stack.norm(NORMS[name]())
        if i == len(norms):
            layers, before = [*layers, *crowd], before + len(crowd)
        layers += [norm.around(init(nn.Linear(before, after, bias=norm.bias))), norm.after(after, False), bend()]
    return input_layer, Chain(*layers)


def _start(name: str | None) -> Callable[[nn.Linear], nn.Module]:
    """Where the weights of a layer start; without a name, where PyTorch puts them."""
    return INITIALIZATIONS[name] if name else lambda layer: layer


def _norms(norm: str, skip_first: bool, hidden: Sequence[int]) -> list[str]:
    """One for each hidden layer."""
    return ["none" if skip_first and i == 0 else norm for i in range(len(hidden))]


def _widths(width: int, depth: int, widths: Sequence[int] | None) -> tuple[int, ...]:
    hidden = (width,) * depth if widths is None else tuple(widths)
    if not hidden or min(hidden) < 1:
        raise Refusal(
            f"A dense network has hidden layers {list(hidden)}: at least one is needed, each of width 1 or more."
        )
    return hidden
