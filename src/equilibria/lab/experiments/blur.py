"""Why VAEs blur and GANs do not: sharpness and variance of what each draws, on digits."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from ...drawing import NO_AXIS, Axis, Bars, Field, Figure, Line, Mark, Panel, Rule, Text
from ...terms.likelihoods import LIKELIHOODS
from ...toys.critics import fit_lbfgs
from ...training.loop import run_rounds
from ...training.run import Run
from ..critic_moves import DENSE, game, milestones
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

_COUNT, _ROW = 1000, 8
_LAPLACIAN = torch.tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]).view(1, 1, 3, 3)
_VAE = Text("VAE, means", "VAE，均值")
_NOISY = Text("VAE with its noise", "VAE 加上其噪声")
_GAN = Text("WGAN-GP", "WGAN-GP")


class Look(NamedTuple):
    """What a model draws, relative to the data."""

    sharpness: float  # mean squared Laplacian
    variance: float


def sharpness(x: Tensor) -> float:
    """The mean squared Laplacian of pictures (B, 1, H, W)."""
    return float(conv2d(x, _LAPLACIAN).square().mean())


def variance(x: Tensor) -> float:
    """The sum of the variances of all pixels of pictures (B, *)."""
    return float(x.flatten(1).var(dim=0).sum())


def samples(run: Run, count: int) -> Tensor:
    """Pictures (count, 1, H, W) of the generator itself: of a VAE the means of its likelihood."""
    with torch.no_grad():
        return run.game.networks["generator"](run.game.prior.draw(count))


def noise_std(run: Run) -> float:
    """The std of the likelihood's noise, learned."""
    return float(run.game.networks["likelihood"].log_noise.detach().exp().mean())  # type: ignore[operator]


def two_points() -> tuple[float, float, float]:
    """The mean and the noise std that a Gaussian likelihood prefers for data at -1 and 1, and the best loss' variance."""
    likelihood = LIKELIHOODS["gaussian"](nn.Identity()).double()
    mean = torch.full((), 0.3, dtype=torch.float64, requires_grad=True)
    x = torch.tensor([[-1.0], [1.0]], dtype=torch.float64)

    def loss() -> Tensor:
        return -likelihood(mean.expand(2, 1), x).mean()

    fit_lbfgs([mean, *likelihood.parameters()], loss, 60)
    std = float(likelihood.log_noise.detach().exp().mean())
    return float(mean.detach()), std, std**2


def play(settings: Settings, watch: Watch) -> Played:
    """A VAE and a WGAN-GP on digits, looked at in between; and two points that a decoder cannot tell apart."""
    common: dict[str, Any] = {"data": "digits", "batch": 64}
    vae = game(
        "vae",
        settings.seed,
        common
        | {"generator": "dense", "encoder": "dense", "likelihood": "gaussian", "lr": 1e-3, "beta": settings.beta},
    )
    gan = game(
        "wgan-gp", settings.seed, common | DENSE | {"optimizers.critic.lr": 1e-3, "optimizers.generator.lr": 1e-3}
    )
    data = vae.stream.data
    real, _ = data.batch(torch.arange(_COUNT), False)
    truth = Look(sharpness(real), variance(real))
    numbers: dict[str, list[float]] = {"shares": []}
    frames = list[Frame]()
    at = milestones(settings.rounds, (100, 400))
    for place, mark in enumerate(at):
        run_rounds(vae, mark)
        run_rounds(gan, max(mark // 3, 1))
        means, drawn = samples(vae, _COUNT), samples(gan, _COUNT)
        std = noise_std(vae)
        noisy = means + std * torch.randn_like(means)
        for name, x in (("vae", means), ("noisy", noisy), ("gan", drawn)):
            numbers.setdefault(f"sharpness {name}", []).append(sharpness(x) / truth.sharpness)
            numbers.setdefault(f"variance {name}", []).append(variance(x) / truth.variance)
        numbers.setdefault("noise", []).append(std)
        numbers.setdefault("split", []).append((variance(means) + means[0].numel() * std**2) / truth.variance)
        frames.append(Frame(mark, _figure(numbers, (real, means, noisy, drawn), mark)))
        watch(place + 1, len(at) + 1)
    numbers["two points"] = list(two_points())
    numbers["rounds"] = [float(mark) for mark in at]
    del numbers["shares"]
    watch(1, 1)
    return Played(numbers, frames, len(frames) - 1)


def _figure(numbers: Numbers, rows: tuple[Tensor, ...], mark: int) -> Figure:
    pictures = torch.cat(
        [torch.cat(list(pad(row[:_ROW, 0], (0, 1, 0, 1), value=0.0)), dim=1) for row in rows]
    )  # the data in the first row
    values = ((pictures + 1) / 2).clamp(0, 1).flip(0)
    height, width = values.shape
    sheet = Panel(
        Text("From above: data, VAE, VAE with noise, GAN", "自上而下：数据、VAE、VAE 加噪声、GAN"),
        NO_AXIS,
        NO_AXIS,
        [Field((0, width), (0, height), values.tolist(), Text("pixels", "像素"), "gray")],
        aspect=width / height,
    )
    names = (_VAE, _NOISY, _GAN)
    latest = {
        key: [numbers[f"{key} {name}"][-1] for name in ("vae", "noisy", "gan")] for key in ("sharpness", "variance")
    }
    bars = [
        Panel(
            title,
            Axis(Text("what is drawn", "所画的内容")),
            Axis(label, low=0),
            [
                Bars(names, latest[key], Text("relative to the data", "相对于数据"), role="generator"),
                Rule(1, Text("data", "数据"), role="real"),
            ],
        )
        for key, title, label in (
            (
                "sharpness",
                Text(
                    f"Sharpness of the VAE: {latest['sharpness'][0]:.0%}", f"VAE 的锐度：{latest['sharpness'][0]:.0%}"
                ),
                Text("mean squared Laplacian", "拉普拉斯平方均值"),
            ),
            (
                "variance",
                Text("The missing variance is in its noise", "缺失的方差在噪声里"),
                Text("variance of the pixels", "像素的方差"),
            ),
        )
    ]
    mean = torch.linspace(-1.5, 1.5, 61)
    errors: list[Mark] = [
        Line(
            mean.tolist(),
            ((mean - 1) ** 2 / 2 + (mean + 1) ** 2 / 2).tolist(),
            Text("mean squared error", "均方误差"),
            "generator",
        ),
        Rule(-1, Text("data", "数据"), "x", "real"),
        Rule(1, Text("data", "数据"), "x", "real"),
    ]
    points = Panel(
        Text("Two points: the mean costs least, and is neither", "两个点：均值代价最小，却哪个都不是"),
        Axis(Text("answer", "回答")),
        Axis(Text("squared error", "平方误差"), low=0),
        errors,
    )
    return Figure(
        Text(f"Digits after {mark} rounds of the VAE", f"VAE 训练 {mark} 轮之后的数字"), (sheet, *bars, points)
    )


def claims(settings: Settings, numbers: Numbers) -> list[Claim]:
    """The two-point case, the split of the variance, and the sharpness of both."""
    mean, std, _ = numbers["two points"]
    results = [
        equals(Text("Two points at -1 and 1: the likeliest mean", "−1 与 1 两点：最可能的均值"), mean, 0, 0.01),
        equals(Text("and the likeliest noise std", "以及最可能的噪声标准差"), std, 1, 0.01),
    ]
    if settings.rounds < 1500 or settings.beta != 1:
        return results
    usual = settings.rounds == 1500  # ten seeds; a longer game draws sharper
    return [
        *results,
        between(
            Text("Variance of the means + D noise^2, over the data's", "均值的方差 + D·噪声²，与数据方差之比"),
            numbers["split"][-1],
            0.89,
            1.1,  # .923 ± .011
        ),
        below(
            Text("Sharpness of the VAE's means, over the data's", "VAE 均值的锐度与数据之比"),
            numbers["sharpness vae"][-1],
            0.735 if usual else 0.8,  # .699 ± .012
        ),
        between(
            Text("Sharpness of the WGAN-GP", "WGAN-GP 的锐度"), numbers["sharpness gan"][-1], 0.83, 1.2
        ),  # 1.01 ± .06
        above(
            Text("GAN's sharpness minus the VAE's", "GAN 与 VAE 的锐度之差"),
            numbers["sharpness gan"][-1] - numbers["sharpness vae"][-1],
            0.13 if usual else 0.1,  # .316 ± .061
        ),
    ]


EXPERIMENT = Experiment(
    source="Kingma and Welling (2014); Larsen et al. (2016), figure 3; Tipping and Bishop (1999)",
    uses=("recipe vae", "recipe wgan-gp", "likelihood gaussian"),
    settings=(
        Setting(
            "rounds",
            1500,
            Text("rounds of the VAE; the GAN has a third", "VAE 的轮数；GAN 为其三分之一"),
            low=5,
            high=50_000,
            full=6000,
            frames=True,
        ),
        Setting("beta", 1.0, Text("weight of the KL term", "KL 项的权重"), low=0, high=10),
    ),
    play=play,
    claims=claims,
    answer=Text(
        "A decoder that is asked for the likeliest picture under squared error answers with the mean of all it cannot tell apart, "
        "and the mean of sharp pictures is blurred. The missing detail has not vanished: it is in the noise term, which nobody "
        "draws. A critic accepts only what looks like a single picture, so a GAN draws sharp ones, at the cost of leaving some out.",
        "按平方误差去问解码器最可能的图像，它答的是一切它分不清的图像的平均，而清晰图像的平均是模糊的。缺失的细节并没有消失：它在噪声项里，只是没有人把它画出来。判别器只接受看起来像一张图的东西，所以 GAN 画得锐利，代价是漏掉一些。",
    ),
)
