"""Generator against critic: GAN, WGAN, WGAN-GP, WGAN-div, LSGAN, hinge, R3GAN, and their conditional versions."""

from functools import partial

from torch import nn

from ..core.priors import Prior
from ..terms.augmentations import Augmentation
from ..terms.divergences import Divergence
from ..terms.penalties import Penalties
from .auxiliary_classifier import CLASS_LOSSES, AuxiliaryClassifier, has_class_head
from .contest import Contest
from .critic_player import critic_player, without_penalties
from .game import Game, Player, Turns, contest_game, summands
from .unrolled import unrolled
from .views import condition, data, noised, packed, samples


def gan(
    generator: nn.Module,
    critic: nn.Module,
    prior: Prior,
    divergence: Divergence,
    penalties: Penalties,
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
    """A critic separates real from fake; a generator makes fake score as real (Goodfellow et al. 2014).

    `n_critic` is critic steps per generator step; `lazy` is rounds from one computation of the penalties to the next;
    `clip` is the bound on the critic's weights after each step; `pack` is independent samples that the critic scores
    as one; `noise` is the standard deviation of the noise on the critic's inputs; `noise_rounds` is the rounds over
    which it decays, 0 if it is constant; `unroll` is critic steps that the generator's loss looks ahead; `unroll_lr`
    is the learning rate of unrolled steps; `unroll_by` is their optimizer, descent or adam; `class_weight` is the
    weight of the class head in the critic's loss; `class_weight_generator` is its weight in the generator's.

    Lazy penalties are after Karras et al. 2020 (multiplied by the interval), packing after Lin et al. 2018, noise after
    Soenderby et al. 2017, the class head after Odena et al. 2017, unrolling after Metz et al. 2017: the unrolled steps
    descend the contest's terms, without the class head's, lazy penalties and clipping. `together` scores both views in
    one pass of the critic, which is right if it scores each sample by itself. `labels` is the kind of the condition,
    which a critic with a class head predicts.
    """
    real, fake = (noised(packed(view, pack), noise, noise_rounds) for view in (data, samples))
    contest = Contest(divergence, penalties, real, fake, partial(condition, pack), augmentation, together=together)
    critic_losses, generator_losses = [], [unrolled(without_penalties(contest, lazy), unroll, unroll_lr, unroll_by)]
    if has_class_head(critic) and labels is not None:
        classes = AuxiliaryClassifier(contest, CLASS_LOSSES[labels], class_weight, class_weight_generator)
        critic_losses.append(classes.critic_terms)
        generator_losses.append(classes.generator_terms)
    players = (
        *critic_player(contest, critic_losses, n_critic, lazy, clip, clip_norms),
        Player("generator", ("generator",), summands(*generator_losses)),
    )
    return contest_game(contest, prior, players, generator=generator, critic=critic)
