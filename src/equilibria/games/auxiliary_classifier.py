"""The auxiliary classifier: a class head of the critic that predicts the condition (Odena et al. 2017)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax

from ..core.catalogue import Catalogue
from ..core.errors import Refusal, at_least
from ..core.types import Terms, Views
from .contest import Contest
from .play import Play

ClassLoss = Callable[[Tensor, Tensor], Tensor]  # the class head's output and the condition, each (B, C), to (B,)


def of_class(logits: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy of one class, nats: logits and one-hot, each (B, C), to (B,)."""
    return -(y * log_softmax(logits, dim=1)).sum(dim=1)


def of_attributes(logits: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy summed over attributes, nats: logits and zeros or ones, each (B, C), to (B,)."""
    return binary_cross_entropy_with_logits(logits, y, reduction="none").sum(dim=1)


def of_numbers(prediction: Tensor, y: Tensor) -> Tensor:
    """Half the squared distance: each (B, C), to (B,)."""
    return (prediction - y).square().sum(dim=1) / 2


CLASS_LOSSES = Catalogue("kind of labels", **{"class": of_class, "multi-hot": of_attributes, "vector": of_numbers})


@dataclass(frozen=True)
class AuxiliaryClassifier:
    """The class head's term in the losses of both players of a contest. Raises Refusal for a negative weight."""

    contest: Contest
    loss: ClassLoss
    critic: float = 1.0  # weight of the critic's term, on data and samples
    generator: float = 1.0  # weight of the generator's term, on samples

    def __post_init__(self) -> None:
        at_least(0, "The game", class_weight=self.critic, class_weight_generator=self.generator)

    def critic_terms(self, play: Play) -> Terms:
        """The critic's term: the class loss on data and samples."""
        losses = self._on(play, self.contest.real(play)) + self._on(play, self.contest.fake(play))
        return {"class": self.critic * losses}

    def generator_terms(self, play: Play) -> Terms:
        """The generator's term: the class loss on samples."""
        return {"class": self.generator * self._on(play, self.contest.fake(play))}

    def _on(self, play: Play, views: Views) -> Tensor:
        critic: Any = play.networks[self.contest.critic]
        if play.y is None:
            raise Refusal("The critic has a class head, and the batch has no labels to learn it from.")
        output = critic.classify(*self.contest.augmented(*views)).reshape_as(play.y)  # a pack's samples one by one
        return self.loss(output.to(play.x.dtype), play.y).mean()


def has_class_head(critic: nn.Module) -> bool:
    """Whether a critic has a method `classify`."""
    return callable(getattr(critic, "classify", None))
