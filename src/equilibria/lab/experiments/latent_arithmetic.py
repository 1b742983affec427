"""Whether sums of latents are sums of traits: faces with known attributes, in one place and in any."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from ...core.errors import Refusal
from ...data.datasets.faces import ATTRIBUTES, SHIFTS, SIDE, attributes_of, correlation
from ...drawing import NO_AXIS, Axis, Field, Figure, Line, Panel, Rule, Steps, Text
from ...training.loop import run_rounds
from ...training.run import Run
from ..critic_moves import game
from ..experiment import (
    Claim,
    Experiment,
    Frame,
    Numbers,
    Played,
    Setting,
    Settings,
    Watch,
    above,
    below,
    equals,
)

_MOST, _TRIALS, _POOL = 10, 200, 6000  # latents in an average, results, pictures to choose from
_ROWS = 3  # of each operand
_SIGNS = ((1, 0), (0, 0), (0, 1))  # a, b and c of a - b + c: which of the two attributes each has
_NETWORKS = {"generator": "dcgan", "critic": "dcgan", "generator.width": 32, "critic.width": 32, "batch": 64}
_ROUNDS = 500
_LONGER = 3  # times the rounds where the place varies
PLACES = {
    "fixed": Text("One place", "同一位置"),
    "varies": Text("Fifteen places", "十五个位置"),
    "middle": Text("Fifteen, latents of the middle", "十五个位置，只取中间"),
}
NAMES = dict(zip(ATTRIBUTES, ("眼镜", "微笑", "帽子", "胡子"), strict=True))


class Pool(NamedTuple):
    """Latents (N, Z), their pictures (N, 1, 16, 16), and the attributes (N, 4) that the judge reads off these."""

    latents: Tensor
    pictures: Tensor
    attributes: Tensor

    def part(self, mask: Tensor) -> "Pool":
        """Those of a mask (N,)."""
        return Pool(*(each[mask] for each in self))


class Sums(NamedTuple):
    """Sums of means of so many latents: the share with both attributes, and the pictures of one of them."""

    share: float
    columns: Tensor  # (4, 3, 16, 16): the first three of a, b and c, white where none is, and their means
    results: Tensor  # (3, 3, 16, 16): the result in the middle, noise around it


def plane_share(count: float) -> float:
    """The share of results with both attributes where each lies on one side of a plane through 0, about.

    Along its normal a latent is then half normal: mean m = sqrt(2 / pi), variance 1 - m^2. A mean of `count` minus
    another plus a third has mean m, variance 3 (1 - m^2) / count. At right angles the two planes are independent.
    """
    mean = math.sqrt(2 / math.pi)
    return (math.erfc(-mean / math.sqrt(3 * (1 - mean**2) / count) / math.sqrt(2)) / 2) ** 2


def pictures(run: Run, latents: Tensor) -> Tensor:
    """Pictures between 0 and 1, (N, 1, 16, 16), of the averaged generator, as they are saved."""
    space = run.stream.data.space
    with torch.no_grad():
        pixels = [space.decode(run.average.networks["generator"](part)) for part in latents.split(1000)]
    return torch.cat([torch.from_numpy(part) for part in pixels]).permute(0, 3, 1, 2) / 255


def pool(run: Run) -> Pool:
    """Latents that the judge has sorted."""
    latents = run.game.prior.draw(_POOL)
    drawn = pictures(run, latents)
    return Pool(latents, drawn, attributes_of(drawn))


def operands(pool: Pool, first: int, second: int, count: int) -> list[Tensor]:
    """Latents of a, b and c, (trials, count, Z) each: drawn from those of the pool with their attributes, or NaN."""
    drawn = list[Tensor]()
    for signs in _SIGNS:
        has = (pool.attributes[:, [first, second]] == torch.tensor(signs)).all(dim=1)
        latents = pool.latents[has] if has.any() else torch.full_like(pool.latents[:1], math.nan)
        drawn.append(latents[torch.randint(len(latents), (_TRIALS, count))])
    return drawn


def combine(means: list[Tensor], rescale: bool) -> Tensor:
    """a - b + c of latents (B, Z); on request with the norm of a latent, sqrt(Z) (White 2016)."""
    result = means[0] - means[1] + means[2]
    return result * (math.sqrt(result.shape[1]) / result.norm(dim=1, keepdim=True)) if rescale else result


def separation(pool: Pool, attribute: int) -> float:
    """The share of latents that are nearer to the mean of those with their side of an attribute: half of the pool
    gives the means, the other is judged.
    """
    half = len(pool.latents) // 2
    has = pool.attributes[:, attribute] == 1
    means = torch.stack([pool.latents[:half][side[:half]].mean(dim=0) for side in (has, ~has)])
    right = (pool.latents[half:] - means.mean(dim=0)) @ (means[0] - means[1]) > 0
    return float((right == has[half:]).float().mean())


def sums(settings: Settings, run: Run, pool: Pool) -> list[Sums]:
    """Sums of means of 1 to 10 latents."""
    first, second = (ATTRIBUTES.index(name) for name in (settings.first, settings.second))
    results = list[Sums]()
    for count in range(1, _MOST + 1):
        latents = operands(pool, first, second, count)
        result = combine([each.mean(dim=1) for each in latents], settings.rescale)
        has = attributes_of(pictures(run, result))[:, [first, second]].all(dim=1).float()
        has[result.isnan().any(dim=1)] = math.nan
        around = settings.noise * (2 * torch.rand(9, result.shape[1]) - 1)
        around[4] = 0
        neighbors = pictures(run, result[:1] + around).view(3, 3, SIDE, SIDE)
        results.append(Sums(float(has.mean()), _columns(run, [each[0] for each in latents]), neighbors))
    return results


def _columns(run: Run, latents: list[Tensor]) -> Tensor:
    sheet = torch.ones(_ROWS + 1, 3, SIDE, SIDE)
    for column, each in enumerate(latents):
        first = each[:_ROWS]
        sheet[: len(first), column] = pictures(run, first)[:, 0]
        sheet[-1, column] = pictures(run, each.mean(dim=0)[None])[0, 0]
    return sheet


def play(settings: Settings, watch: Watch) -> Played:
    """Train on faces in one place, and in any; add and subtract means of 1 to 10 latents; count the attributes."""
    if settings.first == settings.second:
        other = next(name for name in ATTRIBUTES if name != settings.first)
        raise Refusal(f"--first and --second are both {settings.first}: give two attributes, as --second {other}.")
    pair = [ATTRIBUTES.index(name) for name in (settings.first, settings.second)]
    numbers, outcomes, done = dict[str, list[float]](), dict[str, list[Sums]](), 0
    for place, shift, times in (("fixed", False, 1), ("varies", True, _LONGER)):
        run = game("gan-ns", settings.seed, {**_NETWORKS, "data": {"name": "faces", "shift": shift}})
        for part in range(1, 10 * times + 1):
            run_rounds(run, settings.rounds * part // 10)
            watch(done := done + 1, 10 * (1 + _LONGER))
        sample = pool(run)
        numbers[f"judge {place}"] = [_exactness(run)]
        numbers[f"frequency {place}"] = sample.attributes.mean(dim=0).tolist()
        likeness = correlation(sample.pictures).max(dim=1)
        numbers[f"fit {place}"] = [float(likeness.values.square().median())]
        numbers[f"separation {place}"] = [separation(sample, attribute) for attribute in pair]
        outcomes[place] = sums(settings, run, sample)
    in_middle = likeness.indices % len(SHIFTS) == SHIFTS.index((0, 0))
    outcomes["middle"] = sums(settings, run, sample.part(in_middle))
    numbers |= {f"share {place}": [each.share for each in results] for place, results in outcomes.items()}
    at = sorted({1, 2, 3, 5, _MOST, settings.latents})
    frames = [Frame(n, _figure(settings, numbers, outcomes["fixed"][n - 1], sample.pictures[:9], n)) for n in at]
    return Played(numbers, frames, at.index(settings.latents))


def _exactness(run: Run) -> float:
    """The share of data whose attributes the judge reads rightly, on the way that samples take."""
    data = run.stream.data
    assert data.y is not None
    pixels = torch.from_numpy(data.space.decode(data.space.encode(data.x[:_POOL]))).permute(0, 3, 1, 2) / 255
    return float((attributes_of(pixels) == data.y[:_POOL]).all(dim=1).float().mean())


def _sheet(cells: Tensor, title: Text) -> Panel:
    """Pictures (rows, columns, 16, 16) as a panel, in eleven grays."""
    values = torch.cat([torch.cat(list(row), dim=1) for row in pad(cells, (0, 1, 0, 1), value=1.0)]).flip(0)
    grays = values.double().round(decimals=1)
    height, width = values.shape
    mark = Field((0, width), (0, height), grays.tolist(), Text("pixels", "像素"), "gray")
    return Panel(title, NO_AXIS, NO_AXIS, [mark], aspect=width / height, equal=True)


def _figure(settings: Settings, numbers: Numbers, example: Sums, samples: Tensor, count: int) -> Figure:
    first, second = (Text(name, NAMES[name]) for name in (settings.first, settings.second))
    both = attributes_of(example.results.flatten(0, 1)[:, None])[:, [ATTRIBUTES.index(t.en) for t in (first, second)]]
    has, counts = int(both.all(dim=1).sum()), list(range(1, _MOST + 1))
    scores = Panel(
        Text(f"Of all sums, {example.share:.0%} have both", f"所有的和中 {example.share:.0%} 两者都有"),
        Axis(Text("latents in each average", "每个平均所含的隐向量数"), low=0.5, high=_MOST + 0.5),
        Axis(Text("share of results with both", "两者都有的结果占比"), low=0, high=1.05),
        [
            Steps([x - 0.5 for x in (*counts, _MOST + 1)], numbers["share fixed"], PLACES["fixed"], "generator"),
            Line(counts, numbers["share middle"], PLACES["middle"], "a"),
            Line(counts, numbers["share varies"], PLACES["varies"], "b"),
            Line(counts, [plane_share(x) for x in counts], Text("traits split by planes", "特征由平面分开"), "theory"),
            Rule(0.25, Text("chance", "随机"), "y", "d"),
        ],
    )
    return Figure(
        Text(
            f"{first.en} - neither + {second.en}, means of {count}",
            f"{first.zh} − 两者皆无 + {second.zh}，{count} 个取平均",
        ),
        (
            _sheet(example.columns, Text(f"{first.en}, neither, {second.en}", f"{first.zh}、皆无、{second.zh}")),
            _sheet(
                example.results,
                Text(f"{has} of 9 results have both", f"9 个结果中 {has} 个两者都有"),
            ),
            scores,
            _sheet(samples.view(3, 3, SIDE, SIDE), Text("Samples in fifteen places", "十五个位置的样本")),
        ),
        Text(
            "Below each column: the picture of its mean latent. The result is in the middle, with noise around it.",
            "每列下方：平均隐向量的图像。结果在中间，周围加了噪声。",
        ),
    )


def claims(settings: Settings, numbers: Numbers) -> list[Claim]:
    """The judge is exact, and samples have all attributes; in one place sums are as planes have it, in any not."""
    exact = min(numbers["judge fixed"][0], numbers["judge varies"][0])
    results = [equals(Text("Data: share that the judge reads rightly", "真实数据：判读正确的占比"), exact, 1, 0)]
    if settings.rounds < _ROUNDS:
        return results
    # ten seeds, mean and std: unevenness .05, .02 and .16, .02; gains .34, .04; .06, .05; .59, .10; sides .92, .01; .55, .01
    for place, bound in (("fixed", 0.1), ("varies", 0.25)):
        sentence = Text(
            f"{PLACES[place].en}: rarest or commonest attribute, minus 1/2",
            f"{PLACES[place].zh}：最少见或最常见的特征与 1/2 之差",
        )
        results.append(below(sentence, max(abs(share - 0.5) for share in numbers[f"frequency {place}"]), bound))
    if (settings.first, settings.second) != ("smile", "hat") or not settings.rescale:
        return results
    one, any_ = numbers["share fixed"], numbers["share varies"]
    for count in sorted({3, _MOST, settings.latents}):
        sentence = Text(
            f"One place, means of {count}: results with both", f"同一位置，{count} 个取平均：两者都有的结果"
        )
        results.append(equals(sentence, one[count - 1], plane_share(count), 0.2 / math.sqrt(count)))
    gain = Text("One place: ten minus one", "同一位置：十个减去一个")
    side = Text("One place: smile or not, by the nearer mean latent", "同一位置：由较近的均值隐向量判断是否微笑")
    results += [above(gain, one[-1] - one[0], 0.2), above(side, numbers["separation fixed"][0], 0.85)]
    if settings.rounds > _ROUNDS:
        return results
    share = Text("Does not hold here: fifteen places, means of ten", "这里不成立：十五个位置，十个取平均")
    gain = Text("Fifteen places: ten minus one", "十五个位置：十个减去一个")
    side = Text("Fifteen places: smile or not, by the nearer mean latent", "十五个位置：由较近的均值隐向量判断是否微笑")
    results += [below(share, any_[-1], 0.5), below(gain, any_[-1] - any_[0], 0.2)]
    results += [below(side, numbers["separation varies"][0], 0.6)]
    middle = Text("Fifteen places, latents of the middle one: ten minus one", "十五个位置，只取中间位置：十个减去一个")
    return [*results, above(middle, numbers["share middle"][-1] - numbers["share middle"][0], 0.25)]


EXPERIMENT = Experiment(
    source="Radford et al. (2016), figure 7; White (2016)",
    uses=("recipe gan-ns", "network dcgan", "data faces"),
    settings=(
        Setting(
            "latents", 3, Text("latents in each average", "每个平均所含的隐向量数"), low=1, high=_MOST, frames=True
        ),
        Setting("first", "smile", Text("the attribute to add", "要加上的特征"), choices=ATTRIBUTES),
        Setting("second", "hat", Text("the attribute of the other picture", "另一张图像的特征"), choices=ATTRIBUTES),
        Setting(
            "rounds",
            _ROUNDS,
            Text(
                "rounds on faces in one place; three times as many in any", "脸在同一位置时的轮数；位置不定时为其三倍"
            ),
            low=5,
            high=20_000,
        ),
        Setting("noise", 0.25, Text("half-width of the noise around the result", "结果周围噪声的半宽"), low=0, high=2),
        Setting("rescale", True, Text("give the result the norm of a latent", "把结果缩放到隐向量的范数")),
    ),
    play=play,
    claims=claims,
    answer=Text(
        "Where all faces are in one place, yes, and the more so the more latents are averaged: of the results, two of three "
        "have smile and hat with single latents, five of six with averages of three, nearly all with averages of ten. A formula "
        "says the same of traits that planes through the origin split: one latent carries everything else too, and averaging "
        "lets the rest cancel. Where the faces are in any of fifteen places it does not hold here: a third of the results have "
        "both, averaged or not; means of ten latents whose faces are all in the middle give both in seven of eight.",
        "所有的脸都在同一位置时，有意义，而且取平均的隐向量越多越可靠：单个隐向量，约三分之二的结果既微笑又戴帽，三个取平均约六分之五，十个取平均几乎全部。"
        "对于由过原点的平面分开的特征，公式说的也是这样：单独一个隐向量还带着别的一切，取平均则让其余的抵消。"
        "若脸可以在十五个位置中的任意一个，这里就不成立：无论取不取平均，都只有三分之一的结果两者都有；但若只取脸在中间的隐向量，十个取平均约八分之七两者都有。",
    ),
)
