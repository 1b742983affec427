"""An adversarial comparison of two ways of drawing the same views."""

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
    """Two views, a divergence between them, and what the critic pays.

    `together` lets one pass of the critic score both views: batch statistics would mix them.
    """

    divergence: Divergence
    penalties: Mapping[str, Penalty] = field(default_factory=dict)
    real: View = data
    fake: View = samples
    condition: Callable[[Play], Tensor | None] = lambda play: play.y  # that row i of both views was drawn under: (B, C)
    augmentation: Augmentation | None = None  # around the critic: penalties bound the slopes of what is behind it, too
    critic: str = "critic"
    together: bool = False

    def critic_terms(self, play: Play) -> Terms:
        """The critic's terms: tell real from fake, within the penalties."""
        duel = self.duel(play)
        terms = self.terms(duel)
        if self.augmentation is not None:
            self.augmentation.watch(duel.scores[0])
        return terms

    def generator_terms(self, play: Play) -> Terms:
        """The other side's terms: make fake pass for real."""
        critic, fake = self.scorer(play), self.fake(play)
        fake_scores = critic(*fake)
        real_scores = critic(*self.real(play)) if self.divergence.paired else fake_scores
        return {"divergence": self.divergence.generator(real_scores, fake_scores).mean()}

    def exchanged_terms(self, play: Play) -> Terms:
        """The terms of whoever draws both sides: the critic's loss, real and fake exchanged (labels flipped)."""
        real, fake = self._scores(play)
        return {"divergence": self.divergence.critic(fake, real).mean()}

    def negated_terms(self, play: Play) -> Terms:
        """The terms of whoever draws both sides: minus the critic's loss."""
        return {"divergence": -self.divergence.critic(*self._scores(play)).mean()}

    def penalty_terms(self, play: Play) -> Terms:
        """The penalties alone."""
        return self._prices(self.duel(play))

    def terms(self, duel: Duel) -> Terms:
        """What the critic has to minimize in a duel."""
        prices = self._prices(duel)  # first: they may read slopes from one side's own scores
        return {"divergence": self.divergence.critic(*duel.scores).mean()} | prices

    def duel(self, play: Play) -> Duel:
        """The contest carried out."""
        critic, real, fake = self.scorer(play), self.real(play), self.fake(play)
        if self.penalties:
            real, fake = leaves(real), leaves(fake)
        return Duel(critic, real, fake, self.together)

    def scorer(self, play: Play) -> Critic:
        """The critic behind its augmentation, told the condition: views, each (B, ...), to scores (B,)."""
        critic, condition = play.networks[self.critic], self.condition(play)

        def scores(*views: Tensor) -> Tensor:
            given = {} if condition is None else {"y": repeated(condition, len(views[0]))}
            return critic(*self.augmented(*views), **given).to(play.x.dtype)

        return scores

    def augmented(self, *views: Tensor) -> Views:
        """The views as the critic sees them."""
        return views if self.augmentation is None else self.augmentation(*views)

    def _scores(self, play: Play) -> tuple[Tensor, Tensor]:
        """Of both sides, for those who draw them: each (B,)."""
        return Duel(self.scorer(play), self.real(play), self.fake(play), self.together).scores

    def _prices(self, duel: Duel) -> Terms:
        return {name: penalty(duel).mean() for name, penalty in self.penalties.items()}


def repeated(condition: Tensor, count: int) -> Tensor:
    """The condition for as many rows: both sides are told the same where they are scored together."""
    return torch.cat([condition] * (count // len(condition)))
