"""Whether generator and data ever overlap: thin sets in a large space, and what noise changes."""

import math

import torch
from torch import Tensor, nn

from ...drawing import Axis, Figure, Line, Mark, Panel, Points, Role, Rule, Text
from ...networks import GENERATORS
from ...terms.divergences import DIVERGENCES
from ...toys.critics import TanhCritic, fit_lbfgs, grid, integral
from ...toys.mixtures import divergence_between, form, log_normal
from ..experiment import Claim, Experiment, Frame, Numbers, Played, Setting, Settings, Watch, below, equals

_EPSILONS = (0.02, 0.04, 0.08, 0.16)
_RATIOS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)  # distance over the std of the noise
_DIMENSIONS: tuple[tuple[int, Role], ...] = ((2, "a"), (3, "b"))
_WAVES, _POINTS, _RELATIVE = 3, 400, 1e-3
_ACCEPTED = 60.0
_X = grid(1201, -12.0, 20.0)


def curve(dimension: int) -> Tensor:
    """A random closed curve on the unit torus: (points, dimension)."""
    t = torch.arange(_POINTS, dtype=torch.float64)[:, None] / _POINTS
    waves = torch.arange(1, _WAVES + 1, dtype=torch.float64)
    phases, heights = torch.rand(2, dimension, _WAVES, dtype=torch.float64)
    turns = 2 * math.pi * (t[:, :, None] * waves + phases)
    return (torch.rand(dimension, dtype=torch.float64) + (0.3 * heights / waves * turns.sin()).sum(dim=-1)) % 1


def torus_distances(x: Tensor, y: Tensor) -> Tensor:
    """Distances on the unit torus of points (N, D) and (M, D): (N, M)."""
    difference = (x[:, None] - y[None]).abs()
    return torch.minimum(difference, 1 - difference).square().sum(dim=-1).sqrt()


def length(x: Tensor) -> float:
    """Of a closed curve on the torus."""
    step = (x - x.roll(1, dims=0)).abs()
    return float(torch.minimum(step, 1 - step).square().sum(dim=1).sqrt().sum())


def ball(dimension: int, radius: float) -> float:
    """The volume of a ball."""
    return math.pi ** (dimension / 2) / math.gamma(dimension / 2 + 1) * radius**dimension


def rank(latent: int, settings: Settings) -> tuple[Tensor, int, int]:
    """Singular values of the Jacobian of a generator into 784 pixels, its rank, and those above a thousandth."""
    options = {"width": settings.width, "depth": settings.depth, "norm": "none"}
    generator = GENERATORS["dense"]((1, 28, 28), latent, 0, nn.Tanh(), **options).double().eval()
    z = torch.randn(latent, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda z: generator(z[None]).flatten(), z)
    values = torch.linalg.svdvals(jacobian)
    exact = int((values > 1e-12 * values[0]).sum())
    return values, exact, int((values > _RELATIVE * values[0]).sum())


def jsd(ratio: float) -> float:
    """JSD of N(0, 1) and N(ratio, 1), by quadrature."""
    log_p, log_q = log_normal(_X, 0.0, 1.0), log_normal(_X, ratio, 1.0)
    return float(divergence_between(form("jensen_shannon").f, log_p, log_q, _X)) / 2


def estimate(ratio: float) -> float:
    """The same as a trained critic estimates it."""
    log_p, log_q = log_normal(_X, 0.0, 1.0), log_normal(_X, ratio, 1.0)
    divergence, critic = DIVERGENCES["minimax"](), TanhCritic()

    def loss() -> Tensor:
        scores = critic(_X)
        high = torch.full_like(scores, _ACCEPTED)
        real, fake = divergence.critic(scores, -high), divergence.critic(high, scores)
        return integral(log_p.exp() * real + log_q.exp() * fake, _X)

    fit_lbfgs(critic.parameters(), loss, 40)
    assert divergence.estimate is not None
    return divergence.estimate(float(loss().detach()))


def play(settings: Settings, watch: Watch) -> Played:
    """Tubes around random curves, Jacobians of a generator, and the divergence between noisy points."""
    epsilons = sorted({*_EPSILONS, settings.epsilon})
    total = settings.pairs * len(_DIMENSIONS) + 10
    shares = {dimension: torch.zeros(len(epsilons)) for dimension, _ in _DIMENSIONS}
    theories = {dimension: torch.zeros(len(epsilons)) for dimension, _ in _DIMENSIONS}
    example = torch.zeros(0)
    for dimension, _ in _DIMENSIONS:
        for pair in range(settings.pairs):
            one, other = curve(dimension), curve(dimension)
            nearest = torus_distances(one, other).min(dim=1).values
            for at, epsilon in enumerate(epsilons):
                shares[dimension][at] += float((nearest <= epsilon).double().mean()) / settings.pairs
                theories[dimension][at] += ball(dimension - 1, epsilon) * length(other) / settings.pairs
            if dimension == 2 and pair == 0:
                example = torch.cat([one, other], dim=1)
            watch(pair + 1, total)
    numbers: dict[str, list[float]] = {"epsilons": epsilons}
    for dimension, _ in _DIMENSIONS:
        numbers |= {
            f"share {dimension}": shares[dimension].tolist(),
            f"theory {dimension}": theories[dimension].tolist(),
        }
    values, exact, numeric = rank(settings.latent, settings)
    numbers |= {"singular values": (values / values[0])[: settings.latent].tolist(), "rank": [exact, numeric]}
    numbers |= {"jsd": list(map(jsd, _RATIOS)), "jsd of a critic": list(map(estimate, _RATIOS))}
    watch(1, 1)
    frames = [Frame(epsilon, _figure(settings, numbers, example, epsilon)) for epsilon in epsilons]
    return Played(numbers, frames, epsilons.index(settings.epsilon))


def _figure(settings: Settings, numbers: Numbers, example: Tensor, epsilon: float) -> Figure:
    one, other = example[:, :2], example[:, 2:]
    close = torus_distances(one, other).min(dim=1).values <= epsilon
    some = slice(None, None, 5)
    curves = Panel(
        Text(
            f"{float(close.double().mean()):.1%} of one lies within {epsilon:g} of the other",
            f"一条有 {float(close.double().mean()):.1%} 离另一条不到 {epsilon:g}",
        ),
        Axis(Text("first coordinate", "第一个坐标"), low=0, high=1),
        Axis(Text("second coordinate", "第二个坐标"), low=0, high=1),
        [
            Points(other[some, 0].tolist(), other[some, 1].tolist(), Text("data", "数据"), "real"),
            Points(one[some, 0].tolist(), one[some, 1].tolist(), Text("model", "模型"), "generator"),
            Points(
                one[close][some, 0].tolist(), one[close][some, 1].tolist(), Text("within epsilon", "在 ε 之内"), "fake"
            ),
        ],
        aspect=1.0,
    )
    return Figure(
        Text("Thin sets in a large space", "大空间里的薄集合"),
        (curves, _tubes(numbers, epsilon), _spectrum(settings, numbers), _noise(numbers)),
    )


def _tubes(numbers: Numbers, epsilon: float) -> Panel:
    marks: list[Mark] = []
    for dimension, role in _DIMENSIONS:
        marks += [
            Line(numbers["epsilons"], numbers[f"theory {dimension}"], Text("formula", "公式"), "theory"),
            Points(
                numbers["epsilons"], numbers[f"share {dimension}"], Text(f"d = {dimension}", f"d = {dimension}"), role
            ),
        ]
    return Panel(
        Text("The share falls with epsilon^(d - 1)", "占比按 ε^(d − 1) 下降"),
        Axis(Text("epsilon", "ε"), "log"),
        Axis(Text("share of one within epsilon of the other", "一条落在另一条 ε 之内的占比"), "log"),
        [*marks, Rule(epsilon, Text("this epsilon", "当前 ε"), "x")],
    )


def _spectrum(settings: Settings, numbers: Numbers) -> Panel:
    values, (_, numeric) = numbers["singular values"], numbers["rank"]
    step = max(len(values) // 100, 1)
    return Panel(
        Text(
            f"{settings.latent} latents, {numeric:.0f} directions", f"{settings.latent} 个隐变量，{numeric:.0f} 个方向"
        ),
        Axis(Text("place", "序号")),
        Axis(Text("singular value over the largest", "奇异值与最大者之比"), "log"),
        [
            Line(
                [float(i + 1) for i in range(len(values))][::step],
                [max(v, 1e-9) for v in values[::step]],
                Text("of dG/dz", "dG/dz 的奇异值"),
                "generator",
            ),
            Rule(_RELATIVE, Text("a thousandth", "千分之一")),
        ],
    )


def _noise(numbers: Numbers) -> Panel:
    fine = [_RATIOS[0] * 2 ** (i / 6) for i in range(31)]
    return Panel(
        Text("Noise makes JSD speak again", "加上噪声，JSD 重新开口"),
        Axis(Text("distance over the std of the noise", "距离与噪声标准差之比"), "log"),
        Axis(Text("JSD, nats", "JSD（奈特）")),
        [
            Line(fine, [jsd(ratio) for ratio in fine], Text("exact", "精确值"), "theory"),
            Points(list(_RATIOS), numbers["jsd of a critic"], Text("trained critic", "训练的判别器"), "critic"),
            Rule(math.log(2), Text("log 2: nothing in common", "log 2：毫无重叠")),
        ],
    )


def claims(settings: Settings, numbers: Numbers) -> list[Claim]:
    """The exponent of the tubes, the rank of the generator, and the divergence of noisy points."""
    results = list[Claim]()
    for dimension, _ in _DIMENSIONS if settings.pairs >= 200 else ():
        share, theory = numbers[f"share {dimension}"], numbers[f"theory {dimension}"]
        x = [math.log(each) for each in numbers["epsilons"]]
        y = [math.log(max(each, 1e-12)) for each in share]
        results.append(
            equals(
                Text(f"d = {dimension}: exponent of the share, d - 1", f"d = {dimension}：占比的指数，d − 1"),
                _slope(x, y),
                dimension - 1,
                {2: 0.25, 3: 0.35}[dimension],  # ten seeds: .89 ± .04, 1.88 ± .07
            )
        )
        small = numbers["epsilons"].index(min(_EPSILONS))
        results.append(
            equals(
                Text(
                    f"d = {dimension}: share at epsilon {min(_EPSILONS)} over the formula",
                    f"d = {dimension}：ε = {min(_EPSILONS)} 处占比与公式之比",
                ),
                share[small] / theory[small],
                1,
                {2: 0.37, 3: 0.62}[dimension],  # ten seeds: .93 ± .10, 1.07 ± .18
            )
        )
    exact, numeric = numbers["rank"]
    results.append(
        below(
            Text("Rank of the generator's Jacobian, at most dim z", "生成器雅可比矩阵的秩，至多 dim z"),
            exact,
            settings.latent,
        )
    )
    if settings.latent == 100 and (settings.width, settings.depth) == (128, 3):
        results.append(
            below(Text("Singular values above a thousandth of the first", "大于最大奇异值千分之一的个数"), numeric, 70)
        )
    for ratio, exact, trained in zip(_RATIOS, numbers["jsd"], numbers["jsd of a critic"], strict=True):
        results.append(
            equals(
                Text(
                    f"JSD at distance {ratio:g} std, by a trained critic",
                    f"距离为 {ratio:g} 倍标准差时的 JSD（训练的判别器）",
                ),
                trained,
                exact,
                1e-4,
            )
        )
    return results


def _slope(x: list[float], y: list[float]) -> float:
    """Of the least-squares line."""
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    products = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return products / sum((a - mean_x) ** 2 for a in x)


EXPERIMENT = Experiment(
    source="Arjovsky and Bottou (2017), lemmas 1 to 3, theorems 2.1 and 2.2, section 3; Narayanan and Mitter (2010)",
    uses=("generator dense", "divergence minimax", "divergence jensen_shannon"),
    settings=(
        Setting(
            "epsilon",
            0.04,
            Text("epsilon, how near counts as overlap", "ε，多近算作重叠"),
            low=0.01,
            high=0.2,
            frames=True,
        ),
        Setting("latent", 100, Text("dimension of z", "z 的维数"), low=2, high=100),
        Setting("width", 128, Text("width of the generator", "生成器的宽度"), low=8, high=256),
        Setting("depth", 3, Text("hidden layers of the generator", "生成器的隐藏层数"), low=1, high=6),
        Setting("pairs", 200, Text("pairs of random curves", "随机曲线的对数"), low=5, high=5000, full=2000),
    ),
    play=play,
    claims=claims,
    answer=Text(
        "A network cannot make more dimensions than it is given: 100 numbers trace at most a 100-dimensional surface among 784 "
        "pixels, with 128 hidden units a thinner one. Two such surfaces, like two threads in a room, meet almost nowhere, and a perfect "
        "discriminator exists. Noise makes threads into clouds that overlap, and the divergence begins to speak again, at the "
        "cost of blur.",
        "网络造不出比输入更多的维度：100 个随机数在 784 个像素里至多描出一张 100 维的薄片，隐藏层为 128 个单元时更薄。两张这样的薄片就像房间里的两根线，几乎处处不相遇，于是完美的判别器必然存在。加上噪声，线变成互相重叠的云，散度重新开口说话，代价是模糊。",
    ),
)
