"""Generator, critic and encoder: modules with the same calls for every network."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import Tensor, nn

from ..core.catalogue import Catalogue
from ..core.posteriors import Gaussian, Point, Posterior
from .blocks import Chain, Joint, lecun
from .conditioning import ConditioningStack, InputLayer, LinearBuilder


@dataclass(frozen=True)
class PosteriorHead:
    """The last layer of an encoder, and the posterior that its outputs describe."""

    outputs: int  # per latent dimension
    posterior: Callable[[Tensor], Posterior]  # from (B, outputs * Z)
    scale: float  # of the layer's weights, relative to the one that keeps the scale of features

    def layer(self, features: int, latent: int) -> nn.Linear:
        """The last layer. No norm wraps it: the scale of its outputs has a meaning."""
        lecun(layer := nn.Linear(features, self.outputs * latent))
        layer.weight.data.mul_(self.scale)
        return layer


def gaussian() -> PosteriorHead:
    """A mean and an unbounded log variance per dimension (Kingma and Welling 2014).

    At initialization close to the standard normal, where the KL divergence from the prior is small.
    """
    return PosteriorHead(2, gaussian_posterior, 0.1)


def point() -> PosteriorHead:
    """The latent itself (Donahue et al. 2017), at initialization at the scale of the features."""
    return PosteriorHead(1, Point, 1.0)


def gaussian_posterior(outputs: Tensor) -> Gaussian:
    """From means and log variances: (B, 2 Z)."""
    return Gaussian(*outputs.chunk(2, dim=1))


POSTERIORS = Catalogue.of("posterior", gaussian, point)


class Generator(nn.Module):
    """From a latent, and its condition, to a sample."""

    def __init__(self, input_layer: InputLayer, layers: Chain, output_activation: nn.Module):
        super().__init__()
        self.entrance = input_layer  # a name in stored weights
        self.layers, self.output_activation = layers, output_activation

    def raw(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The input of the output activation, for example logits: (B, Z), (B, C)? -> (B, *sample)."""
        self.entrance.check(y)
        return self.layers(self.entrance((z,), y), y)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, Z), (B, C)? -> (B, *sample)."""
        return self.output_activation(self.raw(z, y))


class Encoder(nn.Module):
    """From a sample, and its condition, to the posterior of its latent."""

    def __init__(self, input_layer: InputLayer, trunk: Chain, features: int, latent: int, posterior: str):
        super().__init__()
        head = POSTERIORS[posterior]()
        self.entrance, self.trunk, self.head = input_layer, trunk, head.layer(features, latent)
        self.posterior = head.posterior

    def features(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The input of the last layer: (B, F)."""
        self.entrance.check(y)
        return self.trunk(self.entrance((x,), y), y)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Posterior:
        """(B, *sample), (B, C)? -> over (B, Z)."""
        return self.posterior(self.head(self.features(x, y)))


class PriorNetwork(nn.Module):
    """From a condition to the prior of latents under it."""

    def __init__(self, input_layer: InputLayer, layers: Chain):
        super().__init__()
        self.entrance, self.layers = input_layer, layers

    def forward(self, y: Tensor) -> Gaussian:
        """(B, C) -> over (B, Z)."""
        self.entrance.check(y)
        return gaussian_posterior(self.layers(self.entrance((y,), y)))


class Critic(nn.Module):
    """Scores views: vectors, or images; a latent as the second view joins an image's features."""

    def __init__(
        self,
        input_layer: InputLayer,
        trunk: Chain,
        head: nn.Module,
        score_terms: Iterable[nn.Module] = (),
        joint: Joint | None = None,
    ):
        super().__init__()
        self.entrance, self.trunk, self.head = input_layer, trunk, head
        self.verdicts, self.joint = nn.ModuleList(score_terms), joint  # names in stored weights

    def features(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """The input of the head: (B, F)."""
        self.entrance.check(y)
        return self.unchecked_features(views, y)

    def unchecked_features(self, views: tuple[Tensor, ...], y: Tensor | None) -> Tensor:
        """The same without a check of the condition."""
        if self.joint is None:
            return self.trunk(self.entrance(views, y), y)
        x, z = views
        return self.joint(self.trunk(self.entrance((x,), y), y), z, y)

    def score(self, features: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, F) and (B, C)? -> (B,)."""
        score = self.head(features).squeeze(1)
        for term in self.verdicts:
            score = score + term(features, y)
        return score

    def forward(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """Views, each (B, ...), and (B, C)? -> (B,)."""
        return self.score(self.features(*views, y=y), y)


class ClassifyingCritic(nn.Module):
    """A critic with a second head on its features, which predicts the condition from samples alone."""

    def __init__(self, critic: Critic, classes: nn.Module):
        super().__init__()
        self.critic, self.classes = critic, classes

    def features(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """The input of both heads: (B, F)."""
        return self.critic.features(*views, y=y)

    def classify(self, *views: Tensor) -> Tensor:
        """Logits, or predicted numbers: (B, C)."""
        return self.classes(self.critic.unchecked_features(views, None))

    def forward(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """Views, each (B, ...), and (B, C)? -> (B,)."""
        return self.critic(*views, y=y)


class SupervisedCritic(nn.Module):
    """A classifier of K classes and of "generated", whose logit is 0 (Salimans et al. 2016).

    Its score is log Z, Z the sum of exp(logits): the odds of "real" against "generated", so that D = Z / (Z + 1).
    """

    def __init__(self, critic: Critic):
        super().__init__()
        self.critic = critic  # whose head has K outputs

    def features(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """The input of the head: (B, F)."""
        return self.critic.features(*views, y=y)

    def classify(self, *views: Tensor) -> Tensor:
        """Logits of the K classes: (B, K)."""
        return self.critic.head(self.features(*views))

    def forward(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """Views, each (B, ...) -> (B,)."""
        return self.critic.head(self.features(*views, y=y)).logsumexp(dim=1)


def build_critic(
    stack: ConditioningStack,
    input_layer: InputLayer,
    trunk: Chain,
    linear: LinearBuilder,
    supervised: int,
    joint: Joint | None = None,
) -> Critic | ClassifyingCritic | SupervisedCritic:
    """A critic with heads made by `linear`; with `supervised`, a number of classes, a SupervisedCritic."""
    if supervised:
        return SupervisedCritic(Critic(input_layer, trunk, linear(supervised), joint=joint))
    critic = Critic(input_layer, trunk, linear(1), stack.score_terms(linear), joint)
    classes = stack.classes(linear)
    return ClassifyingCritic(critic, *classes) if classes else critic
