"""What the best discriminator knows: the logarithm of how much likelier data is than model."""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from ...drawing import Axis, Figure, Line, Panel, Rule, Text
from ...networks import CRITICS
from ...terms.divergences import DIVERGENCES
from ...toys.critics import Network, fit_lbfgs, grid, integral
from ...toys.mixtures import Mixture, divergence_between, form
from ...training.optimizers import OPTIMIZERS
from ..experiment import Claim, Experiment, Frame, Numbers, Played, Setting, Settings, Watch, above, below, equals

_DISTANCES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
_X = grid(1601, -10.0, 12.0)
_ACCEPTED = 60.0  # a score so high that its side of the loss is 0
_STEPS = 100  # of the panel of training
_PEAKS = Mixture((0.5, 0.5), (-1.5, 1.5), (0.6, 0.6))
_NORMAL = Mixture((1.0,), (0.0,), (1.0,))


def linear() -> nn.Module:
    """The critic slope x + intercept: (N, 1) to (N,)."""
    zero = torch.zeros((), dtype=torch.float64)
    return Network(lambda net, x: net.slope * x[:, 0] + net.intercept, slope=zero, intercept=zero.clone())


def population_loss(critic: Callable[[Tensor], Tensor], p: Mixture, q: Mixture) -> Tensor:
    """The mean loss of the first GAN's critic with data p and model q, by quadrature: ()."""
    divergence, scores = DIVERGENCES["minimax"](), critic(_X[:, None])
    high = torch.full_like(scores, _ACCEPTED)
    real, fake = divergence.critic(scores, -high), divergence.critic(high, scores)
    return integral(p.log_density(_X).exp() * real + q.log_density(_X).exp() * fake, _X)


def probability(critic: Callable[[Tensor], Tensor]) -> Tensor:
    """D(x) on the grid."""
    with torch.no_grad():
        return critic(_X[:, None]).sigmoid()


def optimum(p: Mixture, q: Mixture) -> Tensor:
    """p / (p + q) on the grid."""
    return (p.log_density(_X) - q.log_density(_X)).sigmoid()


def deviation(critic: Callable[[Tensor], Tensor], p: Mixture, q: Mixture) -> float:
    """The largest distance of D from p / (p + q) where there is data or model."""
    dense = (p.log_density(_X).exp() + q.log_density(_X).exp()) > 0.02
    return float((probability(critic) - optimum(p, q)).abs()[dense].max())


def play(settings: Settings, watch: Watch) -> Played:
    """Linear critics at several distances, one from samples, and two critics of a mixture."""
    distances = sorted({*_DISTANCES, settings.distance})
    numbers: dict[str, list[float]] = {
        "distances": distances,
        "slope": [],
        "intercept": [],
        "value": [],
        "twice jsd": [],
    }
    critics = dict[float, nn.Module]()
    for place, distance in enumerate(distances):
        q = Mixture((1.0,), (distance,), (1.0,))
        critics[distance] = critic = linear()
        fit_lbfgs(critic.parameters(), partial(population_loss, critic, _NORMAL, q), settings.moves)
        with torch.no_grad():
            numbers["value"].append(-float(population_loss(critic, _NORMAL, q)))
            numbers["twice jsd"].append(
                float(divergence_between(form("jensen_shannon").f, _NORMAL.log_density(_X), q.log_density(_X), _X))
            )
        for name, weight in critic.named_parameters():
            numbers[name].append(float(weight.detach()))
        watch(place + 1, len(distances) + 2)
    numbers["from samples"] = _from_samples(settings)
    numbers["cross entropy"] = [_cross_entropy_error()]
    numbers["mixture"] = []
    peaks = CRITICS["dense"]((1,), 1, 0, width=32, depth=2, activation="tanh").double()
    for critic in (linear(), peaks):
        fit_lbfgs(critic.parameters(), partial(population_loss, critic, _PEAKS, _NORMAL), 3 * settings.moves)
        numbers["mixture"].append(deviation(critic, _PEAKS, _NORMAL))
    watch(1, 1)
    frames = [Frame(d, _figure(settings, numbers, critics[d], peaks, d)) for d in distances]
    return Played(numbers, frames, distances.index(settings.distance))


def _from_samples(settings: Settings) -> list[float]:
    """Slope and intercept of a critic that sees samples only."""
    real = torch.randn(settings.samples, 1, dtype=torch.float64)
    fake = torch.randn(settings.samples, 1, dtype=torch.float64) + settings.distance
    critic, divergence = linear(), DIVERGENCES["minimax"]()
    fit_lbfgs(critic.parameters(), lambda: divergence.critic(critic(real), critic(fake)).mean(), settings.moves)
    return [float(weight.detach()) for weight in critic.parameters()]


def _cross_entropy_error() -> float:
    """The difference between the catalogue's loss and PyTorch's binary cross entropy, at random scores."""
    real, fake = 5 * torch.randn(2, 1000, dtype=torch.float64)
    other = cross_entropy(real, torch.ones_like(real), reduction="none") + cross_entropy(
        fake, torch.zeros_like(fake), reduction="none"
    )
    return float((DIVERGENCES["minimax"]().critic(real, fake) - other).abs().max())


def _training(distance: float) -> list[float]:
    """The value of the game over steps of Adam."""
    critic, q, values = linear(), Mixture((1.0,), (distance,), (1.0,)), list[float]()
    optimizer = OPTIMIZERS["adam"](list(critic.parameters()), lr=0.1)
    for _ in range(_STEPS):
        optimizer.zero_grad()
        loss = population_loss(critic, _NORMAL, q)
        loss.backward()
        optimizer.step()
        values.append(-float(loss.detach()))
    return values


def _figure(settings: Settings, numbers: Numbers, critic: nn.Module, peaks: nn.Module, distance: float) -> Figure:
    some = slice(320, 1320, 12)  # from -5.6 to 8
    x, q = _X[some].tolist(), Mixture((1.0,), (distance,), (1.0,))
    at = numbers["distances"].index(distance)
    axis = Axis(Text("x", "x"))
    first = Panel(
        Text(
            f"Score = {numbers['intercept'][at]:.3f} {numbers['slope'][at]:+.3f} x",
            f"得分 = {numbers['intercept'][at]:.3f} {numbers['slope'][at]:+.3f} x",
        ),
        axis,
        Axis(Text("density, and D between 0 and 1", "密度，以及 0 到 1 之间的 D"), low=0, high=1),
        [
            Line(x, _NORMAL.log_density(_X)[some].exp().tolist(), Text("data", "数据"), "real"),
            Line(x, q.log_density(_X)[some].exp().tolist(), Text("model", "模型"), "fake"),
            Line(x, probability(critic)[some].tolist(), Text("D, linear critic", "D，线性判别器"), "critic"),
            Line(x, optimum(_NORMAL, q)[some].tolist(), Text("p / (p + q)", "p / (p + q)"), "theory"),
        ],
    )
    best = numbers["twice jsd"][at] - math.log(4)
    second = Panel(
        Text(f"Its value rises to {best:.4f}", f"博弈的值升到 {best:.4f}"),
        Axis(Text("step of Adam", "Adam 步数")),
        Axis(Text("value of the game, nats", "博弈的值（奈特）")),
        [
            Line(list(range(_STEPS)), _training(distance), Text("value", "值"), "critic"),
            Rule(best, Text("2 JSD - log 4", "2 JSD − log 4")),
        ],
    )
    wide = slice(500, 960, 6)
    third = Panel(
        Text(
            f"A mixture needs more than a line: {numbers['mixture'][0]:.2f} off",
            f"混合分布需要的不只是直线：偏差 {numbers['mixture'][0]:.2f}",
        ),
        axis,
        Axis(Text("density, and D between 0 and 1", "密度，以及 0 到 1 之间的 D"), low=0, high=1),
        [
            Line(_X[wide].tolist(), _PEAKS.log_density(_X)[wide].exp().tolist(), Text("data", "数据"), "real"),
            Line(_X[wide].tolist(), _NORMAL.log_density(_X)[wide].exp().tolist(), Text("model", "模型"), "fake"),
            Line(
                _X[wide].tolist(),
                probability(peaks)[wide].tolist(),
                Text("D, two hidden layers", "D，两个隐藏层"),
                "critic",
            ),
            Line(
                _X[wide].tolist(), optimum(_PEAKS, _NORMAL)[wide].tolist(), Text("p / (p + q)", "p / (p + q)"), "theory"
            ),
        ],
    )
    title = Text(f"Data N(0, 1), model N({distance:g}, 1)", f"数据 N(0, 1)，模型 N({distance:g}, 1)")
    return Figure(title, (first, second, third))


def claims(settings: Settings, numbers: Numbers) -> list[Claim]:
    """Slope, intercept and value at the distance, from densities and from samples; a line does not do for a mixture."""
    m, at = settings.distance, numbers["distances"].index(settings.distance)
    same = numbers["distances"].index(0.0)
    wide = 0.05 * max(1.0, 20_000 / settings.samples) ** 0.5 * (1 + m) / 2
    slope, intercept = numbers["from samples"]
    return [
        equals(Text("Coefficient of x in the score, -m", "得分的斜率，−m"), numbers["slope"][at], -m, 1e-4),
        equals(Text("Intercept, m^2/2", "截距，m²/2"), numbers["intercept"][at], m * m / 2, 1e-4),
        equals(
            Text("Value at the optimum, 2 JSD - log 4", "最优时的值，2 JSD − log 4"),
            numbers["value"][at],
            numbers["twice jsd"][at] - math.log(4),
            1e-5,
        ),
        equals(
            Text("Value where model equals data, -log 4", "模型等于数据时的值，−log 4"),
            numbers["value"][same],
            -math.log(4),
            1e-5,
        ),
        equals(
            Text("Score there, so that D = 1/2 everywhere", "此时的得分，于是处处 D = 1/2"),
            abs(numbers["slope"][same]) + abs(numbers["intercept"][same]),
            0,
            4e-3,
        ),
        equals(
            Text(f"The coefficient from {settings.samples:,} samples", f"由 {settings.samples:,} 个样本得到的斜率"),
            slope,
            -m,
            wide,
        ),
        equals(
            Text(f"Intercept from {settings.samples:,} samples", f"由 {settings.samples:,} 个样本得到的截距"),
            intercept,
            m * m / 2,
            wide,
        ),
        below(
            Text("Our loss minus binary cross entropy", "我们的损失与二元交叉熵之差"),
            numbers["cross entropy"][0],
            1e-12,
        ),
        above(Text("Mixture: a linear critic is off by", "混合分布：线性判别器的偏差"), numbers["mixture"][0], 0.1),
        below(Text("Mixture: two hidden layers are off by", "混合分布：两个隐藏层的偏差"), numbers["mixture"][1], 0.02),
    ]


EXPERIMENT = Experiment(
    source="Goodfellow et al. (2014), proposition 1 and theorem 1",
    uses=("divergence minimax", "divergence jensen_shannon", "critic dense", "optimizer adam"),
    settings=(
        Setting(
            "distance", 1.0, Text("distance m of model and data", "模型与数据的距离 m"), low=0, high=3, frames=True
        ),
        Setting("samples", 20_000, Text("samples of each side", "每一方的样本数"), low=200, high=200_000),
        Setting("moves", 60, Text("steps of L-BFGS", "L-BFGS 步数"), low=5, high=500),
    ),
    play=play,
    claims=claims,
    answer=Text(
        "A discriminator is a logistic regression between real and fake: its score is the logarithm of how much more often a "
        "point is real than fake. When generator and data agree it can only say one half, everywhere. Its best value is twice "
        "the Jensen-Shannon divergence minus log 4, which is why training it well means measuring that divergence.",
        "判别器就是真假样本之间的逻辑回归：它的得分，是“这个点作为真样本比作为假样本常见多少倍”的对数。当生成分布与真实分布一致时，它处处只能回答二分之一。它的最优值等于两倍 JS 散度减去 log 4，所以把它训练好，就等于在测量这个散度。",
    ),
)
