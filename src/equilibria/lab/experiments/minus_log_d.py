"""What the generator's loss -log D minimizes when the discriminator is optimal."""

import math

import torch
from torch import Tensor

from ...drawing import Axis, Bars, Figure, Line, Panel, Role, Rule, Text, plain
from ...terms.divergences import DIVERGENCES
from ...toys.critics import density, grid, integral
from ...toys.mixtures import Mixture, divergence_between, form, log_normal, two_peaks
from ..experiment import Claim, Experiment, Frame, Numbers, Played, Setting, Settings, Watch, below, equals

_MEANS = [round(0.25 * i, 2) for i in range(25)]  # of the model, from 0 to 6
_TINY = 1e-6  # the density of the side that is nearly absent
_FAR = 10.0  # distance from the origin at which halves do not overlap
_X = grid(8001, -20.0, 20.0)
_NAMES: tuple[tuple[Text, Role], ...] = (
    (Text("KL(model || data)", "KL(模型‖数据)"), "a"),
    (Text("-2 JSD", "−2 JSD"), "b"),
    (Text("their sum", "两者之和"), "generator"),
)


def objective(p: Mixture, mean: Tensor | float, std: float = 1.0) -> tuple[Tensor, Tensor]:
    """KL(Pg || Pr) and 2 JSD(Pr, Pg) of a model N(mean, std^2), by the catalogue's f: (), ()."""
    log_p, log_q = p.log_density(_X), log_normal(_X, mean, std)
    return tuple(divergence_between(form(name).f, log_p, log_q, _X) for name in ("reverse_kl", "jensen_shannon"))  # type: ignore[return-value]


def loss_gradient(p: Mixture, mean: float) -> float:
    """The derivative by the mean of the loss of the catalogue's non-saturating GAN, its optimal critic held fixed."""
    z = grid(8001, -9.0, 9.0)
    shift = torch.tensor(mean, dtype=torch.float64, requires_grad=True)
    x = z + shift
    score = p.log_density(x) - log_normal(x, mean, 1.0)  # of the optimal critic: log p / q, q as it is now
    loss = DIVERGENCES["non_saturating"]().generator(torch.zeros_like(score), score)
    return float(torch.autograd.grad(integral(loss * density(z), z), shift)[0])


def dropped(share: float) -> tuple[float, float]:
    """KL - 2 JSD and 2 JSD, by formulas, where the model is one of two separate parts and the other has this share."""
    staying = 1 - share
    twice = staying * math.log(2 * staying / (1 + staying)) + share * math.log(2) + math.log(2 / (1 + staying))
    return -math.log(staying) - twice, twice


def play(settings: Settings, watch: Watch) -> Played:
    """Gradients at every mean, the cost of a dropped part, and the prices of both mistakes."""
    p = two_peaks(settings.distance)
    means = sorted({*_MEANS, settings.mean})
    rows = list[tuple[float, float, float, float, float]]()
    for place, mean in enumerate(means):
        at = torch.tensor(mean, dtype=torch.float64, requires_grad=True)
        kl, twice = objective(p, at)
        slopes = [float(torch.autograd.grad(each, at, retain_graph=True)[0]) for each in (kl, -twice)]
        rows.append((float(kl.detach()), -float(twice.detach()), *slopes, loss_gradient(p, mean)))  # type: ignore[arg-type]
        watch(place + 1, len(means))
    columns = [list(column) for column in zip(*rows, strict=True)]
    kl, twice = objective(Mixture((settings.share, 1 - settings.share), (-_FAR, _FAR), (1.0, 1.0)), _FAR)
    numbers: dict[str, object] = dict(zip(("kl", "jsd", "by kl", "by jsd", "by loss"), columns, strict=True))
    numbers |= {"means": means, "dropped": float(kl - twice), "dropped jsd": float(twice), **_prices()}
    frames = [
        Frame(mean, _figure(settings, means, columns, place))
        for place, mean in enumerate(means)
        if _framed(mean, settings)
    ]
    opens = [frame.at for frame in frames].index(settings.mean)
    return Played(numbers, frames, opens)


def _framed(mean: float, settings: Settings) -> bool:
    return mean == settings.mean or mean * 2 == round(mean * 2)


def _prices() -> dict[str, float]:
    """What a point costs, by the loss and by KL: one that is missed and one that is strayed to."""
    ratio = torch.tensor([1 / _TINY, _TINY], dtype=torch.float64)  # p / q where the model is silent, and where data is
    q = torch.tensor([_TINY, 1.0], dtype=torch.float64)
    kl = q * form("reverse_kl").f(ratio)
    loss = q * DIVERGENCES["non_saturating"]().generator(ratio * 0, ratio.log())
    return {
        "kl miss": float(kl[0]),
        "kl stray": float(kl[1]),
        "loss miss": float(loss[0]),
        "loss stray": float(loss[1]),
    }


def _figure(settings: Settings, means: list[float], columns: list[list[float]], place: int) -> Figure:
    kl, jsd, by_kl, by_jsd, by_loss = columns
    mean = means[place]
    log_ratio = torch.linspace(-6, 6, 97, dtype=torch.float64)
    ratio = (-log_ratio * math.log(10)).exp()  # p / q
    q = torch.minimum(log_ratio * 0 + 1, (log_ratio * math.log(10)).exp())
    price = q * DIVERGENCES["non_saturating"]().generator(ratio * 0, ratio.log())
    prices = Panel(
        Text("A stray sample costs 13.8, a missed one nothing", "画错代价 13.8，漏画几乎不要钱"),
        Axis(Text("log10 of model / data density", "模型密度/数据密度（log10）")),
        Axis(Text("cost in the loss, nats", "损失中的代价（奈特）")),
        [
            Line(log_ratio.tolist(), price.tolist(), plain("-log D"), "generator"),
            Rule(0, Text("equal densities", "密度相等"), "x"),
        ],
    )
    sums = [a + b for a, b in zip(kl, jsd, strict=True)]
    curves = Panel(
        Text("Two terms that pull apart", "两项互相拉扯"),
        Axis(Text("mean of the model", "模型的均值")),
        Axis(Text("nats", "奈特")),
        [
            *(Line(means, y, *name) for y, name in zip((kl, jsd, sums), _NAMES, strict=True)),
            Rule(mean, Text("this mean", "当前均值"), "x"),
        ],
    )
    cancelled = -by_jsd[place] / by_kl[place] if by_kl[place] else 0.0
    bars = Panel(
        Text(
            f"At mean {mean:g}, {cancelled:.0%} of the pull cancels", f"均值 {mean:g} 处，{cancelled:.0%} 的拉力被抵消"
        ),
        Axis(Text("derivative by the mean of", "对均值求导的对象")),
        Axis(Text("derivative", "导数")),
        [
            Bars(
                [plain("KL"), plain("-2 JSD"), Text("sum", "和"), Text("loss, by autograd", "损失（自动微分）")],
                [by_kl[place], by_jsd[place], by_kl[place] + by_jsd[place], by_loss[place]],
                Text("derivative", "导数"),
                role="generator",
            )
        ],
    )
    note = Text(
        f"Dropping a part of the data with share {settings.share:g} costs {dropped(settings.share)[0]:.3f} nats; KL alone would charge "
        f"{-math.log(1 - settings.share):.3f}.",
        f"丢掉占比 {settings.share:g} 的一部分数据，代价是 {dropped(settings.share)[0]:.3f} 奈特；单看 KL 要付 {-math.log(1 - settings.share):.3f}。",
    )
    return Figure(Text("The two halves of -log D", "−log D 的两半"), (prices, curves, bars), note)


def claims(settings: Settings, numbers: Numbers) -> list[Claim]:
    """The identity at every mean, the cost of a dropped part, the prices of both mistakes, opposite signs."""
    by_kl, by_jsd, by_loss = (numbers[name] for name in ("by kl", "by jsd", "by loss"))
    error = max(
        abs(loss - kl - jsd) / max(abs(kl), abs(jsd), 1e-3)
        for kl, jsd, loss in zip(by_kl, by_jsd, by_loss, strict=True)
    )
    means, minima = (
        numbers["means"],
        [min(zip(y, numbers["means"], strict=True))[1] for y in (numbers["kl"], _jsd(numbers))],
    )
    outside = [not min(minima) - 0.3 <= mean <= max(minima) + 0.3 for mean in means]
    pulls = [(a, b) for a, b, out in zip(by_kl, by_jsd, outside, strict=True) if out and abs(a) > 1e-9]
    together = sum(a * b > 0 for a, b in pulls)
    cost, twice = dropped(settings.share)
    stray = -math.log(_TINY)
    return [
        below(
            Text(
                "Gradient of the loss = that of KL - 2 JSD: relative error", "损失的梯度 = KL − 2 JSD 的梯度：相对误差"
            ),
            error,
            1e-5,
        ),
        equals(
            Text("Cost of dropping a part: KL - 2 JSD", "丢掉一部分的代价：KL − 2 JSD"), numbers["dropped"], cost, 1e-4
        ),
        equals(Text("of which 2 JSD", "其中 2 JSD"), numbers["dropped jsd"], twice, 1e-4),
        equals(Text("Cost of a stray point in KL", "KL 中画错一点的代价"), numbers["kl stray"], stray, 0.01 * stray),
        equals(
            Text("Cost of a stray point in -log D", "−log D 中画错一点的代价"),
            numbers["loss stray"],
            stray,
            0.01 * stray,
        ),
        equals(Text("Cost of a missed point in KL", "KL 中漏掉一点的代价"), numbers["kl miss"], -_TINY * stray, 1e-7),
        below(Text("Cost of a missed point in -log D", "−log D 中漏掉一点的代价"), numbers["loss miss"], 1e-11),
        below(
            Text(
                f"Means away from both minima at which both terms pull the same way, of {len(pulls)}",
                f"远离两个极小值处，两项拉向同一边的均值个数（共 {len(pulls)} 个）",
            ),
            together,
            0,
        ),
    ]


def _jsd(numbers: Numbers) -> list[float]:
    return [-value for value in numbers["jsd"]]


EXPERIMENT = Experiment(
    source="Arjovsky and Bottou (2017), theorem 2.5; Goodfellow et al. (2014), section 3",
    uses=("divergence non_saturating", "divergence reverse_kl", "divergence jensen_shannon"),
    settings=(
        Setting("mean", 2.0, Text("mean of the model", "模型的均值"), low=0, high=6, frames=True),
        Setting(
            "distance", 2.0, Text("distance of both peaks of the data from 0", "数据两峰到 0 的距离"), low=0, high=5
        ),
        Setting("share", 0.5, Text("share of the dropped part", "被丢掉部分的占比"), low=0.01, high=0.99),
    ),
    play=play,
    claims=claims,
    answer=Text(
        "With a perfect discriminator, -log D follows KL(Pg||Pr) and runs away from the Jensen-Shannon divergence at once. "
        "The cost of drawing something unreal is nearly infinite, the cost of never drawing something real is next to "
        "nothing. So the safe policy of a generator is to draw few things well.",
        "判别器最优时，−log D 一边在缩小 KL(Pg‖Pr)，一边又在远离 JS 散度。画出不真实的东西，代价近乎无穷；从不画出某种真实的东西，代价近乎"
        "为零。所以对生成器来说，最稳妥的策略就是少画几种、画好几种。",
    ),
)
