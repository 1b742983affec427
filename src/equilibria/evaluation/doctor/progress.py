"""Findings on runs that ended too early or too late, and on data that networks cannot learn well from."""

from itertools import pairwise
from statistics import mean

from ...data.datasets.toy import MODES
from ...records.history import History, Series
from . import advice
from .base import CERTAIN, LIKELY, POSSIBLE, REMARK, WARNING, Observation, observation, symptom

_IMPROVING = 0.15  # relative decrease of the metric in the last third
_PAST = 1.3  # times its best value
_NOTHING, _USUAL = 0.05, 0.3  # of recall, relative to that of training samples; the least that those must have
_LEVEL, _AWAY = 0.9, 1.5  # of the first distance; of the distance of training samples


@symptom(
    WARNING,
    "The last layer and the first steps of a generator are made for values of about unit size around 0, which is why "
    "images are scaled to the range of tanh (Radford et al. 2016). Data that is not centered and scaled is learned "
    "slowly or not at all (LeCun et al. 1998).",
)
def data_range(history: History) -> Observation | None:
    """The data is far from the range of values that networks expect."""
    values = next(iter(history.of("start")), {}).get("values")
    if not values:
        return None
    least, most, std = values["least"], values["most"], values["deviation"]
    has_images = len(values["shape"]) == 3
    is_off = most - least < 0.5 if has_images else not 0.05 < max(std, 1e-12) < 20 or max(-least, most) > 50
    if not is_off:
        return None
    expected = "that fill most of [-1, 1], from black to white" if has_images else "within a few units of 0"
    return observation(
        f"The data is badly scaled: networks expect values {expected}.",
        CERTAIN if has_images else LIKELY,
        0,
        "Scale the array (bytes from 0 to 255, floats from 0 to 1 or -1 to 1; points around 0), check it with "
        f"`equilibria data check`, and train on it: {advice.option('data', 'SCALED.npz')}.",
        f"input of the networks: values from {least:.3g} to {most:.3g}, std {std:.3g}, since round 0",
    )


@symptom(
    WARNING,
    "Recall, the share of data that lies among the samples, is 0 for blur and for one sample repeated, whatever the "
    "losses are; precision, the share of samples that lie among the data, is 0 for noise (Kynkaanniemi et al. 2019). "
    "The first rounds of every run are like that: what is drawn after so few is no model of the data yet.",
)
def unlike(history: History) -> Observation | None:
    """Samples are unlike the data: noise, blur, or one sample repeated."""
    recall, precision = history.series("likeness", "recall"), history.series("likeness", "precision")
    usual, apart = history.series("likeness", "recall_data"), _relative_distance(history)
    if not _is_late(history) or not len(usual) or usual.values[-1] < _USUAL:
        return None
    starts = [recall.shows(lambda share: share < _NOTHING * usual.values[-1])]
    if apart.typical > _AWAY:  # of narrow modes, good samples miss most, too
        starts.append(precision.shows(lambda share: share < _NOTHING))
    if (first := min((step for step in starts if step is not None), default=None)) is None:
        return None
    return observation(
        "Samples are unlike the data: they are noise, blurred, or one sample repeated.",
        CERTAIN if len(recall.late) else LIKELY,
        first,
        f"If they still improve, train longer: `equilibria resume RUN` with "
        f"{advice.option('rounds', 4 * max(history.step, 1))}. If not, begin with the other findings.",
        recall.evidence("recall, the share of held-out data that lies among samples"),
        precision.evidence("precision, the share of samples that lie among held-out data"),
        apart.evidence("distance from held-out data, relative to that of training samples"),
    )


@symptom(
    WARNING,
    "The distance between samples and held-out data falls while a generator learns, in any formulation; losses need "
    "not (Arjovsky et al. 2017, section 4.2). One that is as large as at the start shows that nothing was learned, or "
    "that all of it was lost again.",
)
def no_progress(history: History) -> Observation | None:
    """The distance to held-out data has not fallen."""
    name, metric = history.selection_metric()
    apart = _relative_distance(history)
    if len(metric) < 2 or not _is_late(history) or not len(apart) or apart.values[-1] < _AWAY:
        return None
    first, late = metric.values[0], metric.late if len(metric.late) else metric[-1:]
    if late.median < first - (1 - _LEVEL) * abs(first):
        return None
    return observation(
        "The run makes no progress: the distance to held-out data has not fallen.",
        LIKELY if len(metric.late) else POSSIBLE,
        metric.steps[0],
        f"Train longer, `equilibria resume RUN` with {advice.option('rounds', 4 * max(history.step, 1))}; if it is "
        f"still level then, begin with the other findings, or try the recipe `r3gan`.",
        f"{name.replace('_', ' ').capitalize()} on held-out data: {first:.3g} at round {metric.steps[0]:,}, "
        f"{late.median:.3g} since round {late.steps[0]:,}",
        apart.evidence("distance from held-out data, relative to that of training samples"),
    )


def _relative_distance(history: History) -> Series:
    """The distance of samples from held-out data, relative to that of training samples."""
    looks = [(step, each.get("distance"), each.get("distance_data")) for step, each in history.results("likeness")]
    return Series.of((step, one / other) for step, one, other in looks if one and other).after(history.rounds // 10)


def _is_late(history: History) -> bool:
    """Whether the run is over, or in its last quarter: at the beginning, samples of every run are noise."""
    return history.stop_reason is not None or history.step >= 0.75 * history.rounds


@symptom(
    WARNING,
    "Games need not stay at their best: once the critic overfits or the two networks drift apart, quality falls and "
    "does not recover by itself (Brock et al. 2019, section 4). The best and the last round of one run can differ more "
    "than two formulations do (Lucic et al. 2018).",
)
def past_best(history: History) -> Observation | None:
    """Samples were better earlier in the run."""
    name, metric = history.selection_metric()
    if len(metric) < 6:
        return None
    lowest, step = min(zip(metric.values, metric.steps, strict=True))
    later, late, best = metric.after(step), metric.late, history.best or step
    if len(later) < max(3, len(metric) // 4) or best >= late.steps[0] or not _is_worse(late, metric):
        return None
    return observation(
        "The run is past its best: samples were better at an earlier round.",
        LIKELY,
        later.steps[0],
        f"Sample the best checkpoint, of round {best:,}, with `equilibria sample RUN --checkpoint best`, or stop the "
        f"run in time: {advice.option('rounds', best)}.",
        f"{name.replace('_', ' ').capitalize()} on held-out data: {lowest:.3g} at round {step:,}, median "
        f"{late.median:.3g} since round {late.steps[0]:,}",
    )


def _is_worse(late: Series, metric: Series) -> bool:
    """Whether the late values are clearly worse than the best, which is negative for log densities."""
    best = mean(sorted(metric.values)[:2])  # one of them may be chance, as may be how far values fall after a rise
    noise = 2 * mean([max(0.0, a - b) for a, b in pairwise(late.values or metric.values)] or [0.0])
    return late.median > best + (_PAST - 1) * abs(best) + 2 * noise


@symptom(
    REMARK,
    "The losses of a game do not say when it is over, so the end is read off samples or a distance on held-out data "
    "(Salimans et al. 2016). Compared at equal and sufficient budgets, formulations differ far less than at small ones "
    "(Lucic et al. 2018).",
)
def short(history: History) -> Observation | None:
    """The run ended while samples were still improving."""
    name, metric = history.selection_metric()
    if history.stop_reason not in ("done", "budget") or len(metric) < 6:
        return None
    third = len(metric) // 3
    middle, late = metric[-2 * third : -third], metric[-third:]
    gain = 1 - late.median / middle.median if middle.median > 0 else 0.0
    is_falling = late[len(late) // 2 :].median < 0.97 * late[: len(late) // 2].median
    if gain < _IMPROVING or not is_falling or min(metric.values) < min(late.values):
        return None
    return observation(
        "The run ended while samples were still improving: more rounds should help.",
        LIKELY,
        late.steps[0],
        f"Continue with `equilibria resume RUN` and {advice.option('rounds', 2 * max(history.step, 1))}.",
        f"{name.replace('_', ' ').capitalize()} on held-out data: median {late.median:.3g} in the last third, "
        f"since round {late.steps[0]:,}, {gain:.0%} less than in the third before ({middle.median:.3g})",
    )


@symptom(
    REMARK,
    "Networks that are conditioned on labels generate a requested class (Mirza and Osindero 2014). Samples usually "
    "improve, too, since the labels separate the modes (Odena et al. 2017).",
)
def labels_unused(history: History) -> Observation | None:
    """The data has labels that the run does not use."""
    kind, recipe = next(iter(history.of("start")), {}).get("labels"), history.recipe
    is_toy = recipe.get("data", {}).get("name") in MODES  # labels that only number the modes
    if not kind or recipe.get("conditional") or recipe.get("labelled") or is_toy:
        return None
    return observation(
        "The data has labels that this run does not use, which is fine unless you want to generate a given class.",
        CERTAIN,
        0,
        f"To generate a given class: {advice.option('conditional', 'true')}.",
        f"labels of the data: {kind}; conditional is false, since round 0",
    )
