"""Generator, critic and encoder: wrappers that give every network the same calls."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from ..core import posteriors
from ..core.catalogue import Catalogue
from ..core.posteriors import Gaussian, Posterior
from .blocks import Chain, Joint, lecun
from .conditioning import ConditioningStack, InputLayer, LinearBuilder


@dataclass(frozen=True)
class PosteriorHead:
    """What the outputs of a last layer mean."""

    numbers: int  # for each number of the latent
    read: Callable[[Tensor], posteriors.Posterior]  # (B, numbers * Z)
    scale: float  # of the layer's weights, times that which keeps the scale of features

    def head(self, features: int, latent: int) -> nn.Linear:
        """The last layer. No norm wraps it: the scale of its outputs has a meaning."""
        lecun(layer := nn.Linear(features, self.numbers * latent))
        layer.weight.data.mul_(self.scale)
        return layer


def gaussian() -> PosteriorHead:
    """A mean and a logarithm of the variance for each number, unbounded (Kingma and Welling 2014).

    Its start is close to the standard normal, where divergences from the prior are small whatever the trunk.
    """
    return PosteriorHead(2, gaussian_posterior, 0.1)


def point() -> PosteriorHead:
    """The latent itself (Donahue et al. 2017); it starts at the scale of the features."""
    return PosteriorHead(1, posteriors.Point, 1.0)


def gaussian_posterior(outputs: Tensor) -> posteriors.Gaussian:
    """Means, then logarithms of the variances: (B, 2 Z)."""
    return posteriors.Gaussian(*outputs.chunk(2, dim=1))


POSTERIORS = Catalogue("posterior", gaussian=gaussian, point=point)


class Generator(nn.Module):
    """From a latent, and its condition, to a sample."""

    def __init__(self, input_layer: InputLayer, layers: Chain, output_activation: nn.Module):
        super().__init__()
        self.entrance, self.layers, self.output_activation = input_layer, layers, output_activation

    def raw(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """What the outlet sees, for example logits: (B, Z), (B, C)? -> (B, *sample)."""
        self.entrance.check(y)
        return self.layers(self.entrance((z,), y), y)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, Z), (B, C)? -> (B, *sample)."""
        return self.output_activation(self.raw(z, y))


class Encoder(nn.Module):
    """From a sample, and its condition, to where its latent lies."""

    def __init__(self, input_layer: InputLayer, trunk: Chain, head: nn.Module, answer: PosteriorHead):
        super().__init__()
        self.entrance, self.trunk, self.head, self.answer = input_layer, trunk, head, answer

    def features(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """What the head sees: (B, F)."""
        self.entrance.check(y)
        return self.trunk(self.entrance((x,), y), y)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Posterior:
        """(B, *sample), (B, C)? -> over (B, Z)."""
        return self.answer.read(self.head(self.features(x, y)))


class PriorNetwork(nn.Module):
    """From a condition to where latents lie under it."""

    def __init__(self, input_layer: InputLayer, layers: Chain):
        super().__init__()
        self.entrance, self.layers = input_layer, layers

    def forward(self, y: Tensor) -> Gaussian:
        """(B, C) -> over (B, Z)."""
        self.entrance.check(y)
        return gaussian_posterior(self.layers(self.entrance((y,), y)))


class Critic(nn.Module):
    """Scores views: flattened, or images; a latent beside an image joins its features."""

    def __init__(
        self,
        input_layer: InputLayer,
        trunk: Chain,
        head: nn.Module,
        verdicts: list[nn.Module],
        joint: Joint | None = None,
    ):
        super().__init__()
        self.entrance, self.trunk, self.head, self.verdicts = input_layer, trunk, head, nn.ModuleList(verdicts)
        self.joint = joint

    def features(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """What the head sees: (B, F)."""
        self.entrance.check(y)
        return self.seen(views, y)

    def seen(self, views: tuple[Tensor, ...], y: Tensor | None) -> Tensor:
        """Features, of a condition that nobody checks."""
        if self.joint is None:
            return self.trunk(self.entrance(views, y), y)
        x, z = views
        return self.joint(self.trunk(self.entrance((x,), y), y), z, y)

    def score(self, features: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, F) and (B, C)? -> (B,)."""
        score = self.head(features).squeeze(1)
        for verdict in self.verdicts:
            score = score + verdict(features, y)
        return score

    def forward(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """Views, each (B, ...), and (B, C)? -> (B,)."""
        return self.score(self.features(*views, y=y), y)


class ClassifyingCritic(nn.Module):
    """A critic with a second head on its features, which guesses the condition and is not told."""

    def __init__(self, critic: Critic, classes: nn.Module):
        super().__init__()
        self.critic, self.classes = critic, classes

    def features(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """What both heads see, whatever the condition: (B, F)."""
        return self.critic.features(*views, y=y)

    def classify(self, *views: Tensor) -> Tensor:
        """Logits, or guesses of numbers: (B, C)."""
        return self.classes(self.critic.seen(views, None))

    def forward(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """Views, each (B, ...), and (B, C)? -> (B,)."""
        return self.critic(*views, y=y)


class SupervisedCritic(nn.Module):
    """A critic that stack K classes, and "generated" as one more, whose logit is 0 (Salimans et al. 2016).

    Its score is log Z, Z the sum of exp(logits): the odds of "real" against "generated", so that D = Z / (Z + 1).
    """

    def __init__(self, critic: Critic):
        super().__init__()
        self.critic = critic  # whose head has K outputs

    def features(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """What the head sees: (B, F)."""
        return self.critic.features(*views, y=y)

    def classify(self, *views: Tensor) -> Tensor:
        """Logits of the K classes: (B, K)."""
        return self.critic.head(self.features(*views))

    def forward(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """Views, each (B, ...) -> (B,)."""
        return self.critic.head(self.features(*views, y=y)).logsumexp(dim=1)


def critic_of(
    stack: ConditioningStack,
    input_layer: InputLayer,
    trunk: Chain,
    linear: LinearBuilder,
    joint: Joint | None = None,
    supervised: int = 0,
) -> Critic | ClassifyingCritic | SupervisedCritic:
    """A critic whose heads are made by `linear`; its score is that of so many classes if it is supervised."""
    if supervised:
        return SupervisedCritic(Critic(input_layer, trunk, linear(supervised), [], joint))
    critic = Critic(input_layer, trunk, linear(1), stack.score_terms(linear), joint)
    classes = stack.classes(linear)
    return ClassifyingCritic(critic, *classes) if classes else critic


def encoder_of(input_layer: InputLayer, trunk: Chain, features: int, latent: int, posterior: str) -> Encoder:
    """An encoder whose trunk ends in so many features."""
    answer = POSTERIORS[posterior]()
    return Encoder(input_layer, trunk, answer.head(features, latent), answer)
