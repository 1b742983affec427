"""One contest, two players: GAN, WGAN, WGAN-GP, WGAN-div, LSGAN, hinge, R3GAN, and their conditional versions."""

from collections.abc import Mapping
from functools import partial

from torch import nn

from ..core.priors import Prior
from ..terms.augmentations import Augmentation
from ..terms.divergences import Divergence
from ..terms.penalties import Penalty
from .auxiliary_classifier import CLASS_LOSSES, AuxiliaryClassifier, has_class_head
from .contest import Contest
from .critic_player import critic_player, without_penalties
from .game import Game, Player, Turns, memories_of, summands
from .unrolled import unrolled
from .views import condition, data, noised, packed, samples


def gan(
    generator: nn.Module,
    critic: nn.Module,
    prior: Prior,
    divergence: Divergence,
    penalties: Mapping[str, Penalty],
    augmentation: Augmentation | None = None,
    labels: str | None = None,
    together: bool = False,
    *,
    n_critic: Turns = 1,
    lazy: int = 1,
    clip: float | None = None,
    clip_norms: bool = False,
    pack: int = 1,
    noise: float = 0.0,
    noise_rounds: int = 0,
    unroll: int = 0,
    unroll_lr: float = 0.01,
    unroll_by: str = "descent",
    class_weight: float = 1.0,
    class_weight_generator: float = 1.0,
) -> Game:
    """A critic tells real from fake; a generator makes fake pass for real (Goodfellow et al. 2014).

    `n_critic` moves of the critic to one of the generator; `lazy` rounds from one payment of the penalties to the next;
    `clip` bounds the critic's weights after each move; `pack` independent samples shown to the critic as one; `noise`
    is the deviation of noise on all that the critic sees; `noise_rounds` is the rounds in which it fades, 0 if it
    stays; `unroll` answers of the critic that the generator foresees; `unroll_lr` is their learning rate;
    `unroll_by` is how they step, by descent or adam; `class_weight` is the weight of the class head in the critic's
    loss; `class_weight_generator` is its weight in the generator's.

    Lazy penalties are after Karras et al. 2020 (every payment is as heavy as those left out), packing after Lin et al.
    2018, noise after Soenderby et al. 2017, the class head after Odena et al. 2017, unrolling after Metz et al. 2017:
    the foreseen answers descend the contest's terms, without the class head's, penalties paid lazily, and clipping.
    `together` lets one pass of the critic score both sides: right where it treats samples independently. `labels` is
    the kind of the condition, which a critic with a class head tells from the sample.
    """
    real, fake = (noised(packed(view, pack), noise, noise_rounds) for view in (data, samples))
    contest = Contest(divergence, penalties, real, fake, partial(condition, pack), augmentation, together=together)
    against, towards = [], [unrolled(without_penalties(contest, lazy), unroll, unroll_lr, unroll_by)]
    if has_class_head(critic) and labels is not None:
        classes = AuxiliaryClassifier(contest, CLASS_LOSSES[labels], class_weight, class_weight_generator)
        against, towards = [classes.critic_terms], [*towards, classes.generator_terms]
    return Game(
        nn.ModuleDict({"generator": generator, "critic": critic}),
        (
            *critic_player(contest, against, n_critic, lazy, clip, clip_norms),
            Player("generator", ("generator",), summands(*towards)),
        ),
        prior,
        memories_of({**penalties, "augmentation": augmentation}),
        contest,
    )
