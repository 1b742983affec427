"""A critic that tells classes, from few labels, and fakes as one class more: semi-supervised learning."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from ..core.errors import Refusal
from ..core.priors import Prior
from ..core.types import Terms
from ..terms.augmentations import Augmentation
from ..terms.divergences import Divergence
from ..terms.penalties import Penalty
from .auxiliary_classifier import has_class_head, of_class
from .contest import Contest
from .critic_player import critic_player
from .game import Game, Player, Traits, Turns, memories_of, networks_of, states
from .play import Play
from .views import View, data, noised, samples

_MEANING = (
    "Critic: cross-entropy of the labels that are known, in nats, and telling data from samples; the share of "
    "held-out samples whose class it mistakes is what to watch. Generator: a distance of mean features, which moves "
    "with the critic."
)


@states(Traits(learns_classes=True, meaning=_MEANING))
def sgan(
    generator: nn.Module,
    critic: nn.Module,
    prior: Prior,
    divergence: Divergence,
    penalties: Mapping[str, Penalty],
    augmentation: Augmentation | None = None,
    together: bool = False,
    *,
    unlabelled: bool = True,
    n_critic: Turns = 1,
    lazy: int = 1,
    noise: float = 0.0,
) -> Game:
    """A critic learns classes from few labels, and fakes as one class more (Salimans et al. 2016).

    The critic's loss is the cross-entropy of the labels that are known, and the divergence between unlabelled data and
    samples: with the non-saturating one, both are those of one softmax over all classes. The generator matches the
    means of what the critic's last layer sees. `unlabelled` is whether unlabelled data and samples teach the critic,
    beside the labels; `noise` is the deviation of noise on all that the critic sees.
    """
    if not has_class_head(critic):
        raise Refusal("The game 'sgan' needs a critic that tells classes: a network with a method `classify`.")
    real, fake = (noised(view, noise) for view in (data, samples))
    contest = Contest(divergence, penalties, real, fake, augmentation=augmentation, together=together)
    taught = supervised(contest, noised(lambda play: (_known(play)[0],), noise))
    if unlabelled:
        critics = critic_player(contest, (taught,), n_critic, lazy)
    elif penalties:
        raise Refusal("Penalties are for the scores of data and samples, which teach nothing here: leave them out.")
    else:
        critics = (Player("critic", ("critic",), taught, n_critic),)
    return Game(
        networks_of(generator=generator, critic=critic),
        (*critics, Player("generator", ("generator",), matching(contest))),
        prior,
        memories_of({**penalties, "augmentation": augmentation}),
        contest if unlabelled else None,
    )


def supervised(contest: Contest, labelled: View) -> Callable[[Play], Terms]:
    """The critic's term: the cross-entropy of the labels that are known, in nats."""

    def mistakes(play: Play) -> Terms:
        critic: Any = play.networks[contest.critic]
        said = critic.classify(*contest.augmented(*labelled(play))).to(play.x.dtype)
        return {"class": of_class(said, _known(play)[1]).mean()}

    return mistakes


def matching(contest: Contest) -> Callable[[Play], Terms]:
    """The generator's term: |mean f(x) - mean f(G(z))|^2, of what the critic's last layer sees."""

    def distance(play: Play) -> Terms:
        critic: Any = play.networks[contest.critic]
        real, fake = (
            critic.features(*contest.augmented(*view(play))).to(play.x.dtype).mean(dim=0)
            for view in (contest.real, contest.fake)
        )
        return {"matching": (real - fake).square().sum()}

    return distance


def _known(play: Play) -> tuple[Tensor, Tensor]:
    """Samples whose labels are known, and these: (B, *sample) and (B, K)."""
    if play.labelled is None or play.labelled.y is None:
        raise Refusal("The critic learns classes from labels, and none are known: say how many, as in --labelled 100.")
    return play.labelled.x, play.labelled.y
