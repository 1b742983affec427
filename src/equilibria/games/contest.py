"""An adversarial loss: two views, a divergence, penalties and an augmentation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..core.types import Critic, Terms, Views
from ..terms.augmentations import Augmentation
from ..terms.divergences import Divergence
from ..terms.gradients import leaves
from ..terms.penalties import Duel, Penalty
from .play import Play
from .views import View, data, samples


@dataclass(frozen=True)
class Contest:
    """Two views, a divergence between them, and the critic's penalties.

    `together` scores both views in one pass of the critic; batch statistics would mix them.
    """

    divergence: Divergence
    penalties: Mapping[str, Penalty] = field(default_factory=dict)
    real: View = data
    fake: View = samples
    condition: Callable[[Play], Tensor | None] = lambda play: play.y  # of row i of both views: (B, C)
    augmentation: Augmentation | None = None  # before the critic; penalties differentiate through it
    critic: str = "critic"
    together: bool = False

    def critic_terms(self, play: Play) -> Terms:
        """The critic's loss: the divergence and the penalties."""
        duel = self.duel(play)
        terms = self.terms(duel)
        if self.augmentation is not None:
            self.augmentation.watch(duel.scores[0])
        return terms

    def generator_terms(self, play: Play) -> Terms:
        """The generator's loss: the divergence alone."""
        critic, fake = self.scorer(play), self.fake(play)
        fake_scores = critic(*fake)
        real_scores = critic(*self.real(play)) if self.divergence.paired else fake_scores
        return {"divergence": self.divergence.generator(real_scores, fake_scores).mean()}

    def exchanged_terms(self, play: Play) -> Terms:
        """The loss of a player that draws both views: the critic's, with real and fake exchanged."""
        real, fake = self._scores(play)
        return {"divergence": self.divergence.critic(fake, real).mean()}

    def negated_terms(self, play: Play) -> Terms:
        """The loss of a player that draws both views: the critic's, negated."""
        return {"divergence": -self.divergence.critic(*self._scores(play)).mean()}

    def penalty_terms(self, play: Play) -> Terms:
        """The penalties alone."""
        return self._penalties(self.duel(play))

    def terms(self, duel: Duel) -> Terms:
        """The critic's loss on a duel."""
        penalties = self._penalties(duel)  # first: they may take gradients of one side's own scores
        return {"divergence": self.divergence.critic(*duel.scores).mean()} | penalties

    def duel(self, play: Play) -> Duel:
        """The critic with both views of a play; under penalties the views require gradients."""
        critic, real, fake = self.scorer(play), self.real(play), self.fake(play)
        if self.penalties:
            real, fake = leaves(real), leaves(fake)
        return Duel(critic, real, fake, self.together)

    def scorer(self, play: Play) -> Critic:
        """The critic behind its augmentation, with the play's condition: views, each (B, ...), to scores (B,)."""
        critic, condition = play.networks[self.critic], self.condition(play)

        def scores(*views: Tensor) -> Tensor:
            keywords = {} if condition is None else {"y": repeated(condition, len(views[0]))}
            return critic(*self.augmented(*views), **keywords).to(play.x.dtype)

        return scores

    def augmented(self, *views: Tensor) -> Views:
        """The views behind the augmentation: each (B, ...)."""
        return views if self.augmentation is None else self.augmentation(*views)

    def _scores(self, play: Play) -> tuple[Tensor, Tensor]:
        """Scores of both views, without leaves, so that gradients reach the networks behind them: each (B,)."""
        return Duel(self.scorer(play), self.real(play), self.fake(play), self.together).scores

    def _penalties(self, duel: Duel) -> Terms:
        return {name: penalty(duel).mean() for name, penalty in self.penalties.items()}


def repeated(condition: Tensor, count: int) -> Tensor:
    """The condition (B, C) for `count` rows, B of each part of joined views: twice for both views in one pass."""
    return torch.cat([condition] * (count // len(condition)))
