"""What weight clipping does to a deep critic: the gradient grows or shrinks by the same factor at every layer."""

import copy
import math
from typing import Any

import torch
from torch import Tensor, nn

from ...core.errors import Refusal
from ...drawing import Axis, Figure, Line, Panel, Role, Steps, Text
from ...training.run import Run
from ...training.step import draw
from ..critic_moves import DENSE, critic_moves, game, milestones
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

WAYS: tuple[tuple[str, float | None, Text, Role], ...] = (
    ("clip 0.1", 0.1, Text("clipped at 0.1", "裁剪到 0.1"), "b"),
    ("clip 0.01", 0.01, Text("clipped at 0.01", "裁剪到 0.01"), "c"),
    ("clip 0.001", 0.001, Text("clipped at 0.001", "裁剪到 0.001"), "d"),
    ("penalty", None, Text("gradient penalty", "梯度惩罚"), "critic"),
)
_BOX, _BINS, _EDGE = 0.01, 41, 0.99  # of the histogram: its bound, its bins, and what counts as at the bound


def layer_norms(run: Run) -> list[float]:
    """The norm of the critic's gradient at the output of each layer, input first, in double precision."""
    critic = copy.deepcopy(run.game.networks["critic"]).double().requires_grad_()
    outputs = list[Tensor]()

    def keep(module: nn.Module, inputs: Any, output: Tensor) -> None:
        output.retain_grad()
        outputs.append(output)

    for module in critic.modules():
        if isinstance(module, nn.Linear):
            module.register_forward_hook(keep)
    with torch.no_grad():
        play = draw(run)
        x, fake = play.x.double(), play.fake.double()
    (critic(fake).mean() - critic(x).mean()).backward()
    halves = len(outputs) // 2
    return [
        float(torch.cat([outputs[i].grad.flatten(), outputs[i + halves].grad.flatten()]).norm())  # type: ignore[union-attr]
        for i in range(halves - 1)  # the last output is the score itself
    ]


def deep_game(settings: Settings, bound: float | None) -> Run:
    """A WGAN with a deep critic, clipped or with a gradient penalty."""
    networks = {
        **DENSE,
        "data": "swiss_roll",
        "critic.depth": settings.depth,
        "critic.width": settings.width,
        "critic.activation": "relu",
        "critic.norm": settings.norm,
        "batch": 64,
    }
    if bound is None:
        return game("wgan-gp", settings.seed, networks | {"optimizers.critic.lr": 1e-3})
    return game("wgan", settings.seed, networks | {"clip": bound})


def weights_of(run: Run) -> Tensor:
    """All weights of the critic's layers, flat."""
    return torch.cat(
        [m.weight.detach().flatten() for m in run.game.networks["critic"].modules() if isinstance(m, nn.Linear)]
    )


def play(settings: Settings, watch: Watch) -> Played:
    """Four critics and their gradients at each layer, and two small ones whose weights start inside the box."""
    if settings.width * settings.depth > 2048:
        raise Refusal(
            f"--width {settings.width} with --depth {settings.depth} is too large here: their product is at most 2048."
        )
    at = milestones(settings.moves, (5, 20, 50, 100, 200, 500, 1000))
    numbers: dict[str, list[float]] = {"moves": [float(count) for count in at]}
    norms = dict[tuple[str, int], list[float]]()
    for place, (name, bound, _, _) in enumerate(WAYS):
        run = deep_game(settings, bound)
        for count in critic_moves(run, at):
            norms[name, count] = values = layer_norms(run)
            first, last = max(values[0], 1e-300), max(values[-1], 1e-300)
            numbers.setdefault(f"log10 {name}", []).append(math.log10(first / last))
            watch(place * settings.moves + count, 6 * settings.moves)
    pictures = dict[str, Tensor]()
    for place, (name, bound) in enumerate((("clipped", _BOX), ("penalty", None))):
        small = Settings(**{**vars(settings), "depth": 3, "width": 64, "norm": "none"})
        run = deep_game(small, bound)
        if bound is not None:
            with torch.no_grad():
                for weight in run.game.networks["critic"].parameters():
                    weight.mul_(bound / 2 / weight.abs().max().clamp(min=bound / 2))
        before = weights_of(run)
        for _ in critic_moves(run, [settings.moves]):
            pictures[name] = after = weights_of(run)
        edge = _BOX if bound is not None else float(after.abs().max())
        numbers[f"at the bound {name}"] = [float((w.abs() >= _EDGE * edge).double().mean()) for w in (before, after)]
        watch((5 + place) * settings.moves, 6 * settings.moves)
    frames = [Frame(count, _figure(settings, numbers, norms, pictures, count)) for count in at]
    return Played(numbers, frames, len(at) - 1)


def factor(settings: Settings, bound: float) -> float:
    """By which each layer multiplies the gradient where all weights are at the bound, their signs random."""
    return bound * math.sqrt(settings.width / 2)


def _figure(
    settings: Settings,
    numbers: Numbers,
    norms: dict[tuple[str, int], list[float]],
    pictures: dict[str, Tensor],
    count: int,
) -> Figure:
    lines = list[Line]()
    layers = list(range(1, settings.depth + 1))
    for name, bound, text, role in WAYS:
        values = norms[name, count]
        lines.append(Line(layers, [max(v / max(values[-1], 1e-300), 1e-40) for v in values], text, role))
        if bound is not None:
            theory = [factor(settings, bound) ** (settings.depth - layer) for layer in layers]
            lines.append(Line(layers, theory, Text("c sqrt(n/2) a layer", "每层 c·sqrt(n/2)"), "theory"))
    place = numbers["moves"].index(float(count))
    orders = [numbers[f"log10 {name}"][place] for name, _, _, _ in WAYS]
    gradients = Panel(
        Text(
            f"First over last: 10^{orders[0]:.1f}, 10^{orders[1]:.1f}, 10^{orders[3]:.1f}",
            f"首层比末层：10^{orders[0]:.1f}、10^{orders[1]:.1f}、10^{orders[3]:.1f}",
        ),
        Axis(Text("layer, from the input", "层（从输入起）")),
        Axis(Text("gradient norm over that of the last layer", "梯度范数与末层之比"), "log"),
        lines,
    )
    bound = numbers["at the bound clipped"][1]
    return Figure(
        Text(
            f"A critic of {settings.depth} layers after {count} moves", f"{settings.depth} 层判别器，{count} 次更新之后"
        ),
        (
            gradients,
            _histogram(
                pictures["clipped"],
                Text(f"Clipped: {bound:.0%} of the weights at the bound", f"裁剪：{bound:.0%} 的权重贴在边界"),
                "c",
            ),
            _histogram(pictures["penalty"], Text("Penalty: the weights are free", "惩罚：权重自由"), "critic"),
        ),
        Text(
            "The histograms are of a critic of 3 layers whose weights start inside the box.",
            "直方图来自一个 3 层判别器，其权重的初值在盒子之内。",
        ),
    )


def _histogram(weights: Tensor, title: Text, role: Role) -> Panel:
    edge = float(weights.abs().max()) or 1.0
    heights, edges = torch.histogram(weights.float(), bins=_BINS, range=(-edge, edge))
    return Panel(
        title,
        Axis(Text("weight", "权重")),
        Axis(Text("number of weights", "权重个数"), "log"),
        [Steps(edges.tolist(), heights.clamp(min=0.5).tolist(), Text("weights", "权重"), role)],
    )


def claims(settings: Settings, numbers: Numbers) -> list[Claim]:
    """The factor of a layer, what grows, what stays, and where the weights go."""
    results = list[Claim]()
    if settings.norm == "none" and settings.width >= 64 and settings.depth >= 6 and settings.moves >= 50:
        steps = settings.depth - 1
        for name, bound, text, _ in WAYS[1:3]:
            theory = math.log10(factor(settings, bound or 0))
            sentence = Text(
                f"{text.en}: log10 of a layer's factor, c sqrt(n/2)", f"{text.zh}：每层倍数的 log10，c·sqrt(n/2)"
            )
            results.append(equals(sentence, numbers[f"log10 {name}"][-1] / steps, theory, 0.05))
        results.append(
            above(
                Text("Clipped at 0.1 it grows: log10 of first over last", "裁剪到 0.1 时爆炸：首层比末层的 log10"),
                max(numbers["log10 clip 0.1"]),
                1,
            )
        )
    if settings.norm == "none" and settings.moves >= 200:
        limit = math.log10(30)
        results += [
            between(
                Text("With the penalty: log10 of first over last", "用梯度惩罚：首层比末层的 log10"),
                numbers["log10 penalty"][-1],
                -limit,
                limit,
            ),
            below(
                Text("Weights at the bound before the first move", "第一次更新前贴在边界的权重"),
                numbers["at the bound clipped"][0],
                0,
            ),
            above(
                Text("Weights at the bound after the moves", "更新之后贴在边界的权重"),
                numbers["at the bound clipped"][1],
                0.2,
            ),
            below(
                Text("Weights at the largest value, with the penalty", "用梯度惩罚时处于最大值的权重"),
                numbers["at the bound penalty"][1],
                0.01,
            ),
        ]
    return results


EXPERIMENT = Experiment(
    source="Gulrajani et al. (2017), figure 1b and the gradient norms of deep critics",
    uses=("recipe wgan", "recipe wgan-gp", "critic dense", "divergence wasserstein", "penalty gradient_penalty"),
    settings=(
        Setting("moves", 200, Text("moves of the critic", "判别器更新次数"), low=5, high=5000, full=1000, frames=True),
        Setting("depth", 12, Text("layers of the critic", "判别器的层数"), low=3, high=12),
        Setting("width", 128, Text("units of a layer", "每层单元数"), low=16, high=256),
        Setting("norm", "none", Text("norm of the critic", "判别器的归一化"), choices=("none", "layer")),
    ),
    play=play,
    claims=claims,
    answer=Text(
        "Clipping keeps the weights in a small box, many of them pressed against its two walls, so every layer multiplies the "
        "gradient by nearly the same factor. Twelve times the same factor is an explosion if it is above one and nothing if it "
        "is below; no c in between fits every depth. The penalty bounds the gradient norm of the whole critic, and leaves the "
        "weights alone.",
        "裁剪把权重关进小盒子，许多权重紧贴两壁，于是每一层都把梯度乘上几乎相同的倍数。同一个倍数乘十二次，大于一就爆炸，小于一就消失；没有一个 c 适合所有深度。梯度惩罚约束的是整个判别器的梯度范数，不去管单个权重。",
    ),
)
