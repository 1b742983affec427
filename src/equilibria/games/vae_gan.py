"""VAE-GAN: an autoencoder whose measure of likeness is a layer of the critic (Larsen et al. 2016)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ..core.distributed import mean
from ..core.errors import Refusal
from ..core.priors import Prior
from ..core.types import Terms
from ..terms.divergences import Divergence
from ..terms.divergences.gan_losses import non_saturating
from ..terms.penalties import Penalty
from .contest import Contest
from .critic_player import critic_player, without_penalties
from .game import Game, Player, Turns, memories_of, networks_of
from .play import Play
from .vae import active_units, kl_divergences, refuse_other_priors
from .views import both, data, reconstructions, samples


def vae_gan(
    generator: nn.Module,
    encoder: nn.Module,
    critic: nn.Module,
    prior: Prior,
    divergence: Divergence,
    penalties: Mapping[str, Penalty],
    together: bool = False,
    *,
    kl: float = 1.0,
    fidelity: float = 0.1,
    gates: bool = False,
    equilibrium: float = 0.68,
    margin: float = 0.35,
    n_critic: Turns = 1,
    lazy: int = 1,
    clip: float | None = None,
    clip_norms: bool = False,
) -> Game:
    """An autoencoder whose generator also plays, and whose likeness is a critic's layer (Larsen et al. 2016).

    `kl` is the weight of the KL divergence; `fidelity` is the weight of likeness for the generator, the paper's gamma;
    `gates` is whether a side of the contest rests while the critic's losses lie farther from the equilibrium than the
    margin; `equilibrium` is that loss of the critic on either side, in nats; `margin` is how far it may be, in nats.

    The critic tells data from samples and reconstructions together, each half of the fake side. Data weigh as much as
    both; in the paper's sum of three logarithms they weigh half as much.
    """
    refuse_other_priors("vae_gan", prior)
    contest = against_both(divergence, penalties, together)
    judge, *payer = critic_player(contest, (), n_critic, lazy, clip, clip_norms)
    side = Gates(without_penalties(contest, lazy), equilibrium, margin) if gates else without_penalties(contest, lazy)

    def encode(play: Play) -> Terms:
        return {"kl": kl * kl_divergences(play).sum(dim=1).mean(), "likeness": feature_distance(play).mean()}

    def generate(play: Play) -> Terms:
        return side.generator_terms(play) | {"likeness": fidelity * feature_distance(play).mean()}

    def figures(play: Play, terms: Terms) -> Terms:
        told = {"kl": kl_divergences(play).sum(dim=1).mean(), "likeness": terms["likeness"]}
        return told | {"active units": active_units(play)}

    return Game(
        networks_of(generator=generator, encoder=encoder, critic=critic),
        (
            replace(judge, loss=side.critic_terms, estimate=None if gates else judge.estimate),
            *payer,
            Player("encoder", ("encoder",), encode, figures=figures),
            Player("generator", ("generator",), generate),
        ),
        prior,
        memories_of(penalties),
        contest,
    )


def against_both(divergence: Divergence, penalties: Mapping[str, Penalty], together: bool) -> Contest:
    """Data, twice, against samples and reconstructions."""
    return Contest(
        divergence,
        penalties,
        both(data, data),
        both(samples, reconstructions),
        lambda play: None if play.y is None else torch.cat([play.y, play.y]),
        together=together,
    )


def feature_distance(play: Play) -> Tensor:
    """Half the squared distance of data and reconstructions in what the critic's head sees: (B,).

    That is -log N(f(x); f(G(E(x))), I) in nats, without its constant.
    """
    critic: Any = play.networks["critic"]
    given = {} if play.y is None else {"y": play.y}
    seen = [critic.features(x, **given).to(play.x.dtype) for x in (play.x, play.reconstruction)]
    return (seen[0] - seen[1]).square().flatten(1).sum(dim=1) / 2


@dataclass(frozen=True)
class Gates:
    """A contest in which a side rests while the other is too weak: its terms are multiplied by 0 or 1, on the device.

    Scores are logits. Where the critic is too good by one loss and too bad by the other, both move.
    """

    contest: Contest
    equilibrium: float
    margin: float

    def __post_init__(self) -> None:
        if not (self.equilibrium > 0 and self.margin > 0):
            raise Refusal(f"equilibrium and margin are {self.equilibrium} and {self.margin}: each must be above 0.")
        if self.contest.divergence.critic is not non_saturating().critic:
            raise Refusal("The gates read scores as logits: use --divergence non_saturating or minimax.")

    def critic_terms(self, play: Play) -> Terms:
        """The critic's terms, unless it is too good."""
        duel = self.contest.duel(play)
        terms, (too_good, too_bad) = self.contest.terms(duel), self._critic_is(*duel.scores)
        return {name: (~too_good | too_bad) * term for name, term in terms.items()}

    def generator_terms(self, play: Play) -> Terms:
        """The generator's terms, unless the critic is too bad."""
        scores = replace(self.contest, penalties={}).duel(play).scores
        too_good, too_bad = self._critic_is(*scores)
        return {"divergence": (~too_bad | too_good) * self.contest.divergence.generator(*scores).mean()}

    def _critic_is(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Too good, if a loss lies below the margin around the equilibrium; too bad, if one lies above: each ()."""
        losses = torch.stack([mean(softplus(-real)), mean(softplus(fake))])
        return (losses < self.equilibrium - self.margin).any(), (losses > self.equilibrium + self.margin).any()
