"""The two roles: what goes in and comes out."""

from torch import Tensor, nn

from .chains import Chain
from .conditioning import Told
from .conditioning.base import Linear
from .conditioning.told import Entrance


class Generator(nn.Module):
    """From a latent, and its condition, to a sample."""

    def __init__(self, entrance: Entrance, layers: Chain, outlet: nn.Module):
        super().__init__()
        self.entrance, self.layers, self.outlet = entrance, layers, outlet

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, Z), (B, C)? -> (B, *sample)."""
        self.entrance.check(y)
        return self.outlet(self.layers(self.entrance((z,), y), y))


class Critic(nn.Module):
    """Scores views: flattened, or images."""

    def __init__(self, entrance: Entrance, trunk: Chain, head: nn.Module, verdicts: list[nn.Module]):
        super().__init__()
        self.entrance, self.trunk, self.head, self.verdicts = entrance, trunk, head, nn.ModuleList(verdicts)

    def features(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """What the head sees: (B, F)."""
        self.entrance.check(y)
        return self.trunk(self.entrance(views, y), y)

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
        return self.classes(self.critic.trunk(self.critic.entrance(views, None)))

    def judge(self, *views: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Scores (B,) and guesses (B, C), in one pass."""
        features = self.features(*views, y=y)
        return self.critic.score(features, y), self.classes(features)

    def forward(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """Views, each (B, ...), and (B, C)? -> (B,)."""
        return self.critic(*views, y=y)


def critic_of(told: Told, entrance: Entrance, trunk: Chain, linear: Linear) -> Critic | ClassifyingCritic:
    """A critic whose heads are made by `linear`."""
    critic = Critic(entrance, trunk, linear(1), told.verdicts(linear))
    classes = told.classes(linear)
    return ClassifyingCritic(critic, *classes) if classes else critic
