"""An adversarial comparison of two ways of drawing the same views."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..core.types import Critic, Terms
from ..terms.divergences import Divergence
from ..terms.gradients import leaves
from ..terms.penalties import Duel, Penalty
from .play import Play, View, data, samples


@dataclass(frozen=True)
class Contest:
    """Two views, a divergence between them, and what the critic pays.

    `together` lets one pass of the critic score both views: batch statistics would mix them.
    """

    divergence: Divergence
    penalties: Mapping[str, Penalty] = field(default_factory=dict)
    real: View = data
    fake: View = samples
    critic: str = "critic"
    together: bool = False

    def against(self, play: Play) -> Terms:
        """The critic's terms: tell real from fake, within the penalties."""
        duel = self.duel(play)
        prices = {name: penalty(duel).mean() for name, penalty in self.penalties.items()}  # may read slopes from scores
        return {"divergence": self.divergence.critic(*duel.scores).mean()} | prices

    def towards(self, play: Play) -> Terms:
        """The other side's terms: make fake pass for real."""
        critic, fake = self._critic(play), self.fake(play)
        fake_scores = critic(*fake)
        real_scores = critic(*self.real(play)) if self.divergence.paired else fake_scores
        return {"divergence": self.divergence.generator(real_scores, fake_scores).mean()}

    def duel(self, play: Play) -> Duel:
        """The contest carried out."""
        critic, real, fake = self._critic(play), self.real(play), self.fake(play)
        if self.penalties:
            real, fake = leaves(real), leaves(fake)
        return Duel(critic, real, fake, self.together)

    def _critic(self, play: Play) -> Critic:
        critic = play.networks[self.critic]

        def scores(*views: Tensor) -> Tensor:
            sides = len(views[0]) // len(play.x)  # two where both are scored together
            condition = {} if play.y is None else {"y": torch.cat([play.y] * sides)}
            return critic(*views, **condition).to(play.x.dtype)

        return scores
