"""Findings: symptom, severity, reason and advice."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from ...records.history import History

CRITICAL, WARNING, REMARK = "critical", "warning", "remark"  # more rounds do not help; costs quality; worth knowing
CERTAIN, LIKELY, POSSIBLE = "certain", "likely", "possible"


@dataclass(frozen=True)
class Finding:
    """One thing that is seen of a run, with what to make of it."""

    name: str  # of the table: "collapse"
    what: str  # a sentence: what is seen
    sure: str  # "certain", "likely" or "possible"
    severity: str  # "critical", "warning" or "remark"
    evidence: tuple[str, ...]  # numbers, each with its round
    why: str  # why it happens, in two sentences with the source
    change: str  # what to do, with the exact flag
    step: int  # the round at which it was first seen

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


Symptom = Callable[[History], Finding | None]  # None where the run does not show it


class Reason(NamedTuple):
    """What is the same for every run that shows a finding."""

    severity: str
    why: str


REASONS: Mapping[str, Reason] = {
    "nonfinite": Reason(
        CRITICAL,
        "A critic whose slope nothing bounds can raise its scores without end, and losses without a floor let it "
        "(Mescheder et al. 2018). Where the loss is steep one step then throws the weights out of all bounds (Pascanu "
        "et al. 2013).",
    ),
    "data_range": Reason(
        WARNING,
        "A generator's last layer and its first steps are made for values around 0 and 1 in size, which is why images "
        "are scaled to the range of tanh (Radford et al. 2016). What is not centred and scaled is learned slowly or "
        "not at all (LeCun et al. 1998).",
    ),
    "coupled": Reason(
        WARNING,
        "The penalty bounds the gradient of each score with respect to its own sample, and batch norm makes every "
        "score a function of the whole batch (Gulrajani et al. 2017, section 4). What is bounded then is no Lipschitz "
        "constant, and the estimate no distance (Arjovsky et al. 2017).",
    ),
    "imbalance": Reason(
        WARNING,
        "Two time scales converge where the critic is the faster one and the generator still follows (Heusel et al. "
        "2017). Far apart, one side plays against an opponent that stands still, and overfits to it (Goodfellow et "
        "al. 2014, sections 3 and 6).",
    ),
    "saturated": Reason(
        CRITICAL,
        "Where data and samples hardly overlap a perfect critic exists, and the gradient that it leaves the generator "
        "vanishes as it comes near (Arjovsky and Bottou 2017, theorem 2.4). The saturating loss starves first, since "
        "log(1 - D) is flat where D is near 0 (Goodfellow et al. 2014, section 3).",
    ),
    "posterior_collapse": Reason(
        CRITICAL,
        "The KL divergence is cheapest where the posterior is the prior, and it pulls there before the decoder has "
        "learned to use latents (Bowman et al. 2016, section 3). Where the weight of the KL or the decoder's noise is "
        "large, that is no accident of training but the optimum (Lucas et al. 2019).",
    ),
    "collapse": Reason(
        CRITICAL,
        "A critic that judges samples one by one cannot say that they are alike, so all of them may run to the place "
        "that it likes best (Salimans et al. 2016, section 3.2). The generator then follows one gradient from every "
        "latent, and once collapsed nothing parts its samples again (Goodfellow et al. 2014, section 6).",
    ),
    "oscillating": Reason(
        WARNING,
        "A generator that is trained against the critic of the moment moves all samples where that critic is wrong, "
        "and the critic follows them there (Metz et al. 2017, section 3.1). Without a price on slopes the two circle "
        "around their equilibrium instead of coming to it (Mescheder et al. 2018).",
    ),
    "momentum": Reason(
        WARNING,
        "The loss of a player moves with the other's moves, and momentum sums gradients of losses that are no longer "
        "there: where runs broke down, the cosine of step and gradient had turned negative (Arjovsky et al. 2017, "
        "section 4). In games even negative momentum can be better than none (Gidel et al. 2019).",
    ),
    "weak": Reason(
        WARNING,
        "The generator can only learn what its critic sees, and a critic far from its best bounds no distance "
        "(Arjovsky et al. 2017, section 3). One with few weights is content with samples that share only what it can "
        "see of the data (Arora et al. 2017).",
    ),
    "unconverged": Reason(
        WARNING,
        "The loss of the critic is the Wasserstein distance only where the critic is near its best, which is why it "
        "moves several times a round (Arjovsky et al. 2017, algorithm 1). A generator that follows a critic that "
        "lags, follows the gradient of something else (Arjovsky et al. 2017, theorem 3).",
    ),
    "slope": Reason(
        WARNING,
        "The best critic of the Wasserstein distance has slope one almost everywhere between data and samples, and "
        "the penalty is there to hold it (Gulrajani et al. 2017, proposition 1). The estimate is the distance times "
        "the critic's Lipschitz constant, so a slope that drifts is read as progress or decline (Arjovsky et al. "
        "2017).",
    ),
    "pinned": Reason(
        WARNING,
        "Under clipping the critic seeks its greatest slope with weights at either bound, and ends as a far simpler "
        "function than its layers could be (Gulrajani et al. 2017, section 3 and figure 1). Clipping is a clearly "
        "terrible way to enforce a Lipschitz constraint, say those who proposed it (Arjovsky et al. 2017, section 3).",
    ),
    "depth": Reason(
        WARNING,
        "Each layer multiplies the gradient, so that with depth it grows or shrinks exponentially; under weight "
        "clipping only a finely tuned bound avoids both (Gulrajani et al. 2017, figure 1b). Normalized layers, or "
        "weights that start at the right size, keep it (Glorot and Bengio 2010).",
    ),
    "partial": Reason(
        WARNING,
        "A critic of limited capacity cannot tell a distribution from one on far fewer samples, so a generator may "
        "win with little variety (Arora et al. 2017). Judged one by one, samples that are alike betray nothing "
        "(Salimans et al. 2016, section 3.2).",
    ),
    "missing": Reason(
        WARNING,
        "What the non-saturating generator descends at the best critic is KL(model || data) less twice the "
        "Jensen-Shannon divergence, which hardly minds missing data (Arjovsky and Bottou 2017, theorem 2.5). A critic "
        "that is shown several samples at once sees that some never come (Lin et al. 2018).",
    ),
    "critic_memorizes": Reason(
        WARNING,
        "With few data a critic learns them by heart, and what it then says of samples has nothing to do with the "
        "distribution (Karras et al. 2020, figure 1). Its scores of held-out data drift towards those of samples, and "
        "quality falls from there on (Brock et al. 2019, section 4).",
    ),
    "generator_memorizes": Reason(
        WARNING,
        "Of few samples the training set itself is the model that no critic and no likelihood can fault (Nagarajan et "
        "al. 2018). Samples that lie nearer to training data than held-out data do are copied, whatever their quality "
        "(Meehan et al. 2020).",
    ),
    "disagreement": Reason(
        WARNING,
        "At the optimum of the game the encoder inverts the generator, but nothing in the losses asks for it on the "
        "way (Donahue et al. 2017, theorem 2). A critic of pairs that has not told them apart exactly leaves the two "
        "free to disagree (Li et al. 2017).",
    ),
    "past_best": Reason(
        WARNING,
        "Games need not stay at their best: once the critic overfits or the two drift apart, quality falls and does "
        "not come back by itself (Brock et al. 2019, section 4). The best and the last round of one run can differ "
        "more than two formulations do (Lucic et al. 2018).",
    ),
    "slow_average": Reason(
        WARNING,
        "An average of weights smooths a generator that circles around its goal (Yazici et al. 2019). It lags behind "
        "one that still travels, and far away from it the average of good weights need not be good.",
    ),
    "short": Reason(
        REMARK,
        "The loss of a game does not say when it is over, so the end is read off samples or a distance on held-out "
        "data (Salimans et al. 2016). Judged at equal and sufficient budgets, formulations differ far less than at "
        "small ones (Lucic et al. 2018).",
    ),
    "labels_unused": Reason(
        REMARK,
        "Networks that are told labels can be asked for a class (Mirza and Osindero 2014). Samples usually get better "
        "by it, too, since the labels part the modes (Odena et al. 2017).",
    ),
}


def diagnosed(name: str, what: str, sure: str, evidence: tuple[str, ...], change: str, step: int) -> Finding:
    """A finding of the table, with what is known of it beforehand."""
    severity, why = REASONS[name]
    return Finding(name, what, sure, severity, evidence, why, change, step)
