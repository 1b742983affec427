"""Why the Jensen-Shannon divergence is blind to distance: data on a line, the model on a parallel one."""

import math

import torch

from ...core.types import Critic
from ...drawing import Axis, Figure, Line, Mark, Panel, Points, Rule, Text
from ...evaluation.metrics.wasserstein import wasserstein_distance
from ...terms.divergences import DIVERGENCES
from ...terms.penalties import PENALTIES
from ...toys.disjoint_supports import critic_between_lines, parallel_lines, wgan_gp_critic_between_lines
from ..experiment import Claim, Experiment, Frame, Numbers, Played, Setting, Settings, Watch, above, below, equals

_THETAS = (-1.0, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1.0)
_BLIND = (0.1, 0.5, 1.0)  # distances at which critics of divergences are trained
_LOSSES = ("minimax", "non_saturating")


def estimate(name: str, critic: Critic, theta: float) -> float:
    """What the loss of a trained critic says of the divergence."""
    divergence, (real, fake) = DIVERGENCES[name](), parallel_lines(theta)
    assert divergence.estimate is not None
    with torch.no_grad():
        return divergence.estimate(float(divergence.critic(critic(real), critic(fake)).mean()))


def pull(name: str, critic: Critic, theta: float) -> float:
    """The derivative by theta of the generator's loss."""
    shift = torch.tensor(theta, dtype=torch.float64, requires_grad=True)
    real, _ = parallel_lines(theta)
    fake = real + torch.stack([shift, torch.zeros_like(shift)])
    loss = DIVERGENCES[name]().generator(critic(real), critic(fake)).mean()
    return float(torch.autograd.grad(loss, shift)[0])


def gap(critic: Critic, theta: float) -> float:
    """Mean real score minus mean fake score."""
    real, fake = parallel_lines(theta)
    with torch.no_grad():
        return float(critic(real).mean() - critic(fake).mean())


def play(settings: Settings, watch: Watch) -> Played:
    """Critics of three kinds along theta: minimax, KL, and Wasserstein with a gradient penalty."""
    penalty = PENALTIES["gradient_penalty"](weight=settings.weight)
    thetas = sorted({*_THETAS, settings.theta})
    total = len(thetas) + len(_BLIND) + 2
    numbers: dict[str, list[float]] = {"thetas": thetas, "gap": [], "pull": [], "W": []}
    lipschitz = dict[float, Critic]()
    for place, theta in enumerate(thetas):
        lipschitz[theta] = critic = wgan_gp_critic_between_lines(theta, penalty, settings.moves)
        numbers["gap"].append(gap(critic, theta))
        numbers["pull"].append(pull("wasserstein", critic, theta))
        numbers["W"].append(wasserstein_distance(*parallel_lines(theta)))
        watch(place + 1, total)
    numbers["blind"] = sorted({*_BLIND, abs(settings.theta)} - {0.0})
    numbers["jsd"], numbers["tv"], numbers["kl"] = [], [], []
    own = critic_between_lines("minimax", settings.theta, settings.moves)
    for place, theta in enumerate(numbers["blind"]):
        for key, name in (("jsd", "minimax"), ("tv", "total_variation"), ("kl", "kl")):
            critic = critic_between_lines(name, theta, settings.moves)
            numbers[key].append(estimate(name, critic, theta))
        watch(len(thetas) + place + 1, total)
    numbers["pulls"] = [pull(name, own, settings.theta) for name in _LOSSES]
    numbers["own jsd"] = [estimate("minimax", own, settings.theta)]
    frames = [Frame(theta, _figure(settings, numbers, own, lipschitz[theta], theta)) for theta in thetas]
    return Played(numbers, frames, thetas.index(settings.theta))


def _figure(settings: Settings, numbers: Numbers, own: Critic, critic: Critic, theta: float) -> Figure:
    real, fake = parallel_lines(theta, 21)
    lines = Panel(
        Text("They share not one point", "它们没有一个公共点") if theta else Text("They coincide", "两条线重合"),
        Axis(Text("x", "x"), low=-1.3, high=1.3),
        Axis(Text("y", "y"), low=-0.1, high=1.1),
        [
            Line(real[:, 0].tolist(), real[:, 1].tolist(), Text("data", "数据"), "real"),
            Line(fake[:, 0].tolist(), fake[:, 1].tolist(), Text("model", "模型"), "fake"),
        ],
    )
    fine = [-1 + 0.05 * i for i in range(41)]
    blind = [sign * each for each in numbers["blind"] for sign in (-1, 1)]
    curves: list[Mark] = [
        Line(fine, [math.log(2)] * len(fine), Text("JSD = log 2", "JSD = log 2"), "theory"),
        Points(
            blind,
            [each for each in numbers["jsd"] for _ in range(2)],
            Text("JSD, trained critic", "JSD，训练的判别器"),
            "b",
        ),
        Line(
            fine,
            [abs(x) * (1 + abs(x) / (2 * settings.weight)) for x in fine],
            Text("|theta| (1 + |theta| / (2 lambda))", "|θ| (1 + |θ| / (2λ))"),
            "theory",
        ),
        Points(numbers["thetas"], numbers["gap"], Text("W, trained critic", "W，训练的判别器"), "critic"),
        Rule(theta, Text("this theta", "当前 θ"), "x"),
    ]
    distances = Panel(
        Text("JSD is constant, W has a gradient", "JSD 是常数，W 有斜率"),
        Axis(Text("theta, the distance of the lines", "θ，两线的距离")),
        Axis(Text("divergence (nats) and distance", "散度（奈特）与距离"), low=-0.05),
        curves,
    )
    x = torch.linspace(-1.3, 1.3, 53, dtype=torch.float64)
    places = torch.stack([x, torch.full_like(x, 0.5)], dim=1)
    with torch.no_grad():
        scores = critic(places)
        scores = scores - critic(torch.tensor([[theta, 0.5]], dtype=torch.float64))
        chance = own(places).sigmoid()
    own_theta = settings.theta
    profiles = Panel(
        Text("One critic is flat at the model, one is not", "一个判别器在模型处是平的，另一个不是"),
        Axis(Text("x, at y = 1/2", "x（y = 1/2）")),
        Axis(Text("D, and score of the WGAN-GP critic", "D，以及 WGAN-GP 判别器的得分")),
        [
            Line(
                x.tolist(),
                chance.tolist(),
                Text(f"D of the first GAN, theta = {own_theta:g}", f"第一个 GAN 的 D，θ = {own_theta:g}"),
                "b",
            ),
            Line(x.tolist(), scores.tolist(), Text("WGAN-GP score, this theta", "WGAN-GP 得分，当前 θ"), "critic"),
            Rule(0, Text("data", "数据"), "x", "real"),
            Rule(theta, Text("model", "模型"), "x", "fake"),
        ],
    )
    return Figure(
        Text(f"Two lines at distance {theta:g}", f"相距 {theta:g} 的两条线"),
        (lines, distances, profiles),
        _note(numbers),
    )


def _note(numbers: Numbers) -> Text:
    minimax, other = (abs(each) for each in numbers["pulls"])
    return Text(
        f"Pull on theta: {minimax:.1e} by log(1 - D), {other:.3g} by -log D, 1 by W.",
        f"对 θ 的拉力：log(1 − D) 为 {minimax:.1e}，−log D 为 {other:.3g}，W 为 1。",
    )


def claims(settings: Settings, numbers: Numbers) -> list[Claim]:
    """Constants of densities, the formula of the penalized critic, and where each pulls."""
    results = list[Claim]()
    for theta, jsd, tv in zip(numbers["blind"], numbers["jsd"], numbers["tv"], strict=True):
        results += [
            equals(
                Text(f"JSD at distance {theta:g}, log 2", f"距离 {theta:g} 处的 JSD，log 2"), jsd, math.log(2), 1e-3
            ),
            equals(Text(f"Total variation at distance {theta:g}", f"距离 {theta:g} 处的全变差"), tv, 1, 1e-2),
        ]
    wide = max(abs(cost - abs(theta)) for theta, cost in zip(numbers["thetas"], numbers["W"], strict=True))
    errors = [
        abs(each / (abs(theta) * (1 + abs(theta) / (2 * settings.weight))) - 1)
        for theta, each in zip(numbers["thetas"], numbers["gap"], strict=True)
        if theta
    ]
    wrong = sum(each * theta <= 0 for theta, each in zip(numbers["thetas"], numbers["pull"], strict=True) if theta)
    results += [
        above(
            Text("KL at distance 1: its estimate has no limit, and is already", "距离 1 处的 KL：估计没有上限，已达"),
            numbers["kl"][-1],
            10,
        ),
        below(Text("W = |theta|: error of optimal transport", "W = |θ|：最优传输的误差"), wide, 1e-6),
        below(
            Text(
                "WGAN-GP's gap is |theta| (1 + |theta|/(2 lambda)): relative error",
                "WGAN-GP 的差值为 |θ| (1 + |θ|/(2λ))：相对误差",
            ),
            max(errors),
            0.01,
        ),
        below(
            Text(
                f"Its pull has the wrong sign, of {len(errors)} places",
                f"其拉力符号错误的位置数（共 {len(errors)} 处）",
            ),
            wrong,
            0,
        ),
    ]
    if settings.theta:
        minimax, other = (abs(each) for each in numbers["pulls"])
        results += [
            below(Text("Pull of log(1 - D) on theta", "log(1 − D) 对 θ 的拉力"), minimax, 1e-2),
            above(Text("Pull of -log D on theta", "−log D 对 θ 的拉力"), other, 1),
        ]
    return results


EXPERIMENT = Experiment(
    source="Arjovsky et al. (2017), example 1 and figure 1",
    uses=(
        *(f"divergence {name}" for name in ("minimax", "non_saturating", "kl", "total_variation", "wasserstein")),
        "penalty gradient_penalty",
        "metric wasserstein",
    ),
    settings=(
        Setting("theta", 0.5, Text("theta, the distance of the lines", "θ，两线的距离"), low=-1, high=1, frames=True),
        Setting(
            "weight", 10.0, Text("lambda, the weight of the gradient penalty", "λ，梯度惩罚的权重"), low=1, high=100
        ),
        Setting("moves", 200, Text("moves of each critic", "每个判别器的更新次数"), low=5, high=5000, full=1000),
    ),
    play=play,
    claims=claims,
    answer=Text(
        "Two lines next to each other share not one point, so every divergence that compares densities says 'completely "
        "different', whether they are a hair or a mile apart. The Wasserstein distance says how far the mass must travel, "
        "theta, and its gradient says in which direction. A generator that sits on a thin manifold is always in the first "
        "situation.",
        "两条并排的直线没有一个公共点，所以凡是比较密度的散度都说“完全不同”，不管它们相距一丝还是一里。Wasserstein 距离说的是质量要搬多远，即 θ，它的斜率还指明往哪边搬。落在薄流形上的生成器，永远处在前一种境地。",
    ),
)
