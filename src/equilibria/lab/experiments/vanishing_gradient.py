"""Why the first GAN's gradient vanishes: a generator stands still, and critics learn to tell its samples."""

import copy
import math

import torch
from torch import Tensor

from ...drawing import Axis, Figure, Line, Panel, Role, Rule, Steps, Text
from ...terms.divergences import DIVERGENCES
from ...terms.penalties import PENALTIES
from ...training.run import Run
from ..critic_moves import DENSE, copy_generator, critic_moves, game, gradient, latents, milestones
from ..experiment import Claim, Experiment, Frame, Numbers, Played, Setting, Settings, Watch, above, below, between

LOSSES: tuple[tuple[str, Text, Role], ...] = (
    ("minimax", Text("log(1 - D), the first GAN's", "log(1 − D)，最早的 GAN"), "b"),
    ("non_saturating", Text("-log D", "−log D"), "c"),
    ("other", Text("bounded critic", "斜率有界的判别器"), "critic"),
)
_BATCHES, _BATCH, _RATE = 8, 64, 1e-3


class Look:
    """Gradients of the generator and scores of its samples, at one moment of a critic."""

    def __init__(self, run: Run, names: tuple[str, ...], z: list[Tensor]):
        generator, critic = run.game.networks["generator"].requires_grad_(), run.game.networks["critic"]
        self.norms, self.noise = dict[str, float](), dict[str, float]()
        gradients: dict[str, list[Tensor]] = {name: [] for name in names}
        scores = list[Tensor]()
        for batch in z:
            fake = generator(batch)
            score = critic(fake)
            scores.append(score.detach())
            for name in names:
                losses = DIVERGENCES[name]().generator(torch.zeros_like(score), score)
                gradients[name].append(gradient(losses, generator).detach())
        for name, parts in gradients.items():
            stack = torch.stack(parts)
            mean = stack.mean(dim=0)
            self.norms[name] = float(stack.norm(dim=1).mean())
            self.noise[name] = float((stack - mean).square().sum(dim=1).mean().sqrt() / mean.norm().clamp(min=1e-30))
        self.scores = torch.cat(scores)


def identity_error(run: Run, z: Tensor) -> float:
    """The largest relative error of: the gradient of log(1 - D) at a sample is exp(score) times that of -log D."""
    with torch.no_grad():
        x = run.game.networks["generator"](z)
    norms, critic = list[Tensor](), copy.deepcopy(run.game.networks["critic"]).double()
    for name in ("minimax", "non_saturating"):
        x = x.detach().double().requires_grad_()
        score = critic(x)
        losses = DIVERGENCES[name]().generator(torch.zeros_like(score), score)
        norms.append(torch.autograd.grad(losses.sum(), x)[0].flatten(1).norm(dim=1))
        factor = score.detach().exp()
    return float((norms[0] / (factor * norms[1]) - 1).abs().max())


def play(settings: Settings, watch: Watch) -> Played:
    """Two critics at the same generator: one of the first GAN, whose scores serve both log losses, and one bounded."""
    rates = {"optimizers.critic.lr": _RATE, "optimizers.generator.lr": _RATE}
    changes = {**DENSE, **rates, "data": settings.data, "batch": _BATCH}
    penalty = {} if settings.penalty == "none" else {"penalty": settings.penalty}
    young = game("gan-ns", settings.seed, changes, settings.age)
    first = game("gan", settings.seed + 1, changes)
    other = game("gan", settings.seed + 1, changes | {"divergence": settings.divergence} | penalty)
    at = milestones(settings.moves)
    numbers = dict[str, list[float]](moves=[float(count) for count in at])
    looks = list[dict[str, Look]]()
    z = latents(young, _BATCHES, _BATCH)
    for place, (run, names) in enumerate(((first, ("minimax", "non_saturating")), (other, (settings.divergence,)))):
        copy_generator(young, run)
        for count in critic_moves(run, at):
            look = Look(run, names, z)
            if place == 0:
                looks.append({"first": look})
                numbers.setdefault("identity", []).append(identity_error(run, z[0]))
            else:
                looks[at.index(count)]["other"] = look
            for name in names:
                key = name if place == 0 else "other"
                numbers.setdefault(f"norm {key}", []).append(look.norms[name])
                numbers.setdefault(f"noise {key}", []).append(look.noise[name])
            numbers.setdefault(f"score {('first', 'other')[place]}", []).append(float(look.scores.mean()))
            watch(place * settings.moves + count, 2 * settings.moves)
    frames = [Frame(count, _figure(settings, numbers, looks[i], count)) for i, count in enumerate(at)]
    return Played(numbers, frames, len(at) - 1)


def _figure(settings: Settings, numbers: Numbers, looks: dict[str, Look], count: int) -> Figure:
    moves, names = numbers["moves"], dict(LOSSES_NAMES)
    last = numbers["norm minimax"][moves.index(float(count))]
    axis = Axis(Text("moves of the critic", "判别器更新次数"), "log")
    now = Rule(count, Text("this move", "当前更新"), "x")
    other = _other(settings)

    def lines(what: str) -> list[Line | Rule]:
        result: list[Line | Rule] = [
            Line(
                moves,
                [max(v, 1e-12) for v in numbers[f"{what} {name}"]],
                other if name == "other" else names[name],
                role,
            )
            for name, _, role in LOSSES
        ]
        return [*result, now]

    norms = Panel(
        Text(
            f"Gradient of log(1 - D): {last:.1e} after {count} moves",
            f"log(1 − D) 的梯度：{count} 次更新后为 {last:.1e}",
        ),
        axis,
        Axis(Text("norm of the generator's gradient", "生成器梯度的范数"), "log"),
        lines("norm"),
    )
    noise = Panel(
        Text("A growing part of it is noise", "其中噪声越来越多"),
        axis,
        Axis(Text("noise of a batch over the mean gradient", "批间噪声与平均梯度之比"), "log"),
        lines("noise"),
    )
    scores = looks["first"].scores
    heights, edges = torch.histogram(scores.float().cpu(), bins=30)
    certain = float(scores.sigmoid().mean())
    histogram = Panel(
        Text(f"D of samples: {certain:.1e} on average", f"样本的 D：平均 {certain:.1e}"),
        Axis(Text("score of samples, first GAN's critic", "样本得分（最早的 GAN 的判别器）")),
        Axis(Text("samples", "样本数")),
        [Steps(edges.tolist(), heights.tolist(), Text("scores", "得分"), "fake")],
    )
    title = Text(
        f"A generator of {settings.age} rounds, {settings.data}", f"训练了 {settings.age} 轮的生成器，{settings.data}"
    )
    return Figure(title, (norms, noise, histogram))


LOSSES_NAMES = tuple((name, text) for name, text, _ in LOSSES)


def _other(settings: Settings) -> Text:
    name = settings.divergence + ("" if settings.penalty == "none" else f", {settings.penalty}")
    return Text(name, f"{name}（所选）")


def claims(settings: Settings, numbers: Numbers) -> list[Claim]:
    """The identity at each sample; how much each gradient changes; and what of it is noise."""
    first, log_d, other = (numbers[f"norm {name}"] for name, _, _ in LOSSES)
    results = [
        below(
            Text(
                "Per sample, log(1 - D) pulls exp(score) times as hard as -log D: relative error",
                "逐样本：log(1 − D) 的拉力是 −log D 的 exp(得分) 倍，相对误差",
            ),
            max(numbers["identity"]),
            1e-4,
        )
    ]
    if settings.moves < 1000:
        return results
    fall = 1e-3 if settings.moves >= 4000 else 1e-2
    usual = (settings.moves, settings.age, settings.data) == (1000, 25, "digits")  # ten seeds; elsewhere wider
    late = [v for count, v in zip(numbers["moves"], other, strict=True) if count >= 100]
    results += [
        below(
            Text("The critic is certain: mean score of samples", "判别器已有十足把握：样本的平均得分"),
            numbers["score first"][-1],
            -math.log(100),
        ),
        above(
            Text("Gradient of -log D, last over first", "−log D 的梯度，最后与最初之比"),
            log_d[-1] / log_d[0],
            70 if usual else 10,
        ),  # 280 ± 70
    ]
    if settings.data == "digits":  # in the plane samples and data overlap, and theorem 2.4 says nothing
        results.append(
            below(
                Text("Gradient of log(1 - D), last over largest", "log(1 − D) 的梯度，最后与最大之比"),
                first[-1] / max(first),
                3e-4 if usual else fall,  # 1.1e-4 ± .6e-4
            )
        )
    if (settings.divergence, settings.penalty) == ("wasserstein", "gradient_penalty"):
        results += [
            between(
                Text("Bounded critic: last over first gradient", "有界判别器：最后与最初梯度之比"),
                other[-1] / other[0],
                1 / 30,
                30,  # 18.6 ± 3.7
            ),
            below(
                Text("and largest over smallest since move 100", "第 100 次更新以来最大与最小之比"),
                max(late) / min(late),
                1.15 if usual else 3,  # 1.064 ± .029
            ),
        ]
    if settings.age >= 25:
        noise = numbers["noise minimax"]
        results.append(
            above(
                Text("Noise of log(1 - D)'s gradient, last over first", "log(1 − D) 梯度的噪声，最后与最初之比"),
                noise[-1] / noise[0],
                2,  # log10 .84 ± .17
            )
        )
        results.append(
            below(
                Text("Noise of the bounded critic's gradient", "有界判别器梯度的噪声"),
                numbers["noise other"][-1],
                0.14 if usual else 0.3,
            )
        )
    return results


EXPERIMENT = Experiment(
    source="Arjovsky and Bottou (2017), figures 2 and 3, theorems 2.4 and 2.6",
    uses=(
        *(f"divergence {name}" for name in ("minimax", "non_saturating", "wasserstein")),
        "penalty gradient_penalty",
        "recipe gan-ns",
    ),
    settings=(
        Setting(
            "moves", 1000, Text("moves of the critic", "判别器更新次数"), low=5, high=20_000, full=4000, frames=True
        ),
        Setting(
            "age",
            25,
            Text("rounds of the generator before it stands still", "生成器停下前的训练轮数"),
            low=0,
            high=1000,
        ),
        Setting("data", "digits", Text("data", "数据"), choices=("digits", "ring", "swiss_roll")),
        Setting(
            "divergence",
            "wasserstein",
            Text("divergence of the other critic", "另一个判别器的散度"),
            choices=tuple(DIVERGENCES),
        ),
        Setting("penalty", "gradient_penalty", Text("its penalty", "它的惩罚"), choices=("none", *PENALTIES)),
    ),
    play=play,
    claims=claims,
    answer=Text(
        "Once the discriminator is sure, D(G(z)) is nearly 0 and the loss log(1-D) is flat there: the generator hears nothing "
        "although it is far off. The alternative -log D hears the same direction multiplied by 1/D, which is loud but no "
        "truer. A critic with a bounded gradient norm answers with a number whose gradient keeps its size however long it is "
        "trained.",
        "判别器一旦有了十足把握，D(G(z)) 接近 0，损失 log(1−D) 在那里是平的：生成器离目标还远，却什么也听不到。改用 −log D，听到的方向相同，只是乘上了 1/D，声音更大，却并不更准。梯度范数有界的判别器给出的数值，无论训练多久，梯度都保持大小。",
    ),
)
