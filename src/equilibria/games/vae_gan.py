"""VAE-GAN: an autoencoder whose reconstruction loss is a distance in a layer of the critic (Larsen et al. 2016)."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ..core.distributed import all_reduce_mean
from ..core.errors import Refusal, above_zero
from ..core.priors import Prior
from ..core.types import Terms
from ..terms.divergences import Divergence
from ..terms.divergences.gan_losses import non_saturating
from ..terms.penalties import Penalties
from .contest import Contest
from .critic_player import critic_player, without_penalties
from .game import Game, Player, Turns, contest_game
from .play import Play
from .vae import active_units, mean_kl, refuse_other_priors
from .views import both, data, reconstructions, samples


def vae_gan(
    generator: nn.Module,
    encoder: nn.Module,
    critic: nn.Module,
    prior: Prior,
    divergence: Divergence,
    penalties: Penalties,
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
    """A VAE and a GAN in one: the reconstruction loss is a distance in a layer of the critic (Larsen et al. 2016).

    `kl` is the weight of the KL divergence; `fidelity` is the weight of the reconstruction loss for the generator, the
    paper's gamma; `gates` is whether critic or generator pauses while the critic's losses are farther from the
    equilibrium than the margin; `equilibrium` is the critic's target loss on either side, in nats; `margin` is a
    difference of losses, in nats.

    The critic separates data from samples and reconstructions, each half of the fake side. Data weighs as much as
    both; in the paper's sum of three logarithms it weighs half as much.
    """
    refuse_other_priors("vae_gan", prior)
    real, fake = both(data, data), both(samples, reconstructions)
    contest = Contest(divergence, penalties, real, fake, together=together)
    player, *lazy_penalties = critic_player(contest, (), n_critic, lazy, clip, clip_norms)
    plain = without_penalties(contest, lazy)
    losses = Gates(plain, equilibrium, margin) if gates else plain

    def encode(play: Play) -> Terms:
        return {"kl": kl * mean_kl(play), "likeness": feature_distance(play).mean()}

    def generate(play: Play) -> Terms:
        return losses.generator_terms(play) | {"likeness": fidelity * feature_distance(play).mean()}

    def report(play: Play, terms: Terms) -> Terms:
        return {"kl": mean_kl(play), "likeness": terms["likeness"], "active units": active_units(play)}

    players = (
        replace(player, loss=losses.critic_terms, estimate=None if gates else player.estimate),
        *lazy_penalties,
        Player("encoder", ("encoder",), encode, report=report),
        Player("generator", ("generator",), generate),
    )
    return contest_game(contest, prior, players, generator=generator, encoder=encoder, critic=critic)


def feature_distance(play: Play) -> Tensor:
    """Half the squared distance of data and reconstructions in the input of the critic's head: (B,).

    That is -log N(f(x); f(G(E(x))), I) in nats, without its constant.
    """
    critic: Any = play.networks["critic"]
    keywords = {} if play.y is None else {"y": play.y}
    real, fake = (critic.features(x, **keywords).to(play.x.dtype) for x in (play.x, play.reconstruction))
    return (real - fake).square().flatten(1).sum(dim=1) / 2


@dataclass(frozen=True)
class Gates:
    """A contest in which a side pauses while the other is too weak: its terms are multiplied by 0 or 1, on the device.

    Scores must be logits; else Refusal is raised. If the critic is too good by one loss and too bad by the other, both
    sides train.
    """

    contest: Contest
    equilibrium: float
    margin: float

    def __post_init__(self) -> None:
        above_zero("The game 'vae_gan'", equilibrium=self.equilibrium, margin=self.margin)
        if self.contest.divergence.critic is not non_saturating().critic:
            raise Refusal("The gates read scores as logits: use --divergence non_saturating or minimax.")

    def critic_terms(self, play: Play) -> Terms:
        """The critic's terms, or 0 if it is too good."""
        duel = self.contest.duel(play)
        terms, (too_good, too_bad) = self.contest.terms(duel), self._critic_is(*duel.scores)
        return {name: (~too_good | too_bad) * term for name, term in terms.items()}

    def generator_terms(self, play: Play) -> Terms:
        """The generator's terms, or 0 if the critic is too bad."""
        scores = replace(self.contest, penalties={}).duel(play).scores
        too_good, too_bad = self._critic_is(*scores)
        return {"divergence": (~too_bad | too_good) * self.contest.divergence.generator(*scores).mean()}

    def _critic_is(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Too good if a loss is below the equilibrium by the margin, too bad if one is above it by the margin."""
        losses = torch.stack([all_reduce_mean(softplus(-real)), all_reduce_mean(softplus(fake))])
        return (losses < self.equilibrium - self.margin).any(), (losses > self.equilibrium + self.margin).any()
