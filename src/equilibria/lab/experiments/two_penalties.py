"""Which gradient norm the penalties of WGAN-GP and WGAN-div ask for, between two points."""

from collections.abc import Callable

import torch

from ...drawing import Axis, Figure, Line, Mark, Panel, Points, Role, Rule, Text
from ...terms.penalties import PENALTIES
from ...toys.disjoint_supports import AtPoints, critic_between_points
from ..experiment import Claim, Experiment, Frame, Numbers, Played, Setting, Settings, Watch, equals

_DISTANCES = (0.5, 1.0, 2.0, 3.0)
_PENALTIES: tuple[tuple[str, Text, Role], ...] = (
    ("gradient_penalty", Text("gradient penalty (WGAN-GP)", "梯度惩罚（WGAN-GP）"), "critic"),
    ("divergence_penalty", Text("divergence penalty (WGAN-div)", "散度惩罚（WGAN-div）"), "c"),
)
_DISTANCE = Axis(Text("distance d of the points", "两点的距离 d"))


def norms(settings: Settings) -> dict[str, Callable[[float], float]]:
    """The gradient norm that each penalty settles at between points at a distance, in closed form."""
    k, p = settings.k, settings.p
    return {
        "gradient_penalty": lambda d: 1 + d / (2 * settings.weight),  # of max s d - weight (s - 1)^2
        "divergence_penalty": lambda d: (d / (k * p)) ** (1 / (p - 1)),  # of max s d - k s^p
    }


def play(settings: Settings, watch: Watch) -> Played:
    """A critic for each penalty and distance."""
    distances = sorted({*_DISTANCES, settings.distance})
    penalties = {
        "gradient_penalty": PENALTIES["gradient_penalty"](weight=settings.weight),
        "divergence_penalty": PENALTIES["divergence_penalty"](weight=settings.k, power=settings.p),
    }
    numbers: dict[str, list[float]] = {"distances": distances}
    critics = dict[tuple[str, float], AtPoints]()
    for place, distance in enumerate(distances):
        for name, penalty in penalties.items():
            critics[name, distance] = at = critic_between_points(penalty, distance, settings.moves)
            for field in ("norm", "gap", "share"):
                numbers.setdefault(f"{name} {field}", []).append(getattr(at, field))
        watch(place + 1, len(distances))
    frames = [Frame(d, _figure(settings, numbers, critics, d)) for d in distances]
    return Played(numbers, frames, distances.index(settings.distance))


def _figure(
    settings: Settings, numbers: Numbers, critics: dict[tuple[str, float], AtPoints], distance: float
) -> Figure:
    x = torch.linspace(-0.3 * distance, 1.3 * distance, 49, dtype=torch.float64)
    scores = list[Mark]()
    for name, text, role in _PENALTIES:
        with torch.no_grad():
            y = critics[name, distance].critic(x[:, None])
            y = y - critics[name, distance].critic(torch.zeros(1, 1, dtype=torch.float64))
        scores.append(Line(x.tolist(), y.tolist(), text, role))
    scores += [
        Rule(0, Text("fake point", "假样本点"), "x", "fake"),
        Rule(distance, Text("real point", "真样本点"), "x", "real"),
    ]
    at = numbers["distances"].index(distance)
    measured = [numbers[f"{name} norm"][at] for name, _, _ in _PENALTIES]
    first = Panel(
        Text(
            f"Gradient norms {measured[0]:.3f} and {measured[1]:.3f}",
            f"梯度范数 {measured[0]:.3f} 与 {measured[1]:.3f}",
        ),
        Axis(Text("place between the points", "两点之间的位置")),
        Axis(Text("score, relative to the fake point", "得分（相对于假样本点）")),
        scores,
    )
    return Figure(
        Text(f"Two points at distance {distance:g}", f"相距 {distance:g} 的两点"),
        (
            first,
            _over_distance(settings, numbers, distance, "norm"),
            _over_distance(settings, numbers, distance, "gap"),
        ),
    )


def _over_distance(settings: Settings, numbers: Numbers, distance: float, what: str) -> Panel:
    fine = [0.1 + 0.1 * i for i in range(32)]
    marks = list[Mark]()
    for name, text, role in _PENALTIES:
        formula = norms(settings)[name]
        marks.append(
            Line(fine, [formula(d) * (d if what == "gap" else 1) for d in fine], Text("formula", "公式"), "theory")
        )
        marks.append(Points(numbers["distances"], numbers[f"{name} {what}"], text, role))
    marks.append(Rule(distance, Text("this distance", "当前距离"), "x"))
    if what == "gap":
        marks.append(Line(fine, fine, Text("W itself", "W 本身"), "real"))
        title, label = Text("Neither gap is W", "两种差值都不是 W"), Text("gap of the scores", "得分之差")
    else:
        title, label = Text("Only GP's norm stays near 1", "只有 GP 的范数接近 1"), Text("gradient norm", "梯度范数")
    return Panel(title, _DISTANCE, Axis(label), marks)


def claims(settings: Settings, numbers: Numbers) -> list[Claim]:
    """The norm of each critic is the formula's, and so is the share of the penalty in the gap."""
    results = list[Claim]()
    words = {"gradient_penalty": "1 + d/(2 lambda)", "divergence_penalty": "(d/(k p))^(1/(p-1))"}
    for name, text, _ in _PENALTIES:
        for distance, norm in zip(numbers["distances"], numbers[f"{name} norm"], strict=True):
            theory = norms(settings)[name](distance)
            sentence = Text(
                f"{text.en}: norm at d = {distance:g}, {words[name]}",
                f"{text.zh}：d = {distance:g} 处的范数，{words[name]}",
            )
            results.append(equals(sentence, norm, theory, 0.005 * theory))
    for distance, share in zip(numbers["distances"], numbers["divergence_penalty share"], strict=True):
        sentence = Text(
            f"WGAN-div: penalty / gap at d = {distance:g}, 1/p", f"WGAN-div：d = {distance:g} 处惩罚与差值之比，1/p"
        )
        results.append(equals(sentence, share, 1 / settings.p, 0.005))
    return results


EXPERIMENT = Experiment(
    source="Gulrajani et al. (2017); Wu et al. (2018), theorem 1 and table 1",
    uses=("divergence wasserstein", "penalty gradient_penalty", "penalty divergence_penalty"),
    settings=(
        Setting("distance", 1.0, Text("distance d of the points", "两点的距离 d"), low=0.1, high=3, frames=True),
        Setting(
            "weight", 1.0, Text("lambda, the weight of the gradient penalty", "λ，梯度惩罚的权重"), low=0.1, high=10
        ),
        Setting("k", 2.0, Text("k, the weight of the divergence penalty", "k，散度惩罚的权重"), low=0.5, high=8),
        Setting("p", 6.0, Text("p, its power", "p，散度惩罚的幂次"), low=2, high=8),
        Setting("moves", 800, Text("moves of the critic", "判别器更新次数"), low=5, high=5000, full=3000),
    ),
    play=play,
    claims=claims,
    answer=Text(
        "The gradient penalty pulls gradient norms to one at the cost of a little error, which is a formula: one plus d over "
        "two lambda. WGAN-div never asks for norm one; it trades the gap against the sixth power of the norm, so the norm "
        "itself grows with distance. Its number is a divergence of its own, and must not be read as a distance.",
        "梯度惩罚把梯度范数拉向一，并为此付出一点误差，这误差有公式：一加 d 除以 2λ。WGAN-div 从不要求范数为一；它用差值去换范数的六次方，所以范数本身随距离增大。它的数是它自己的散度，不能当作距离来读。",
    ),
)
