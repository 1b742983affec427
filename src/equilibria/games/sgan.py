"""Semi-supervised learning: the critic classifies, from few labels, with fakes as one class more."""

from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from ..core.errors import Refusal
from ..core.priors import Prior
from ..core.types import Terms
from ..terms.augmentations import Augmentation
from ..terms.divergences import Divergence
from ..terms.penalties import Penalties
from .auxiliary_classifier import has_class_head, of_class
from .contest import Contest
from .critic_player import critic_player
from .game import Game, Loss, Player, Traits, Turns, contest_game, states
from .play import Play
from .views import View, data, noised, samples

_MEANING = (
    "Critic: cross-entropy of the labeled samples, in nats, and separating data from samples; watch the "
    "classification error on held-out samples. Generator: a distance of mean features, which changes with the critic."
)


@states(Traits(learns_classes=True, meaning=_MEANING))
def sgan(
    generator: nn.Module,
    critic: nn.Module,
    prior: Prior,
    divergence: Divergence,
    penalties: Penalties,
    augmentation: Augmentation | None = None,
    together: bool = False,
    *,
    unlabelled: bool = True,
    n_critic: Turns = 1,
    lazy: int = 1,
    noise: float = 0.0,
) -> Game:
    """A critic learns classes from few labels, and fakes as one class more (Salimans et al. 2016).

    The critic's loss is the cross-entropy of the labeled samples, and the divergence between unlabeled data and
    samples: with the non-saturating one, both are those of one softmax over all classes. The generator matches the
    mean features of the critic's last layer. `unlabelled` is whether the critic learns from unlabeled data and samples
    in addition to the labels; `noise` is the standard deviation of the noise on the critic's inputs.
    """
    if not has_class_head(critic):
        raise Refusal("The game 'sgan' needs a critic that tells classes: a network with a method `classify`.")
    real, fake = (noised(view, noise) for view in (data, samples))
    contest = Contest(divergence, penalties, real, fake, augmentation=augmentation, together=together)
    classes = supervised(contest, noised(lambda play: (_labelled(play)[0],), noise))
    if unlabelled:
        critics = critic_player(contest, (classes,), n_critic, lazy)
    elif penalties:
        raise Refusal("Penalties are for the scores of data and samples, which are not trained here: leave them out.")
    else:
        critics = (Player("critic", ("critic",), classes, n_critic),)
    players = *critics, Player("generator", ("generator",), matching(contest))
    game = contest_game(contest, prior, players, generator=generator, critic=critic)
    return game if unlabelled else replace(game, contest=None)


def supervised(contest: Contest, labelled: View) -> Loss:
    """The critic's term: the cross-entropy of the labeled samples, in nats."""

    def cross_entropy(play: Play) -> Terms:
        critic: Any = play.networks[contest.critic]
        logits = critic.classify(*contest.augmented(*labelled(play))).to(play.x.dtype)
        return {"class": of_class(logits, _labelled(play)[1]).mean()}

    return cross_entropy


def matching(contest: Contest) -> Loss:
    """The generator's term: |mean f(x) - mean f(G(z))|^2, with f the input of the critic's last layer."""

    def distance(play: Play) -> Terms:
        critic: Any = play.networks[contest.critic]
        real, fake = (
            critic.features(*contest.augmented(*view(play))).to(play.x.dtype).mean(dim=0)
            for view in (contest.real, contest.fake)
        )
        return {"matching": (real - fake).square().sum()}

    return distance


def _labelled(play: Play) -> tuple[Tensor, Tensor]:
    """Labeled samples with their labels: (B, *sample) and (B, K)."""
    if play.labelled is None or play.labelled.y is None:
        raise Refusal("The critic learns classes from labels, and none are known: say how many, as in --labelled 100.")
    return play.labelled.x, play.labelled.y
