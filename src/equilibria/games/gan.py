"""One contest, two players: GAN, WGAN, WGAN-GP, WGAN-div, LSGAN, hinge, R3GAN, and their conditional versions."""

from collections.abc import Mapping

from torch import nn

from ..core.priors import Prior
from ..terms.divergences import Divergence
from ..terms.penalties import Penalty
from .constraints import clip_weights
from .contest import Contest
from .game import Game, Player, Turns, memories_of


def gan(
    generator: nn.Module,
    critic: nn.Module,
    prior: Prior,
    divergence: Divergence,
    penalties: Mapping[str, Penalty],
    n_critic: Turns = 1,
    clip: float | None = None,
    clip_norms: bool = False,
    together: bool = False,
) -> Game:
    """A critic tells real from fake; a generator makes fake pass for real (Goodfellow et al. 2014).

    `n_critic` moves of the critic to one of the generator; `clip` bounds the critic's weights after each move;
    `together` lets one pass of the critic score both sides: right where it treats samples independently.
    """
    contest = Contest(divergence, penalties, together=together)
    constraint = None if clip is None else clip_weights(clip, clip_norms)
    return Game(
        nn.ModuleDict({"generator": generator, "critic": critic}),
        (
            Player("critic", ("critic",), contest.against, n_critic, constraint, divergence.estimate),
            Player("generator", ("generator",), contest.towards),
        ),
        prior,
        memories_of(penalties),
    )
