"""Why the WGAN dropped Adam: the cosine between the critic's step and the direction downhill."""

import torch
from torch import nn

from ...drawing import Axis, Figure, Line, Panel, Points, Role, Rule, Steps, Text
from ...evaluation.diagnostics.gradients import cosine
from ...training.loop import training_mode
from ...training.optimizers import OPTIMIZERS
from ...training.run import Run
from ...training.step import differentiate, move
from ..critic_moves import DENSE, game
from ..experiment import Claim, Experiment, Frame, Numbers, Played, Setting, Settings, Watch, above, below, equals

WAYS: tuple[tuple[str, dict[str, object], Text, Role], ...] = (
    ("rmsprop", {"optimizers.critic": "rmsprop"}, Text("RMSProp", "RMSProp"), "f"),
    ("adam 0", {"optimizers.critic": {"name": "adam", "beta1": 0.0}}, Text("Adam, beta1 = 0", "Adam，β1 = 0"), "a"),
    (
        "adam 0.5",
        {"optimizers.critic": {"name": "adam", "beta1": 0.5}},
        Text("Adam, beta1 = 0.5", "Adam，β1 = 0.5"),
        "d",
    ),
    (
        "adam 0.9",
        {"optimizers.critic": {"name": "adam", "beta1": 0.9}},
        Text("Adam, beta1 = 0.9", "Adam，β1 = 0.9"),
        "b",
    ),
)
_POINTS, _BINS = 150, 40
_FREE = ("rmsprop", "adam 0")  # without momentum


def critic_step(run: Run) -> float:
    """Move the critic; the cosine of its step, before clipping, with minus its gradient."""
    player = next(player for player in run.game.players if player.name == "critic")
    ((*gradients,),) = differentiate(run, (player,))
    weights = list(run.game.parameters(player))
    before = [weight.detach().clone() for weight in weights]
    for weight, each in zip(weights, gradients, strict=True):
        weight.grad = each
    run.optimizer(player).step()
    run.optimizer(player).zero_grad()
    step = [weight.detach() - old for weight, old in zip(weights, before, strict=True)]
    run.game.constrain(player)
    return cosine(step, [each for each in gradients if each is not None]) or 0.0


def alternating_step(beta1: float) -> float:
    """The cosine of the second step of Adam for the gradients 1 and -0.001: uphill, by its memory of the first."""
    weight = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = OPTIMIZERS["adam"]([weight], lr=0.1, beta1=beta1)
    step = gradient = torch.zeros(1)
    for slope in (1.0, -1e-3):
        before, gradient = weight.detach().clone(), torch.full((1,), slope, dtype=torch.float64)
        weight.grad = gradient.clone()
        optimizer.step()
        step = weight.detach() - before
    return cosine([step], [gradient]) or 0.0


def play(settings: Settings, watch: Watch) -> Played:
    """The same WGAN with four optimizers of its critic."""
    numbers = dict[str, list[float]]()
    cosines = dict[str, list[float]]()
    common = {**DENSE, "data": settings.data, "batch": 64, "clip": settings.clip}
    for place, (name, changes, _, _) in enumerate(WAYS):
        run = game(
            "wgan",
            settings.seed,
            common | changes | {"optimizers.critic.lr": settings.rate, "optimizers.generator.lr": settings.rate},
        )
        generator = tuple(player for player in run.game.players if player.name == "generator")
        cosines[name] = each = list[float]()
        with training_mode(run):
            for round_ in range(settings.rounds):
                each += [critic_step(run) for _ in range(settings.turns)]
                move(run, generator)
                run.step += 1
                watch(place + (round_ + 1) / settings.rounds, len(WAYS))
        numbers[f"negative {name}"] = [sum(value < 0 for value in each) / len(each)]
        numbers[f"least {name}"] = [min(each)]
        numbers[f"median {name}"] = [float(torch.tensor(each).median())]
    numbers["constructed"] = [alternating_step(beta1) for beta1 in (0.0, 0.9)]
    frames = [Frame(name, _figure(settings, numbers, cosines, name)) for name, _, _, _ in WAYS]
    return Played(numbers, frames, [frame.at for frame in frames].index(settings.way))


def _figure(settings: Settings, numbers: Numbers, cosines: dict[str, list[float]], name: str) -> Figure:
    values, (text, role) = cosines[name], next((text, role) for each, _, text, role in WAYS if each == name)
    places = torch.linspace(0, len(values) - 1, min(len(values), _POINTS)).round().long().tolist()
    below_zero = numbers[f"negative {name}"][0]
    points = Panel(
        Text(f"{text.en}: {below_zero:.1%} of the steps go uphill", f"{text.zh}：{below_zero:.1%} 的步子走上坡"),
        Axis(Text("move of the critic", "判别器更新次数")),
        Axis(Text("cosine of step and descent", "步子与下降方向的余弦"), low=-1, high=1),
        [
            Points([float(i) for i in places], [values[i] for i in places], text, role),
            Rule(0, Text("uphill below", "以下为上坡")),
        ],
    )
    edges = torch.linspace(-1, 1, _BINS + 1)
    shares = Panel(
        Text("Without momentum nothing is below 0", "没有动量时，没有一步低于 0"),
        Axis(Text("cosine of step and descent", "步子与下降方向的余弦")),
        Axis(Text("share of the steps", "步数占比"), "log", low=1e-4),
        [
            Steps(
                edges.tolist(),
                (torch.histc(torch.tensor(cosines[each]), _BINS, -1, 1) / len(cosines[each])).tolist(),
                words,
                color,
            )
            for each, _, words, color in WAYS
            if each in (name, "rmsprop", "adam 0.9")
        ],
    )
    medians = Panel(
        Text("Momentum turns the step away", "动量使步子偏转"),
        Axis(Text("beta1 of Adam", "Adam 的 β1")),
        Axis(Text("cosine", "余弦"), low=-1, high=1),
        [
            Line(
                [0.0, 0.5, 0.9],
                [numbers[f"median adam {b}"][0] for b in ("0", "0.5", "0.9")],
                Text("median", "中位数"),
                "critic",
            ),
            Line(
                [0.0, 0.5, 0.9],
                [numbers[f"least adam {b}"][0] for b in ("0", "0.5", "0.9")],
                Text("least", "最小值"),
                "fake",
            ),
            Rule(0, Text("uphill below", "以下为上坡")),
        ],
    )
    title = Text(
        f"A clipped WGAN on {settings.data}, rate {settings.rate:g}",
        f"{settings.data} 上的裁剪 WGAN，学习率 {settings.rate:g}",
    )
    return Figure(title, (points, shares, medians), _note(numbers))


def _note(numbers: Numbers) -> Text:
    least = min(numbers[f"least {name}"][0] for name, _, _, _ in WAYS)
    return Text(f"The least cosine of all steps here is {least:.3f}.", f"这里所有步子中最小的余弦是 {least:.3f}。")


def claims(settings: Settings, numbers: Numbers) -> list[Claim]:
    """The theorem about steps without momentum, the example that momentum can go uphill, and what momentum does here."""
    results = [
        below(
            Text(f"{text.en}: share of steps that go uphill, exactly", f"{text.zh}：走上坡的步子占比（精确）"),
            numbers[f"negative {name}"][0],
            0,
        )
        for name, _, text, _ in WAYS
        if name in _FREE
    ]
    free, momentum = (numbers[f"median adam {b}"][0] for b in ("0", "0.9"))
    results += [
        equals(
            Text(
                "Gradients 1, then -0.001; beta1 = 0.9: cosine of the second step",
                "梯度先为 1 后为 −0.001，β1 = 0.9：第二步的余弦",
            ),
            numbers["constructed"][1],
            -1,
            1e-9,
        ),
        equals(Text("The same with beta1 = 0", "同上，β1 = 0"), numbers["constructed"][0], 1, 1e-9),
    ]
    if settings.rate >= 1e-3:  # where the landscape moves
        results.append(
            above(
                Text("Adam: median cosine with beta1 = 0 minus that with 0.9", "Adam：β1 = 0 与 0.9 的余弦中位数之差"),
                free - momentum,
                0,
            )
        )
    return results


EXPERIMENT = Experiment(
    source="Arjovsky et al. (2017), section 4",
    uses=("recipe wgan", "optimizer adam", "optimizer rmsprop", "divergence wasserstein"),
    settings=(
        Setting(
            "way",
            "adam 0.9",
            Text("optimizer whose steps are drawn", "画出步子的优化器"),
            choices=tuple(way[0] for way in WAYS),
            frames=True,
        ),
        Setting("rate", 1e-3, Text("learning rate", "学习率"), low=1e-5, high=1e-2),
        Setting("rounds", 200, Text("rounds", "轮数"), low=5, high=10_000, full=1000),
        Setting("turns", 5, Text("moves of the critic a round", "每轮判别器更新次数"), low=1, high=8),
        Setting("clip", 0.01, Text("bound of the weights", "权重的界"), low=0.001, high=1),
        Setting("data", "digits", Text("data", "数据"), choices=("digits", "ring", "swiss_roll")),
    ),
    play=play,
    claims=claims,
    answer=Text(
        "Momentum keeps going where it was going. The critic's landscape moves at every turn of the generator, so yesterday's "
        "direction can be uphill today: the cosine between step and descent becomes negative. Without momentum that cannot "
        "happen, which is a two-line proof and a picture; whether it hurts is a matter of rates, and the figure shows both.",
        "动量总是沿着原来的方向走。生成器每动一次，判别器的地形就变一次，昨天的下坡今天可能是上坡：步子与下降方向的余弦就成了负数。没有动量时这不可能发生，证明只要两行；至于它是否真的有害，要看学习率，图上两者都有。",
    ),
)
