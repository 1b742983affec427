"""Why one Gaussian covers both peaks of the data, or chooses one."""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from ...drawing import Axis, Contours, Field, Figure, Line, Panel, Points, Role, Rule, Text
from ...drawing.plot import contours
from ...toys.critics import grid
from ...toys.mixtures import Fit, Mixture, best_gaussian, form, log_normal, two_peaks
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
    between,
    equals,
)

_DISTANCES = (0.0, 0.5, 1.0, 1.5, 2.0, 2.25, 2.5, 2.7, 2.8, 3.0, 3.25, 3.5, 4.0)
_FRAMES = (0.0, 1.0, 2.0, 2.5, 2.8, 3.0, 3.5, 4.0)
_CURVES: tuple[tuple[str, Text, Role], ...] = (
    ("kl", Text("KL(data || model)", "KL(数据‖模型)"), "a"),
    ("reverse_kl", Text("KL(model || data)", "KL(模型‖数据)"), "b"),
    ("jensen_shannon", Text("2 JSD", "2 JSD"), "c"),
)
_X = grid(1601, -18.0, 18.0)
_SIDE = 20  # of the field of objectives
_MEANS, _LOG_STDS = (-5.0, 5.0), (-0.7, 1.8)
_ALPHAS = (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95)


def fits(f: Callable[[Tensor], Tensor], p: Mixture, distance: float, weight: float) -> tuple[Fit, Fit]:
    """The best Gaussian that covers both peaks, and the best near the larger one."""
    mean = distance * (1 - 2 * weight)
    cover = (mean, math.sqrt(1 + distance**2 - mean**2))
    mode = (-distance if weight > 0.5 else distance, 1.0)
    first, second = best_gaussian(f, p, [cover, mode], _X)
    return first, second


def switch(f: Callable[[Tensor], Tensor], weight: float) -> float:
    """The distance from which the fit of one peak is the better one, by bisection; NaN if there is none below 6."""

    def gain(distance: float) -> float:
        cover, mode = fits(f, two_peaks(distance, weight), distance, weight)
        return cover.value - mode.value - 1e-9

    low, high = 0.5, 6.0
    if gain(high) <= 0:
        return math.nan
    for _ in range(9):
        middle = (low + high) / 2
        low, high = (low, middle) if gain(middle) > 0 else (middle, high)
    return (low + high) / 2


def play(settings: Settings, watch: Watch) -> Played:
    """Best fits of three divergences over the distance of the peaks, where each switches, and the alpha family."""
    options = {"alpha": settings.alpha} if settings.divergence == "alpha" else {}
    own = form(settings.divergence, **options).f
    distances = sorted({*_DISTANCES, settings.distance})
    numbers: dict[str, list[float]] = {"distances": distances}
    best = dict[tuple[str, float], Fit]()
    total = len(distances) + 2
    for place, distance in enumerate(distances):
        p = two_peaks(distance, settings.weight)
        for name, f in {**{name: form(name).f for name, _, _ in _CURVES}, "own": own}.items():
            cover, mode = fits(f, p, distance, settings.weight)
            best[name, distance] = min(cover, mode, key=lambda fit: round(fit.value, 9))
            for kind, fit in (("cover", cover), ("mode", mode), ("best", best[name, distance])):
                for part, value in fit._asdict().items():
                    numbers.setdefault(f"{name} {kind} {part}", []).append(value)
        watch(place + 1, total)
    numbers["switch"] = [switch(form(name).f, settings.weight) for name in ("reverse_kl", "jensen_shannon")]
    watch(total - 1, total)
    p = two_peaks(2.9, settings.weight)  # between the switches of KL, which has none, and reverse KL
    numbers["alpha std"] = []
    for alpha in _ALPHAS:
        pair = fits(form("alpha", alpha=alpha).f, p, 2.9, settings.weight)
        numbers["alpha std"].append(min(pair, key=lambda fit: fit.value).std)
    framed = [d for d in distances if d in (*_FRAMES, settings.distance)]
    frames = [Frame(d, _figure(settings, own, numbers, best, d)) for d in framed]
    return Played(numbers, frames, framed.index(settings.distance))


def _figure(
    settings: Settings,
    own: Callable[[Tensor], Tensor],
    numbers: Numbers,
    best: dict[tuple[str, float], Fit],
    distance: float,
) -> Figure:
    p = two_peaks(distance, settings.weight)
    x = grid(73, -9.0, 9.0)
    marks = [Line(x.tolist(), p.log_density(x).exp().tolist(), Text("data", "数据"), "real")]
    for name, text, role in _CURVES:
        fit = best[name, distance]
        marks.append(Line(x.tolist(), log_normal(x, fit.mean, fit.std).exp().tolist(), text, role))
    stds = [best[name, distance].std for name in ("kl", "reverse_kl")]
    first = Panel(
        Text(
            f"Best std: {stds[0]:.2f} by KL, {stds[1]:.2f} by reverse KL",
            f"最优标准差：KL {stds[0]:.2f}，反向 KL {stds[1]:.2f}",
        ),
        Axis(Text("x", "x")),
        Axis(Text("density", "密度")),
        marks,
    )
    return Figure(
        Text(f"One Gaussian, two peaks at ±{distance:g}", f"一个高斯，±{distance:g} 处的两个峰"),
        (first, _values(settings, numbers, distance), _landscape(settings, own, p, best["own", distance])),
        _note(numbers),
    )


def _note(numbers: Numbers) -> Text:
    at = numbers["switch"][0]
    if math.isnan(at):
        return Text("Reverse KL never prefers one peak here.", "这里反向 KL 从不偏爱单个峰。")
    return Text(
        f"Reverse KL changes from both peaks to one at distance {at:.2f}.",
        f"反向 KL 在距离 {at:.2f} 处从盖住两峰变成只选一峰。",
    )


def _values(settings: Settings, numbers: Numbers, distance: float) -> Panel:
    name = Text(settings.divergence.replace("_", " "), settings.divergence.replace("_", " "))
    x = numbers["distances"]
    marks: list[Line | Rule] = [
        Line(x, numbers["own cover value"], Text(f"{name.en}: both peaks", f"{name.zh}：盖住两峰"), "critic"),
        Line(x, numbers["own mode value"], Text(f"{name.en}: one peak", f"{name.zh}：选一个峰"), "fake", dashed=True),
        Rule(distance, Text("this distance", "当前距离"), "x"),
    ]
    if settings.divergence == "reverse_kl":
        largest = max(settings.weight, 1 - settings.weight)
        marks.append(Rule(-math.log(largest), Text("limit: -log of the peak's weight", "极限：−log(峰的权重)")))
    title = Text("The better of two local minima changes", "两个局部极小中更好的那个会改变")
    return Panel(
        title,
        Axis(Text("distance of the peaks from 0", "峰到 0 的距离")),
        Axis(Text("divergence, nats", "散度（奈特）")),
        marks,
    )


def _landscape(settings: Settings, own: Callable[[Tensor], Tensor], p: Mixture, fit: Fit) -> Panel:
    means, log_stds = (torch.linspace(*ends, _SIDE, dtype=torch.float64) for ends in (_MEANS, _LOG_STDS))
    x = grid(401, -14.0, 14.0)
    log_q = log_normal(x, means[None, :, None], log_stds.exp()[:, None, None])  # (stds, means, nodes)
    ratio = (p.log_density(x) - log_q).clamp(-600, 600).exp()
    values = torch.nan_to_num(log_q.exp() * own(ratio), nan=0.0, posinf=0.0, neginf=0.0)
    heights = torch.trapezoid(values, x, dim=-1).clamp(1e-4, 20).log10()
    field = Field(_MEANS, _LOG_STDS, heights.tolist(), Text("log10 of the divergence", "散度的 log10"))
    lines: Contours = contours(field, 6)
    place = Points([fit.mean], [math.log(fit.std)], Text("best fit", "最优拟合"), "fake")
    title = Text(
        "Its landscape: " + settings.divergence.replace("_", " "), "它的地形：" + settings.divergence.replace("_", " ")
    )
    return Panel(title, Axis(Text("mean", "均值")), Axis(Text("log of the std", "标准差的对数")), [field, lines, place])


def claims(settings: Settings, numbers: Numbers) -> list[Claim]:
    """Moments by KL, the switch and the limit of reverse KL, and where the others stand."""
    at = numbers["distances"].index(settings.distance)
    mean = settings.distance * (1 - 2 * settings.weight)
    std = math.sqrt(1 + settings.distance**2 - mean**2)
    results = [
        equals(Text("KL: mean of the best fit", "KL：最优拟合的均值"), numbers["kl best mean"][at], mean, 1e-3),
        equals(
            Text(
                "KL: std of the best fit, sqrt(1 + a^2) for equal peaks", "KL：最优拟合的标准差，等峰时为 sqrt(1 + a²)"
            ),
            numbers["kl best std"][at],
            std,
            1e-3,
        ),
    ]
    if settings.weight == 0.5:
        far = numbers["distances"].index(4.0)
        mode = 1.5 * math.log(4 / 3)  # 2 JSD of one of two separate halves
        results += [
            equals(
                Text("Reverse KL: distance from which one peak is better", "反向 KL：单峰更优的起始距离"),
                numbers["switch"][0],
                2.80,
                0.05,
            ),
            equals(
                Text("Reverse KL at distance 4: value, log 2", "距离 4 处的反向 KL：log 2"),
                numbers["reverse_kl mode value"][far],
                math.log(2),
                1e-3,
            ),
            between(
                Text("Its mean is in the peak", "其均值落在峰上"), abs(numbers["reverse_kl mode mean"][far]), 3.98, 4.02
            ),
            below(
                Text("2 JSD at distance 4: both peaks cost less than one", "距离 4 处的 2 JSD：盖住两峰比单峰便宜"),
                numbers["jensen_shannon cover value"][far],
                mode,
            ),
            equals(
                Text("2 JSD at distance 4: one peak, 1.5 log(4/3)", "距离 4 处的 2 JSD：单峰为 1.5 log(4/3)"),
                numbers["jensen_shannon mode value"][far],
                mode,
                1e-3,
            ),
            above(
                Text("JSD changes later than reverse KL: distance", "JSD 比反向 KL 改变得晚：距离"),
                numbers["switch"][1],
                numbers["switch"][0],
            ),
        ]
        stds = numbers["alpha std"]
        falls = sum(after < before - 1e-6 for before, after in pairwise(stds))
        results.append(
            below(
                Text(
                    "The std grows with alpha, from reverse KL to KL: exceptions",
                    "标准差随 alpha 增大（从反向 KL 到 KL）：例外个数",
                ),
                falls,
                0,
            )
        )
    return results


EXPERIMENT = Experiment(
    source="Bishop (2006), figure 10.3; Goodfellow (2016), figure 14; Arjovsky and Bottou (2017), section 2.2",
    uses=tuple(f"divergence {name}" for name in ("kl", "reverse_kl", "jensen_shannon", "alpha")),
    settings=(
        Setting(
            "distance", 3.0, Text("distance a of the peaks from 0", "两峰到 0 的距离 a"), low=0, high=4, frames=True
        ),
        Setting(
            "divergence",
            "reverse_kl",
            Text("divergence of the landscape", "地形所用的散度"),
            choices=("kl", "reverse_kl", "jensen_shannon", "jeffreys", "alpha", "total_variation"),
        ),
        Setting(
            "alpha",
            0.5,
            Text("of the alpha divergence: near 0 reverse KL, near 1 KL", "alpha 散度：近 0 为反向 KL，近 1 为 KL"),
            low=0.05,
            high=0.95,
        ),
        Setting("weight", 0.5, Text("weight of the left peak", "左峰的权重"), low=0.05, high=0.95),
    ),
    play=play,
    claims=claims,
    answer=Text(
        "KL from data to model punishes every place where data lives and the model is silent: it must cover, even where that "
        "means drawing in the empty middle. KL from model to data punishes every place where the model draws and no data "
        "lives: it hides in one peak. The Jensen-Shannon divergence stands between, and where it switches is a number.",
        "从数据到模型的 KL，惩罚“有数据而模型沉默”的地方：它必须覆盖，哪怕因此画到空荡荡的中间。从模型到数据的 KL，惩罚“模型画了而没有数据”的地方：它躲进一个峰里。JS 散度居于两者之间，而它在哪里改变主意，是一个算得出来的数。",
    ),
)
