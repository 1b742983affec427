"""The auxiliary classifier: the critic also tells which condition a sample was drawn under (Odena et al. 2017)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax

from ..core.catalogue import Catalogue
from ..core.errors import Refusal
from ..core.types import Terms, Views
from .contest import Contest
from .play import Play

ClassLoss = Callable[[Tensor, Tensor], Tensor]  # what the class head says and the condition, each (B, C), to (B,)


def of_class(said: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy of one class, nats: logits and one-hot, each (B, C), to (B,)."""
    return -(y * log_softmax(said, dim=1)).sum(dim=1)


def of_attributes(said: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy summed over attributes, nats: logits and zeros or ones, each (B, C), to (B,)."""
    return binary_cross_entropy_with_logits(said, y, reduction="none").sum(dim=1)


def of_numbers(said: Tensor, y: Tensor) -> Tensor:
    """Half the squared distance: each (B, C), to (B,)."""
    return (said - y).square().sum(dim=1) / 2


CLASS_LOSSES = Catalogue("kind of labels", **{"class": of_class, "multi-hot": of_attributes, "vector": of_numbers})


@dataclass(frozen=True)
class AuxiliaryClassifier:
    """What the class head adds to both sides of a contest: both want the condition to be seen."""

    contest: Contest
    mistake: ClassLoss
    critic: float = 1.0  # the weight of the critic's term, on data and samples
    generator: float = 1.0  # of the generator's, on samples

    def __post_init__(self) -> None:
        for name, weight in (("class_weight", self.critic), ("class_weight_generator", self.generator)):
            if weight < 0:
                raise Refusal(f"{name} is {weight}: a mistake costs 0 or more.")

    def critic_terms(self, play: Play) -> Terms:
        """The critic's term: its mistakes on data and samples."""
        mistakes = self._on(play, self.contest.real(play)) + self._on(play, self.contest.fake(play))
        return {"class": self.critic * mistakes}

    def generator_terms(self, play: Play) -> Terms:
        """The generator's term: the critic's mistakes on samples."""
        return {"class": self.generator * self._on(play, self.contest.fake(play))}

    def _on(self, play: Play, views: Views) -> Tensor:
        critic: Any = play.networks[self.contest.critic]
        if play.y is None:
            raise Refusal("The critic has a class head, and the batch has no labels to learn it from.")
        said = critic.classify(*self.contest.augmented(*views)).reshape_as(play.y)  # of a pack's samples one by one
        return self.mistake(said.to(play.x.dtype), play.y).mean()


def has_class_head(critic: nn.Module) -> bool:
    """Whether a critic has a class head."""
    return callable(getattr(critic, "classify", None))
