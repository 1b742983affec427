"""Whether GANs converge, in the smallest GAN: the data is 0, a sample is theta, and its score is psi x."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ...core.types import Batch
from ...drawing import Arrows, Axis, Figure, Line, Panel, Points, Role, Rule, Text, plain
from ...games.game import Game
from ...games.play import Play
from ...terms.divergences import DIVERGENCES
from ...terms.penalties import PENALTIES
from ...toys.dirac import dirac_game, path, total_loss
from ...training.update_rules import RULES
from ..experiment import Claim, Experiment, Frame, Numbers, Played, Setting, Settings, Watch, below, between, equals

GAMES: Mapping[str, tuple[str, str, dict[str, Any]]] = {  # divergence, penalty, options
    "gan": ("minimax", "", {}),
    "gan-ns": ("non_saturating", "", {}),
    "wgan": ("wasserstein", "", {}),
    "wgan-clip": ("wasserstein", "", {"clip": 1.0}),
    "wgan-gp": ("wasserstein", "gradient_penalty", {}),
    "gan-r1": ("minimax", "r1", {}),
    "gan-r2": ("minimax", "r2", {}),
    "gan-zero-centered": ("minimax", "zero_centered", {}),
}
_RATE, _PLOT = 0.2, 60  # of gradient descent; points of a curve
_GAMES: tuple[tuple[str, float, Text, Role], ...] = (
    ("gan", 0.0, Text("GAN", "GAN"), "a"),
    ("wgan-clip", 0.0, Text("WGAN, clipped", "WGAN，裁剪"), "b"),
    ("wgan-gp", 0.35, Text("WGAN-GP", "WGAN-GP"), "c"),
    ("gan-r1", 0.3, Text("GAN with R1", "带 R1 的 GAN"), "f"),
)
_ORDERS = ("simultaneous", "alternating")
_FRAMES = (0, 5, 10, 20, 50, 100, 200, 500)


def game_of(name: str, weight: float) -> Game:
    """The Dirac-GAN of this name, its penalty, if any, with this weight."""
    divergence, penalty, options = GAMES[name]
    penalties = {penalty: PENALTIES[penalty](weight=weight)} if penalty else {}
    return dirac_game(DIVERGENCES[divergence](), penalties, **options)


def field(game: Game, theta: float, psi: float) -> tuple[float, float]:
    """Minus the gradient of each player's loss in its own number: where descent goes."""
    with torch.no_grad():
        for weight, value in zip(game.networks.parameters(), (theta, psi), strict=True):
            weight.fill_(value)
    play = Play(game.networks, Batch(torch.zeros(2, 1, dtype=torch.float64)), game.prior)
    moves = dict[str, float]()
    for player in game.players:
        weights = game.parameters(player)
        moves[player.name] = -float(torch.autograd.grad(total_loss(player, play), weights, allow_unused=True)[0] or 0)
    return moves["generator"], moves["critic"]


def eigenvalues(game: Game, step: float = 1e-5) -> list[complex]:
    """Of the Jacobian of the field at (0, 0), by central differences."""
    columns = []
    for at in ((step, 0.0), (0.0, step)):
        after, before = field(game, *at), field(game, *(-value for value in at))
        columns.append([(a - b) / (2 * step) for a, b in zip(after, before, strict=True)])
    values = torch.linalg.eigvals(torch.tensor(columns, dtype=torch.float64).T)
    return [complex(value) for value in values.tolist()]


def play(settings: Settings, watch: Watch) -> Played:
    """Paths of four games and of the chosen one under both orders, and eigenvalues at the equilibrium."""
    games = [*((name, name, weight) for name, weight, _, _ in _GAMES), ("own", settings.game, settings.weight)]
    numbers, own = dict[str, Any](), torch.zeros(1, 2)
    for place, (key, name, weight) in enumerate(games):
        start, rate = ((settings.theta, -1.0), settings.rate) if key == "own" else ((1.0, -1.0), _RATE)
        for rule in (settings.rule,) if key == "own" else _ORDERS:
            line = path(game_of(name, weight), RULES[rule](), settings.rounds, start, rate)
            numbers[f"{key} {rule} end"] = float(line[-1].norm())
            numbers[f"{key} {rule} distances"] = _thin(line.norm(dim=1))
            if key == "own":
                own = line
            if (key, rule) == ("gan-r1", "simultaneous") and settings.rounds >= 500:
                numbers["rate"] = float((line[500].norm() / line[200].norm()) ** (1 / 300))
        values = eigenvalues(game_of(name, weight))
        numbers[f"{key} eigenvalues"] = [part for value in values for part in (value.real, value.imag)]
        watch(place + 1, len(games))
    places = sorted({round_ for round_ in _FRAMES if round_ <= settings.rounds} | {settings.rounds})
    frames = [Frame(round_, _figure(settings, numbers, own, round_)) for round_ in places]
    return Played(numbers, frames, len(frames) - 1)


def _thin(values: Tensor) -> list[float]:
    """At most _PLOT values, evenly spaced, the first and the last among them."""
    places = torch.linspace(0, len(values) - 1, min(_PLOT, len(values))).round().long()
    return values[places].tolist()


def _figure(settings: Settings, numbers: Numbers, line: Tensor, round_: int) -> Figure:
    places = torch.linspace(0, round_, min(150, round_ + 1)).round().long()
    span = min(max(1.3, 1.1 * float(line.abs().max())), 5.0)
    side = torch.linspace(-span, span, 9, dtype=torch.float64).tolist()
    game = game_of(settings.game, settings.weight)
    points = [(theta, psi) for theta in side for psi in side]
    moves = [field(game, *point) for point in points]
    size = max(math.hypot(*move) for move in moves) or 1.0
    scale = 0.3 * span / size
    phase = Panel(
        Text(
            f"After {round_} rounds: {float(line[round_].norm()):.3g} from the equilibrium",
            f"{round_} 轮之后：离均衡点 {float(line[round_].norm()):.3g}",
        ),
        Axis(Text("theta, the generator", "theta（生成器）"), low=-span, high=span),
        Axis(Text("psi, the critic", "psi（判别器）"), low=-span, high=span),
        [
            Arrows(
                [theta for theta, _ in points],
                [psi for _, psi in points],
                [scale * m[0] for m in moves],
                [scale * m[1] for m in moves],
                Text("direction of descent", "下降方向"),
                "real",
            ),
            Line(line[places, 0].tolist(), line[places, 1].tolist(), plain(settings.game), "generator"),
            Points([float(line[round_, 0])], [float(line[round_, 1])], Text("now", "现在"), "fake"),
        ],
        aspect=1.0,
        equal=True,
    )
    return Figure(
        Text(
            f"The Dirac-GAN, {settings.game}, {settings.rule}", f"Dirac-GAN：{settings.game}，更新规则 {settings.rule}"
        ),
        (phase, _distances(settings, numbers, round_), _spectrum(settings, numbers)),
    )


def _distances(settings: Settings, numbers: Numbers, round_: int) -> Panel:
    marks: list[Line | Rule] = []
    rule = settings.rule if settings.rule in _ORDERS else "simultaneous"
    for name, weight, text, role in _GAMES:
        y = [max(value, 1e-17) for value in numbers[f"{name} {rule} distances"]]
        words = Text(f"{text.en} ({weight:g})", f"{text.zh}（{weight:g}）") if weight else text
        marks.append(Line([settings.rounds * i / (len(y) - 1) for i in range(len(y))], y, words, role))
    marks.append(Rule(round_, Text("this round", "当前轮"), "x"))
    return Panel(
        Text("Only friction ends the game", "只有摩擦能结束博弈"),
        Axis(Text("round", "轮")),
        Axis(Text("distance from the equilibrium", "到均衡点的距离"), "log"),
        marks,
    )


def _spectrum(settings: Settings, numbers: Numbers) -> Panel:
    marks = []
    for name, _, text, role in _GAMES:
        if name not in ("wgan-gp", "wgan-clip"):  # not smooth at the equilibrium, or the same as the GAN's there
            values = numbers[f"{name} eigenvalues"]
            marks.append(Points(values[::2], values[1::2], text, role))
    own = numbers["own eigenvalues"]
    marks.append(Points(own[::2], own[1::2], Text(f"{settings.game}, chosen", f"所选：{settings.game}"), "fake"))
    return Panel(
        Text("Without friction: no real part", "没有摩擦：实部为零"),
        Axis(Text("real part: negative is friction", "实部：负值表示摩擦")),
        Axis(Text("imaginary part: turning", "虚部：旋转")),
        [*marks, Rule(0, Text("no friction", "无摩擦"), "x")],
        aspect=1.0,
    )


def claims(settings: Settings, numbers: Numbers) -> list[Claim]:
    """Eigenvalues, the rate of contraction, and the distances after 500 rounds."""
    slope = 0.5  # f'(0) of the minimax GAN's sigmoid losses
    gan, r1 = (sorted(numbers[f"{name} eigenvalues"][1::2]) for name in ("gan", "gan-r1"))
    gamma = next(weight for name, weight, _, _ in _GAMES if name == "gan-r1")
    imaginary = math.sqrt(slope**2 - gamma**2 / 4)
    rate = math.sqrt((1 - _RATE * gamma / 2) ** 2 + (_RATE * imaginary) ** 2)

    def end(name: str, rule: str) -> float:
        return float(numbers[f"{name} {rule} end"])

    results = [
        equals(
            Text("GAN: real part of the eigenvalues at the equilibrium", "GAN：均衡点处特征值的实部"),
            max(map(abs, numbers["gan eigenvalues"][::2])),
            0,
            1e-6,
        ),
        equals(Text("GAN: imaginary part, f'(0) = 1/2", "GAN：虚部，f'(0) = 1/2"), gan[-1], slope, 1e-6),
        equals(
            Text(
                "R1 of weight 0.3: real part, -gamma/2 (R2's, too, as the critic is linear)",
                "权重 0.3 的 R1：实部 −γ/2（R2 也一样，因为判别器是线性的）",
            ),
            numbers["gan-r1 eigenvalues"][0],
            -gamma / 2,
            1e-6,
        ),
        equals(
            Text("R1: imaginary part, sqrt(f'(0)^2 - gamma^2/4)", "R1：虚部 sqrt(f'(0)² − γ²/4)"),
            r1[-1],
            imaginary,
            1e-6,
        ),
    ]
    if settings.rounds != 500:
        return results  # the bands below are those of 500 rounds
    results += [
        equals(
            Text("R1: contraction per round, |1 + h eigenvalue|", "R1：每轮的收缩，|1 + h·特征值|"),
            numbers["rate"],
            rate,
            1e-3,
        ),
        between(_ended("GAN", _ORDERS[0]), end("gan", _ORDERS[0]), 2, 1e3),
        between(_ended("GAN", _ORDERS[1]), end("gan", _ORDERS[1]), 0.8, 2),
    ]
    for rule in _ORDERS:
        results += [
            between(_ended("WGAN, clipped", rule), end("wgan-clip", rule), 0.5, 1.5),
            between(_ended("WGAN-GP", rule), end("wgan-gp", rule), 0.5, 3),
            below(_ended("GAN with R1 of weight 0.3", rule), end("gan-r1", rule), 1e-5),
        ]
    return results


def _ended(game: str, rule: str) -> Text:
    order = "同时" if rule == "simultaneous" else "交替"
    return Text(f"{game}: distance after 500 rounds, {rule}", f"{game}：500 轮后的距离，{order}更新")


EXPERIMENT = Experiment(
    source="Mescheder et al. (2018), figures 1 to 3 and lemmas 2.2 to 2.9; Roth et al. (2017); Nagarajan and Kolter (2017)",
    uses=(
        *(f"divergence {name}" for name in ("minimax", "non_saturating", "wasserstein")),
        *(f"penalty {name}" for name in ("r1", "r2", "zero_centered", "gradient_penalty")),
        *(f"rule {name}" for name in ("simultaneous", "alternating", "extragradient")),
    ),
    settings=(
        Setting("rounds", 500, Text("rounds that are played", "博弈的轮数"), low=5, high=2000, frames=True),
        Setting("game", "gan-r1", Text("game whose path is drawn", "画出路径的博弈"), choices=tuple(GAMES)),
        Setting("weight", 0.3, Text("weight of its penalty", "惩罚的权重"), low=0, high=4),
        Setting(
            "rule",
            "simultaneous",
            Text("update rule", "更新规则"),
            choices=("simultaneous", "alternating", "extragradient", "consensus"),
        ),
        Setting("rate", 0.2, Text("learning rate", "学习率"), low=0.01, high=0.5),
        Setting("theta", 1.0, Text("theta at the start", "theta 的初值"), low=-2, high=2),
    ),
    play=play,
    claims=claims,
    answer=Text(
        "The smallest GAN has two numbers, and its players chase each other in circles: the force is always across, never "
        "inward. A penalty on the critic's gradient norm at real data adds friction, and the circle becomes a spiral that "
        "ends. The eigenvalue says how many rounds that takes, and the measured rate agrees to three digits.",
        "最小的 GAN 只有两个数，双方互相追逐，绕着圈子：力总是横着的，从不向里。在真实数据处惩罚判别器的梯度范数，等于加上摩擦，圆就变成会停下来的螺线。特征值说出要多少回合，实测的速度与它三位数字一致。",
    ),
)
