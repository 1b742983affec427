"""Fully connected networks, for points and small images."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from torch import Tensor, nn

from ..core.catalogue import with_fields
from ..core.errors import Refusal, at_least
from ..core.types import Shape
from .blocks import ACTIVATIONS, INITIALIZATIONS, Chain, minibatch_std_layers
from .conditioning import ConditioningStack, InputLayer, conditioning_stack
from .norms import NORMS
from .roles import Encoder, Generator, PriorNetwork, build_critic

_DEEPEST = 1000  # layers


@dataclass(frozen=True)
class DenseLayers:
    """The options that dense networks share: `depth` hidden layers of `width` units, or `widths`."""

    width: int = 128
    depth: int = 3
    widths: tuple[int, ...] | None = None
    norm: str = "none"
    skip_first_norm: bool = False
    activation: str = "relu"
    initialization: str | None = None
    conditioning: str = "concat"

    @property
    def units(self) -> Sequence[int]:
        """The units of each hidden layer. Raises Refusal for none, and for an empty one."""
        at_least(0, "A dense network", below=_DEEPEST + 1, depth=self.depth)
        units = (self.width,) * self.depth if self.widths is None else tuple(self.widths)
        if not units or min(units) < 1:
            raise Refusal(f"A dense network has hidden layers {list(units)}: it needs at least one, of 1 unit or more.")
        return units

    def initialize(self, layer: nn.Linear) -> nn.Module:
        """The layer with the initialization of this name, or PyTorch's."""
        return INITIALIZATIONS[self.initialization](layer) if self.initialization else layer

    def last(self, outputs: int, bias: bool = True) -> nn.Module:
        """A layer on the features."""
        return NORMS[self.norm]().around(self.initialize(nn.Linear(self.units[-1], outputs, bias=bias)))

    def trunk(self, inputs: int, stack: ConditioningStack, extra: Sequence[nn.Module] = ()) -> tuple[InputLayer, Chain]:
        """Hidden layers, each with its norm and activation; each of `extra` adds a feature before the last one."""
        input_layer, layers = stack.input_layer(inputs), list[nn.Module]()
        size = inputs + input_layer.extra
        for i, units in enumerate(self.units):
            norm = stack.norm(NORMS["none" if self.skip_first_norm and i == 0 else self.norm]())
            added = extra if i == len(self.units) - 1 else ()
            linear = nn.Linear(size + len(added), units, bias=norm.bias)
            layers += [*added, norm.around(self.initialize(linear))]
            layers += [norm.after(units, False), ACTIVATIONS[self.activation]()]
            size = units
        return input_layer, Chain(*layers)


@with_fields(layers=DenseLayers())
def generator(
    shape: Shape, latent: int, condition: int, output_activation: nn.Module, *, layers: DenseLayers
) -> nn.Module:
    """Fully connected, for samples of any shape: `depth` hidden layers of `width` units, or `widths`.

    A common generator of 28 x 28 digits has widths 128, 256, 512, 1024, norm batch from the second hidden layer on
    (skip_first_norm), and activation leaky_relu.
    """
    stack, last = conditioning_stack("generator", layers.conditioning, condition), layers.last(prod(shape))
    input_layer, trunk = layers.trunk(latent, stack)
    return Generator(input_layer, Chain(*trunk, last, nn.Unflatten(1, shape)), output_activation)


@with_fields(layers=DenseLayers(activation="leaky_relu"))
def critic(
    shape: Shape,
    latent: int,
    condition: int,
    second_view: int = 0,
    supervised: int = 0,
    *,
    layers: DenseLayers,
    minibatch_std: int = 0,
) -> nn.Module:
    """Fully connected, for samples of any shape: `depth` hidden layers of `width` units, or `widths`.

    A second view of `second_view` numbers is concatenated to the first.
    """
    stack, extra = conditioning_stack("critic", layers.conditioning, condition), minibatch_std_layers(minibatch_std)
    input_layer, trunk = layers.trunk(prod(shape) + second_view, stack, extra)
    return build_critic(stack, input_layer, trunk, layers.last, supervised)


@with_fields(layers=DenseLayers(activation="leaky_relu"))
def encoder(
    shape: Shape,
    latent: int,
    condition: int,
    *,
    layers: DenseLayers,
    posterior: str = "gaussian",
    from_zero: bool = False,
) -> Encoder:
    """Fully connected, for samples of any shape: `depth` hidden layers of `width` units, or `widths`.

    `from_zero` is whether inputs are scaled from -1 ... 1 to 0 ... 1: then black pixels do not contribute to gradients
    in every step, and binary digits are learned faster (as in Burda et al. 2016).
    """
    input_layer, trunk = layers.trunk(prod(shape), conditioning_stack("encoder", layers.conditioning, condition))
    trunk = Chain(FromZero(), *trunk) if from_zero else trunk
    return Encoder(input_layer, trunk, layers.units[-1], latent, posterior)


class FromZero(nn.Module):
    """From -1 .. 1 to 0 .. 1."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, N) -> (B, N)."""
        return (x + 1) / 2


def prior(latent: int, condition: int, *, width: int = 64, depth: int = 1, activation: str = "relu") -> PriorNetwork:
    """Normal latents with means and variances that depend on the condition, at first standard (Sohn et al. 2015).

    `depth` hidden layers of `width` units.
    """
    if not condition:
        raise Refusal("A prior network needs a condition, and there is none: use data with labels, and --conditional.")
    layers = DenseLayers(width, depth, activation=activation)
    last = nn.Linear(layers.units[-1], 2 * latent)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    input_layer, trunk = layers.trunk(condition, ConditioningStack(condition, ()))
    return PriorNetwork(input_layer, Chain(*trunk, last))
