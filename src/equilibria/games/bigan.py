"""BiGAN, or ALI: the critic scores pairs of a sample and its latent; one player draws both sides."""

from functools import partial

import torch
from torch import nn

from ..core.catalogue import Catalogue
from ..core.priors import Prior
from ..terms.divergences import Divergence
from ..terms.penalties import Penalties
from .contest import Contest
from .critic_player import critic_player, without_penalties
from .game import Game, Player, Traits, Turns, contest_game, states
from .views import encoded, generated

PAIR_LOSSES = Catalogue("answer of the pair", exchange=Contest.exchanged_terms, minus=Contest.negated_terms)


@states(Traits(critic_input="pairs", player="pair"))
def bigan(
    generator: nn.Module,
    encoder: nn.Module,
    critic: nn.Module,
    prior: Prior,
    divergence: Divergence,
    penalties: Penalties,
    together: bool = False,
    *,
    answer: str = "auto",
    n_critic: Turns = 1,
    lazy: int = 1,
    clip: float | None = None,
    clip_norms: bool = False,
) -> Game:
    """A critic separates (x, E(x)) from (G(z), z); the pair makes them alike (Donahue et al.; Dumoulin et al. 2017).

    `answer` is what the pair minimizes: exchange (the critic's loss with real and fake exchanged, as both papers
    train), minus (the critic's loss negated, the minimax game), or auto (exchange where its gradients are those of the
    divergence's generator, else minus).
    """
    contest = Contest(divergence, penalties, encoded, generated, together=together)
    name = ("exchange" if exchangeable(divergence) else "minus") if answer == "auto" else answer
    pair = Player("pair", ("generator", "encoder"), partial(PAIR_LOSSES[name], without_penalties(contest, lazy)))
    players = *critic_player(contest, (), n_critic, lazy, clip, clip_norms), pair
    return contest_game(contest, prior, players, generator=generator, encoder=encoder, critic=critic)


def exchangeable(divergence: Divergence) -> bool:
    """Whether the critic's loss with real and fake exchanged has the generator loss's gradient at fake scores."""
    real = torch.linspace(-2, 2, 9, dtype=torch.float64)
    fake = torch.linspace(1.5, -2.5, 9, dtype=torch.float64).requires_grad_()
    with torch.enable_grad():
        losses = divergence.generator(real, fake), divergence.critic(fake, real)
        own, exchanged = (torch.autograd.grad(loss.sum(), fake)[0] for loss in losses)
    return torch.allclose(own, exchanged, rtol=1e-9, atol=1e-9)
