"""Fully connected networks, for points and small images."""

from collections.abc import Callable, Sequence
from math import prod

from torch import Tensor, nn

from ..core.errors import Refusal
from .blocks import ACTIVATIONS, INITIALIZATIONS, Chain, minibatch_std_layers
from .conditioning import ConditioningStack, InputLayer, conditioning_stack
from .norms import NORMS
from .roles import Encoder, Generator, PriorNetwork, build_critic


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
    """Fully connected, for samples of any shape: `depth` hidden layers of `width` units, or `widths`.

    A common generator of 28 x 28 digits has widths 128, 256, 512, 1024, norm batch from the second hidden layer on
    (skip_first_norm), and activation leaky_relu.
    """
    hidden, stack = _widths(width, depth, widths), conditioning_stack("generator", conditioning, condition)
    init = _initialization(initialization)
    last = NORMS[norm]().around(init(nn.Linear(hidden[-1], prod(shape))))
    input_layer, layers = _trunk(
        latent, hidden, _norms(norm, skip_first_norm, hidden), activation, stack, initialize=init
    )
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
    """Fully connected, for samples of any shape: `depth` hidden layers of `width` units, or `widths`.

    A second view of `second_view` numbers is concatenated to the first.
    """
    hidden, slot, stack = (
        _widths(width, depth, widths),
        NORMS[norm](),
        conditioning_stack("critic", conditioning, condition),
    )
    norms, extra = _norms(norm, skip_first_norm, hidden), minibatch_std_layers(minibatch_std)
    init = _initialization(initialization)
    input_layer, trunk = _trunk(prod(shape) + second_view, hidden, norms, activation, stack, extra, init)

    def linear(outputs: int, bias: bool = True) -> nn.Module:
        return slot.around(init(nn.Linear(hidden[-1], outputs, bias=bias)))

    return build_critic(stack, input_layer, trunk, linear, supervised)


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
    """Fully connected, for samples of any shape: `depth` hidden layers of `width` units, or `widths`.

    `from_zero` is whether inputs are scaled from -1 ... 1 to 0 ... 1: then black pixels do not contribute to gradients
    in every step, and binary digits are learned faster (as in Burda et al. 2016).
    """
    hidden, stack = _widths(width, depth, widths), conditioning_stack("encoder", conditioning, condition)
    norms, init = _norms(norm, skip_first_norm, hidden), _initialization(initialization)
    input_layer, trunk = _trunk(prod(shape), hidden, norms, activation, stack, initialize=init)
    trunk = Chain(FromZero(), *trunk) if from_zero else trunk
    return Encoder(input_layer, trunk, hidden[-1], latent, posterior)


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
    extra: Sequence[nn.Module] = (),
    initialize: Callable[[nn.Linear], nn.Module] = lambda layer: layer,
) -> tuple[InputLayer, Chain]:
    """Hidden layers, each with its norm and activation; each of `extra` adds a feature before the last one."""
    input_layer, layers = stack.input_layer(inputs), list[nn.Module]()
    for i, (name, units) in enumerate(zip(norms, hidden, strict=True)):
        norm, added = stack.norm(NORMS[name]()), extra if i == len(hidden) - 1 else ()
        size = (hidden[i - 1] if i else inputs + input_layer.extra) + len(added)
        layers += [*added, norm.around(initialize(nn.Linear(size, units, bias=norm.bias)))]
        layers += [norm.after(units, False), ACTIVATIONS[activation]()]
    return input_layer, Chain(*layers)


def _initialization(name: str | None) -> Callable[[nn.Linear], nn.Module]:
    """The initialization of this name, or PyTorch's."""
    return INITIALIZATIONS[name] if name else lambda layer: layer


def _norms(norm: str, skip_first: bool, hidden: Sequence[int]) -> list[str]:
    """The norm of each hidden layer."""
    return ["none" if skip_first and i == 0 else norm for i in range(len(hidden))]


def _widths(width: int, depth: int, widths: Sequence[int] | None) -> tuple[int, ...]:
    hidden = (width,) * depth if widths is None else tuple(widths)
    if not hidden or min(hidden) < 1:
        raise Refusal(
            f"A dense network has hidden layers {list(hidden)}: it needs at least one, and widths of at least 1."
        )
    return hidden
