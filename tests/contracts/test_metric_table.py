"""Every metric keeps the promises of its kind: best for equal sets, worse the more is wrong, blind to the order."""

import inspect
import math
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch.nn.functional import one_hot

from equilibria.core.catalogue import options, summary
from equilibria.core.errors import Failure, Refusal
from equilibria.core.seeding import generator
from equilibria.data import Data, Labels, load_data
from equilibria.data.spaces import Image
from equilibria.evaluation.features.base import Features
from equilibria.evaluation.metrics import METRICS, default_metrics
from equilibria.evaluation.metrics.base import SampleSets, Sizes, proportion
from equilibria.recipes.parts import options_of

COUNT = 240
EVERY = pytest.mark.parametrize("name", METRICS)
RANDOM = ("kernel", "held_out_critic")  # look at random parts, or learn: equal up to their errors
LEVELS = (0.0, 0.25, 0.5, 0.9)
WORSE = {  # what makes each figure that has a direction worse
    "frechet": "noisy",
    "kernel": "noisy",
    "precision": "noisy",
    "recall": "dropped",
    "coverage": "dropped",
    "memorization": "copied",
    "sliced_wasserstein": "noisy",
    "wasserstein": "noisy",
    "held_out_critic": "noisy",
    "modes": "dropped",
    "high_quality": "noisy",
    "reverse_kl": "dropped",
    "stacked_modes": "dropped",
    "stacked_kl": "dropped",
}


def points():
    return load_data({"name": "ring", "spread": 0.1, "count": 5 * COUNT})


def pictures():
    """Smooth 4 x 4 pictures of three kinds."""
    place = generator(0)
    y = torch.randint(3, (6 * COUNT,), generator=place)
    x = torch.randn(3, 1, 4, 4, generator=place)[y] * 40 + 128 + 20 * torch.randn(6 * COUNT, 1, 4, 4, generator=place)
    x = x.clamp(0, 255).to(torch.uint8)
    return Data(
        "pictures", Image(1, 4, 4), x[COUNT:], x[:COUNT], Labels("class", ("a", "b", "c")), y[COUNT:], y[:COUNT]
    )


def stacks():
    """Pictures of 2 x 2 whose channels are as bright as their digits."""
    y = torch.randint(1000, (6 * COUNT,), generator=generator(1))
    x = (digits(y) * 25 + 10).to(torch.uint8)[:, :, None, None].expand(-1, -1, 2, 2).contiguous()
    names = tuple(f"{number:03}" for number in range(1000))
    return Data("stacks", Image(3, 2, 2), x[COUNT:], x[:COUNT], Labels("class", names), y[COUNT:], y[:COUNT])


def digits(y):
    return torch.stack([y // 100, y // 10 % 10, y % 10], dim=1)


def classify(x):
    told = ((x.mean(dim=(2, 3)) * 127.5 + 127.5 - 10) / 25).round().long().clamp(0, 9)
    return one_hot(told @ torch.tensor([100, 10, 1]), 1000).float()


@cache
def world(name):
    """A metric, the data, and sets (real, fake, train, what kind each fake one is of)."""
    data = {"parzen": pictures, "stacked_modes": stacks}.get(name, points)()
    context = {"moves": 100, "classifier": Features("brightness", torch.nn.Flatten(), "", classify=classify)}
    builder = METRICS[name]
    metric = builder(
        data, **{key: each for key, each in context.items() if key in inspect.signature(builder).parameters}
    )
    x = data.space.encode(data.x)
    x = x.flatten(1) if metric.input == "features" else x
    real = data.space.encode(data.held_out)
    real = real.flatten(1) if metric.input == "features" else real
    return metric, data, SampleSets(real[:COUNT], x[:COUNT], x[COUNT:]), data.y[:COUNT]


def spoilt(name, how, level):
    """The sets of a world, the generated one worse."""
    _, data, sets, kinds = world(name)
    fake, place = sets.fake, generator(5)
    if how == "noisy":
        fake = fake + level * torch.randn(fake.shape, generator=place)
    elif how == "copied":
        copies = int(level * COUNT)
        fake = torch.cat([sets.train[:copies], fake[copies:]])
    elif how == "dropped":
        left = fake[kinds < max(1, (1 - level) * data.labels.size)]
        fake = left[torch.arange(COUNT) % len(left)]
    return SampleSets(sets.real, fake, sets.train)


@cache
def found(name, how="as it is", level=0.0):
    return world(name)[0].measure(spoilt(name, how, level))


def figures():
    return [(name, figure) for name in METRICS for figure in found(name)]


@EVERY
def test_figures_are_finite_within_their_range_and_errors_are_no_less_than_nothing(name):
    ranges = world(name)[0].ranges
    assert set(ranges) <= set(found(name))
    for how in ("as it is",) if name == "held_out_critic" else ("as it is", "noisy", "dropped", "copied"):
        for title, figure in found(name, how, 0.9).items():
            least, most = ranges.get(title, (-math.inf, math.inf))
            assert least <= figure.value <= most
            assert math.isfinite(figure.value)
            assert figure.error is None or 0 <= figure.error < math.inf


@EVERY
def test_every_figure_has_a_direction(name):
    metric = world(name)[0]
    assert set(metric.better.values()) <= {"lower", "higher", "neither"}
    assert set(metric.better) <= set(found(name))


def test_no_two_metrics_answer_figures_of_one_name():
    names = [figure for _, figure in figures()]
    assert len(set(names)) == len(names)


@EVERY
def test_a_figure_is_worse_the_more_is_wrong(name):
    for figure in found(name):
        way = world(name)[0].better.get(figure, "lower")
        if way == "neither":
            continue
        sign = 1 if way == "lower" else -1
        values = [sign * found(name, WORSE[figure], level)[figure].value for level in LEVELS]
        slack = 2 * (found(name)[figure].error or 0) if name in RANDOM else 0
        assert all(more >= less - slack for less, more in pairwise(values)), figure
        assert values[-1] > values[0], figure


@EVERY
def test_equal_sets_are_best(name):
    metric, _, sets, _ = world(name)
    equal = metric.measure(SampleSets(sets.real, sets.real, sets.train))
    for figure, (value, error) in equal.items():
        way = metric.better.get(figure, "lower")
        if way != "neither" and WORSE[figure] == "noisy":
            sign, slack = 1 if way == "lower" else -1, 3 * (error or 0) + 1e-9
            assert sign * value <= sign * found(name)[figure].value + slack


@EVERY
def test_the_order_of_the_samples_says_nothing(name):
    metric, _, sets, _ = world(name)
    mixed = metric.measure(
        SampleSets(*(x[torch.randperm(len(x), generator=generator(i))] for i, x in enumerate(sets_of(sets))))
    )
    for figure, (value, error) in found(name).items():
        slack = 4 * (error or 0) + 0.02 if name in RANDOM else 1e-9
        assert mixed[figure].value == pytest.approx(value, rel=1e-6, abs=slack)


@EVERY
def test_measuring_changes_neither_the_samples_nor_anybodys_randomness(name):
    metric, _, sets, _ = world(name)
    before, state = [x.clone() for x in sets_of(sets)], torch.random.get_rng_state()
    again = metric.measure(sets)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(x, y) for x, y in zip(sets_of(sets), before, strict=True))
    assert again == found(name)


@EVERY
def test_what_is_no_number_is_not_measured(name):
    metric, _, sets, _ = world(name)
    broken = sets.fake.clone()
    broken[0] = torch.nan
    if name in ("modes", "stacked_modes"):  # a sample that is nowhere is of no mode
        assert metric.measure(SampleSets(sets.real, broken, sets.train))
    else:
        with pytest.raises(Failure, match="not finite"):
            metric.measure(SampleSets(sets.real, broken, sets.train))


@EVERY
def test_the_page_says_how_many_samples_a_metric_needs_and_why(name):
    page = (Path(__file__).parents[2] / "docs" / "guides" / "metrics.md").read_text("utf-8")
    metric, rows = world(name)[0], page.partition("| metric | fewest | reason |")[2].splitlines()
    row = next(line.strip("| ").split(" | ") for line in rows if line.startswith(f"| `{name}` |"))
    assert row[1].split(" of ")[0] == f"{metric.fewest:,}"
    assert row[2] == metric.reason


@EVERY
def test_costs_grow_with_samples(name):
    cost = world(name)[0].cost
    small, large = (cost(Sizes(count, 4 * count, 64)) for count in (500, 5000))
    assert 0 <= small <= large < 60


def test_a_share_of_all_samples_has_an_error():
    assert [proportion(share, 50).error for share in (0.0, 1.0)] == pytest.approx([0.014, 0.014], abs=1e-3)
    assert proportion(0.5, 50).error == pytest.approx(0.0707, abs=1e-4)


def test_a_distance_of_fewer_samples_than_features_is_said_to_be_bias():
    metric, x = METRICS["frechet"](points()), torch.randn(60, 64, generator=generator(0))
    assert "60 samples with 64 features" in metric.caution(SampleSets(x, x, x))
    assert not metric.caution(SampleSets(x[:, :32], x[:, :32], x))


@EVERY
def test_options_and_first_lines_would_do_in_a_table(name):
    silent = [option for option, setting in options_of(METRICS[name]).items() if not setting.help]
    assert not silent, f"say in the docstring what `{silent}` is"
    assert len(summary(METRICS[name])) <= 120
    assert summary(METRICS[name]).endswith(".")
    assert not {"data", "classifier"} & set(options(METRICS[name]))


@pytest.mark.parametrize("data", [points, pictures, stacks])
def test_the_usual_metrics_can_be_built_for_their_data(data):
    described = data()
    for name in default_metrics(described):
        more = {"classifier": Features("brightness", torch.nn.Flatten(), "", classify=classify)}
        METRICS[name](described, **(more if name == "stacked_modes" else {}))
    assert ("modes" in default_metrics(described)) == (data is points)
    assert ("stacked_modes" in default_metrics(described)) == (data is stacks)


@pytest.mark.parametrize(
    ("name", "data", "options"),
    [
        ("modes", pictures, {}),
        ("parzen", points, {}),
        ("parzen", pictures, {"lowest": 2.0}),
        ("stacked_modes", pictures, {"classifier": Features("none", torch.nn.Flatten(), "")}),
        ("stacked_modes", stacks, {"classifier": Features("none", torch.nn.Flatten(), "")}),
        ("two_samples", points, {"by": "neighbor"}),
        ("held_out_critic", points, {"sees": "feature"}),
        ("kernel", points, {"size": 1}),
        ("wasserstein", points, {"order": 0}),
    ],
)
def test_what_cannot_be_measured_is_refused_at_once(name, data, options):
    with pytest.raises(Refusal, match="Did you mean" if set(options) & {"by", "sees"} else name):
        METRICS[name](data(), **options)


@pytest.mark.parametrize("name", ["precision_recall", "density_coverage"])
def test_more_neighbours_than_samples_are_refused(name):
    sets = world(name)[2]
    with pytest.raises(Refusal, match="k is 240"):
        METRICS[name](points(), k=240).measure(sets)


def sets_of(sets):
    return sets.real, sets.fake, sets.train
