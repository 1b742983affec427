"""The adversarial autoencoder: a contest between codes and the prior."""

from torch import nn

from ..core.priors import Prior
from ..core.types import Terms
from ..terms.divergences import Divergence
from ..terms.penalties import Penalties
from .contest import Contest
from .critic_player import critic_player
from .game import Game, Player, Traits, Turns, contest_game, states
from .play import Play
from .vae import active_units, bits_per_dimension, log_likelihood
from .views import codes, latents


@states(Traits(critic_input="latents", player="encoder"))
def aae(
    generator: nn.Module,
    encoder: nn.Module,
    critic: nn.Module,
    likelihood: nn.Module,
    prior: Prior,
    divergence: Divergence,
    penalties: Penalties,
    together: bool = False,
    *,
    n_critic: Turns = 1,
    lazy: int = 1,
    clip: float | None = None,
    clip_norms: bool = False,
) -> Game:
    """An autoencoder whose codes a critic cannot separate from draws of the prior (Makhzani et al. 2015).

    The prior may be any distribution that can be sampled.
    """
    contest = Contest(divergence, penalties, latents, codes, together=together)

    def reconstruct(play: Play) -> Terms:
        return {"reconstruction": -log_likelihood(play).mean()}

    def report(play: Play, terms: Terms) -> Terms:
        bits = bits_per_dimension(play, terms["reconstruction"])
        return terms | {"bits per dimension": bits, "active units": active_units(play)}

    players = (
        Player("autoencoder", ("generator", "encoder", "likelihood"), reconstruct, report=report),
        *critic_player(contest, (), n_critic, lazy, clip, clip_norms),
        Player("encoder", ("encoder",), contest.generator_terms),
    )
    return contest_game(
        contest, prior, players, generator=generator, encoder=encoder, likelihood=likelihood, critic=critic
    )
