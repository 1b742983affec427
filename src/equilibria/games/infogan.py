"""InfoGAN: an encoder reads part of the latent, the code, from the sample."""

import math

from torch import Tensor, nn
from torch.nn.functional import log_softmax

from ..core.errors import Refusal, above_zero
from ..core.posteriors import Gaussian
from ..core.priors import LatentPart, Prior
from ..core.types import Terms
from ..terms.augmentations import Augmentation
from ..terms.divergences import Divergence
from ..terms.penalties import Penalties
from .contest import Contest
from .critic_player import critic_player, without_penalties
from .game import Game, Player, Traits, Turns, contest_game, states, summands
from .play import Play
from .vae import gaussian

_PRIOR = """--prior joint --prior.parts '[{"name": "normal"}, {"name": "categorical"}]'"""


@states(Traits(encoder_output="code"))
def infogan(
    generator: nn.Module,
    encoder: nn.Module,
    critic: nn.Module,
    prior: Prior,
    divergence: Divergence,
    penalties: Penalties,
    augmentation: Augmentation | None = None,
    together: bool = False,
    *,
    information: float = 1.0,
    n_critic: Turns = 1,
    lazy: int = 1,
    clip: float | None = None,
    clip_norms: bool = False,
) -> Game:
    """A GAN whose samples show part of the latent, the code, to an encoder (Chen et al. 2016).

    Categorical and uniform parts of the prior are the code, normal ones are noise. `information` is the weight of the
    encoder's loss. Reported: a lower bound of the mutual information of code and sample, in nats. The encoder has
    layers of its own; in the paper it shares the critic's. Raises Refusal for a prior without a code.
    """
    code = [part for part in prior.parts if part.kind in ("categorical", "uniform")]
    if not code:
        raise Refusal(f"InfoGAN needs a categorical or uniform part in the prior, as its code, for example {_PRIOR}.")
    above_zero("The game 'infogan'", information=information)
    contest = Contest(divergence, penalties, augmentation=augmentation, together=together)

    def unexplained(play: Play) -> Terms:
        posterior = gaussian(play.networks["encoder"](play.fake, play.y))
        return {"information": information * code_loss(code, posterior, play.z).mean()}

    def report(play: Play, terms: Terms) -> Terms:
        return terms | {"information": sum(map(entropy, code)) - terms["information"] / information}

    loss = summands(without_penalties(contest, lazy).generator_terms, unexplained)
    player = Player("generator", ("generator", "encoder"), loss, report=report)
    players = *critic_player(contest, (), n_critic, lazy, clip, clip_norms), player
    return contest_game(contest, prior, players, generator=generator, encoder=encoder, critic=critic)


def code_loss(code: list[LatentPart], posterior: Gaussian, z: Tensor) -> Tensor:
    """-log q(code | sample), nats, of latents (B, Z), to (B,): the means of a categorical part are its logits."""
    loss = z.new_zeros(len(z))
    for part in code:
        at = (slice(None), part.place)
        if part.kind == "categorical":
            loss = loss - (z[at] * log_softmax(posterior.mean[at], dim=1)).sum(dim=1)
        else:
            loss = loss - Gaussian(posterior.mean[at], posterior.log_variance[at]).log_density(z[at])
    return loss


def entropy(part: LatentPart) -> float:
    """The entropy of a part of the code, in nats; of uniform dimensions the differential one."""
    return math.log(part.size) if part.kind == "categorical" else part.size * math.log(2)
