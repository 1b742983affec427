"""How a gradient passes through a draw, and what the other way costs."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from ...core.posteriors import Gaussian
from ...drawing import Axis, Figure, Line, Mark, Panel, Points, Role, Text
from ..experiment import Claim, Experiment, Frame, Numbers, Played, Setting, Settings, Watch, equals

WAYS: tuple[tuple[str, Text, Role], ...] = (
    ("reparametrized", Text("reparametrized", "重参数化"), "generator"),
    ("score function", Text("score function", "得分函数"), "critic"),
    ("with baseline", Text("score function, mean baseline", "得分函数，均值基线"), "c"),
)
DIMENSIONS = (1, 2, 5, 20, 50)
_CHUNK, _CLOUD, _STEPS = 20_000, 150, 120
_DIMENSION = Axis(Text("dimension d", "维数 d"), "log")
_VARIANCE = Axis(Text("variance of one coordinate", "每个坐标的方差"), "log")


def gradients(mu: float, sigma: float, d: int, draws: int) -> dict[str, Tensor]:
    """Single-draw estimates of the gradient of E|z|^2 in the mean of z ~ N(mu, sigma^2 I): (draws, d) of each way."""
    mean = torch.full((draws, d), mu, dtype=torch.float64, requires_grad=True)
    q = Gaussian(mean, torch.full((draws, d), 2 * math.log(sigma), dtype=torch.float64))
    z = q.draw()
    f = z.square().sum(dim=1)
    through_z = torch.autograd.grad(f.sum(), mean, retain_graph=True)[0]
    of_density = torch.autograd.grad(q.log_density(z.detach()).sum(), mean)[0]
    f = f.detach()[:, None]
    baseline = d * (mu**2 + sigma**2)
    estimates = (through_z, f * of_density, (f - baseline) * of_density)
    return {name: each.detach() for (name, _, _), each in zip(WAYS, estimates, strict=True)}


def variance(way: str, mu: float, s: float, d: int) -> float:
    """The variance of one coordinate of an estimate, in closed form."""
    if way == "reparametrized":
        return 4 * s**2
    square, rest = mu**2 + s**2, d - 1  # E z_j^2, and the number of other coordinates
    fourth = mu**4 + 6 * mu**2 * s**2 + 3 * s**4  # E z_j^4
    own = mu**4 + 18 * mu**2 * s**2 + 15 * s**4  # E z_i^4 e_i^2
    once = mu**2 + 3 * s**2 + rest * square  # E f e_i^2
    twice = own + 2 * (mu**2 + 3 * s**2) * rest * square + rest * fourth + rest * (rest - 1) * square**2  # E f^2 e_i^2
    b = d * square if way == "with baseline" else 0.0
    return (twice - 2 * b * once + b**2) / s**2 - 4 * mu**2


def play(settings: Settings, watch: Watch) -> Played:
    """Variances over the dimension, a cloud of gradients at each, and descents with one draw a step."""
    dimensions = sorted({*DIMENSIONS, settings.d})
    numbers, clouds = dict[str, list[float]](), dict[int, dict[str, Tensor]]()
    for place, d in enumerate(dimensions):
        for name, (mean, spread) in _moments(settings, d).items():
            numbers.setdefault(f"mean {name}", []).append(mean)
            numbers.setdefault(f"variance {name}", []).append(spread)
        clouds[d] = gradients(settings.mu, settings.sigma, max(d, 2), _CLOUD)
        watch(place + 1, len(dimensions) + 1)
    numbers["dimensions"] = [float(d) for d in dimensions]
    middle = _over_dimensions(settings, numbers)
    frames = [Frame(d, _figure(settings, d, clouds[d], middle)) for d in dimensions]
    watch(1, 1)
    return Played(numbers, frames, dimensions.index(settings.d))


def _moments(settings: Settings, d: int) -> dict[str, tuple[float, float]]:
    """Mean and variance of one coordinate of each estimate, over all draws and coordinates."""
    sums = dict[str, Tensor]()
    chunks = [min(_CHUNK, settings.draws - start) for start in range(0, settings.draws, _CHUNK)]
    for count in chunks:
        for name, x in gradients(settings.mu, settings.sigma, d, count).items():
            sums[name] = sums.get(name, 0) + torch.stack([x.mean(dim=1).sum(), x.square().mean(dim=1).sum()])
    means = {name: (sums[name] / settings.draws).tolist() for name in sums}
    return {name: (first, second - first**2) for name, (first, second) in means.items()}


def _over_dimensions(settings: Settings, numbers: Numbers) -> Panel:
    fine = [math.exp(0.04 * i) for i in range(1 + round(math.log(50) / 0.04))]
    marks = list[Mark]()
    for name, text, role in WAYS:
        theory = [variance(name, settings.mu, settings.sigma, d) for d in fine]  # type: ignore[arg-type]
        marks += [
            Line(fine, theory, Text("formula", "公式"), "theory"),
            Points(numbers["dimensions"], numbers[f"variance {name}"], text, role),
        ]
    title = Text("Only one variance does not grow", "只有一种方差不增长")
    return Panel(title, _DIMENSION, _VARIANCE, marks)


def _figure(settings: Settings, d: int, cloud: dict[str, Tensor], middle: Panel) -> Figure:
    points = [
        Points(cloud[name][:, 0].tolist(), cloud[name][:, 1].tolist(), text, role)
        for name, text, role in reversed(WAYS)
    ]
    ratio = variance("score function", settings.mu, settings.sigma, d) / variance(
        "reparametrized", settings.mu, settings.sigma, d
    )
    first = Panel(
        Text(f"Single gradients at d = {d}", f"d = {d} 时的单次梯度"),
        Axis(Text("first coordinate", "第一个坐标")),
        Axis(Text("second coordinate", "第二个坐标")),
        points,
        equal=True,
        aspect=1.0,
    )
    last = Panel(
        Text("Descent with one draw a step, held at 1,000", "每步只抽一次的下降（坐标限于 1,000）"),
        Axis(Text("step", "步")),
        Axis(Text("distance of the mean from the optimum", "均值到最优点的距离"), "log"),
        list(_descents(d)),
    )
    note = Text(
        f"At d = {d}, one reparametrized draw is worth {ratio:,.0f} of the score function.",
        f"d = {d} 时，一次重参数化的抽样抵得上得分函数的 {ratio:,.0f} 次。",
    )
    return Figure(Text("Variance of a gradient through a draw", "穿过采样的梯度的方差"), (first, middle, last), note)


def _descents(d: int, rate: float = 0.02) -> Iterator[Line]:
    """The distance of the mean from 0 while it follows single estimates, from 1 in every coordinate."""
    for name, text, role in WAYS:
        mu, distances = torch.ones(d, dtype=torch.float64), list[float]()
        for _ in range(_STEPS):
            distances.append(float(mu.norm()))
            z = mu + torch.randn(d, dtype=torch.float64)
            f, noise = z.square().sum(), z - mu
            baseline = mu.square().sum() + d if name == "with baseline" else 0.0
            gradient = 2 * z if name == "reparametrized" else (f - baseline) * noise
            mu = (mu - rate * gradient).clamp(-1e3, 1e3)
        yield Line(list(range(_STEPS)), distances, text, role)


def claims(settings: Settings, numbers: Numbers) -> list[Claim]:
    """Each estimate is unbiased, and its variance is the formula's."""
    results = list[Claim]()
    wide = max(1.0, 200_000 / settings.draws) ** 0.5
    for place, d in enumerate(int(d) for d in numbers["dimensions"]):
        for name, text, _ in WAYS:
            theory = variance(name, settings.mu, settings.sigma, d)
            tolerance = (0.1 if d > 20 else 0.05) * wide
            sentence = Text(
                f"Variance of the {name} gradient, d = {d}"
                if name != "with baseline"
                else f"The same with a mean baseline, d = {d}",
                f"{text.zh}梯度的方差，d = {d}",
            )
            results.append(equals(sentence, numbers[f"variance {name}"][place], theory, tolerance * theory))
    for name, text, _ in WAYS:
        error = 6 * (variance(name, settings.mu, settings.sigma, 1) / settings.draws) ** 0.5
        sentence = Text(
            f"Mean of the {name} gradient, d = 1".replace(
                "the with baseline gradient", "the gradient with a mean baseline"
            ),
            f"{text.zh}梯度的均值，d = 1",
        )
        results.append(equals(sentence, numbers[f"mean {name}"][0], 2 * settings.mu, error))
    return results


EXPERIMENT = Experiment(
    source="Kingma and Welling (2014), section 2.4; Rezende et al. (2014); Williams (1992)",
    uses=(),
    settings=(
        Setting("d", 20, Text("dimension of z", "z 的维数"), low=1, high=200, frames=True),
        Setting("mu", 0.0, Text("mean of z, in every coordinate", "z 的均值（每个坐标）"), low=-3, high=3),
        Setting("sigma", 1.0, Text("standard deviation of z", "z 的标准差"), low=0.1, high=3),
        Setting("draws", 200_000, Text("number of draws", "抽样次数"), low=1000, high=2_000_000, full=1_000_000),
    ),
    play=play,
    claims=claims,
    answer=Text(
        "Drawing z from N(mu, sigma) is the same as drawing noise first and computing mu + sigma times noise; then z "
        "has a derivative. The score function needs no derivative of f, but its variance grows with the square of the "
        "dimension. At fifty dimensions one reparametrized draw is worth seven hundred of the other.",
        "从 N(μ,σ) 里抽 z，等于先抽噪声，再算 μ 加 σ 乘噪声；这样 z 就有了导数。得分函数法不需要 f 的导数，但它的方差随"
        "维数的平方增长。到五十维，一次重参数化的抽样抵得上另一种的七百次。",
    ),
)
