"""Which games find all modes of a mixture."""

import statistics
from typing import Any

import torch
from torch import Tensor

from ...data import DATASETS
from ...drawing import Axis, Figure, Line, Panel, Points, Role, Text
from ...evaluation.metrics.modes import modes
from ...training.loop import run_rounds
from ..critic_moves import DENSE, game, milestones
from ..experiment import Claim, Experiment, Frame, Numbers, Played, Setting, Settings, Watch, above, below

_SMALL = {  # two hidden layers of 128 and 256 latents, after Metz et al. 2017; the rest: our choice
    **DENSE,
    "prior.size": 256,
    "generator.depth": 2,
    "critic.depth": 2,
    "generator.width": 128,
    "critic.width": 128,
    "critic.activation": "relu",
    "batch": 128,
}
_SLOW = {"optimizers.generator.lr": 3e-4, "optimizers.critic.lr": 3e-4}
_QUICK = {"optimizers.generator.lr": 1e-3, "optimizers.critic.lr": 1e-3}
GAMES: dict[str, tuple[str, dict[str, Any], Text, Role]] = {
    "gan": ("gan-ns", _SLOW, Text("GAN", "GAN"), "b"),
    "pacgan": ("pacgan", _SLOW, Text("PacGAN", "PacGAN"), "d"),
    "unrolled": (
        "gan-ns",
        _SLOW | {"unroll": 5, "unroll-by": "adam", "unroll-lr": 3e-4},
        Text("unrolled GAN", "展开的 GAN"),
        "e",
    ),
    "wgan-gp": ("wgan-gp", _QUICK, Text("WGAN-GP", "WGAN-GP"), "a"),
    "r3gan": ("r3gan", _QUICK, Text("R3GAN", "R3GAN"), "f"),
}
_COUNT, _CLOUD = 2500, 150


def names_of(settings: Settings) -> list[str]:
    """The games that are played."""
    return [name for name in GAMES if settings.unrolled or name != "unrolled"]


def play(settings: Settings, watch: Watch) -> Played:
    """Each game with each seed, looked at in between."""
    centers = DATASETS[settings.data](count=1).modes
    assert centers is not None
    at = milestones(settings.rounds, (100, 300, 1000, 3000))
    names = names_of(settings)
    numbers: dict[str, list[float]] = {"rounds": [float(mark) for mark in at], "modes": [float(len(centers[0]))]}
    clouds = dict[tuple[str, int], Tensor]()
    total, step = len(names) * settings.seeds * len(at), 0
    for name in names:
        recipe, changes, _, _ = GAMES[name]
        looks: list[list[dict[str, float]]] = [[] for _ in at]
        for seed in range(settings.seeds):
            run = game(recipe, settings.seed + seed, {**_SMALL, **changes, "data": settings.data})
            for place, mark in enumerate(at):
                run_rounds(run, mark)
                with torch.no_grad():
                    samples = run.game.networks["generator"](run.game.prior.draw(_COUNT))
                looks[place].append(modes(samples, *centers))
                if seed == 0:
                    clouds[name, mark] = samples[:_CLOUD]
                step += 1
                watch(step, total)
        for key in ("modes", "high_quality"):
            numbers[f"{key} {name}"] = [statistics.mean(look[key] for look in each) for each in looks]
    data = DATASETS[settings.data]()
    truth = modes(data.held_out[:_COUNT], *centers)
    numbers["truth"] = [truth["modes"], truth["high_quality"]]
    frames = [Frame(mark, _figure(settings, numbers, clouds, centers[0], mark)) for mark in at]
    return Played(numbers, frames, len(at) - 1)


def _figure(
    settings: Settings, numbers: Numbers, clouds: dict[tuple[str, int], Tensor], centers: Tensor, mark: int
) -> Figure:
    place, panels, all_modes = numbers["rounds"].index(float(mark)), list[Panel](), numbers["modes"][0]
    extent = 1.5 * float(centers.abs().max())
    for name in names_of(settings):
        text = GAMES[name][2]
        count = numbers[f"modes {name}"][place]
        x = clouds[name, mark].clamp(-extent, extent)
        panels.append(
            Panel(
                Text(f"{text.en}: {count:g} of {all_modes:g}", f"{text.zh}：{count:g}/{all_modes:g}"),
                Axis(Text("first coordinate", "第一个坐标"), low=-extent, high=extent),
                Axis(Text("second coordinate", "第二个坐标"), low=-extent, high=extent),
                [
                    Points(centers[:, 0].tolist(), centers[:, 1].tolist(), Text("modes", "峰"), "real"),
                    Points(x[:, 0].tolist(), x[:, 1].tolist(), Text("samples", "样本"), "fake"),
                ],
                aspect=1.0,
            )
        )
    for key, title, label in (
        ("modes", Text("Modes over rounds", "峰数随轮数的变化"), Text("modes with a sample near", "附近有样本的峰数")),
        ("high_quality", Text("Samples near a mode", "落在峰附近的样本"), Text("share of samples", "样本占比")),
    ):
        lines = [
            Line(numbers["rounds"], numbers[f"{key} {name}"], GAMES[name][2], GAMES[name][3])
            for name in names_of(settings)
        ]
        panels.append(Panel(title, Axis(Text("round", "轮"), "log"), Axis(label, low=0), lines))
    title = Text(f"Samples after {mark} rounds, {settings.data}", f"{mark} 轮之后的样本，{settings.data}")
    return Figure(
        title,
        panels,
        Text(
            "A mode counts if one of 2,500 samples is within three of its std.",
            "2,500 个样本中有一个落在其三倍标准差之内，就算找到了这个峰。",
        ),
    )


def claims(settings: Settings, numbers: Numbers) -> list[Claim]:
    """The metric finds all modes of true samples; games that count mass find more modes than the first GAN."""
    total = numbers["modes"][0]
    last = {name: numbers[f"modes {name}"][-1] for name in names_of(settings)}
    results = [
        above(Text("True samples: modes", "真实样本：峰数"), numbers["truth"][0], total),
        above(
            Text("True samples: share near a mode, 1 - exp(-9/2)", "真实样本：落在峰附近的占比，1 − exp(−9/2)"),
            numbers["truth"][1],
            0.98,
        ),
    ]
    if settings.data != "ring" or settings.rounds < 1000:
        return results
    return [
        *results,
        below(Text("GAN: modes of 8", "GAN：8 个峰中找到"), last["gan"], 4),
        above(
            Text("PacGAN: modes of 8, more than the GAN by", "PacGAN：比 GAN 多找到的峰数"),
            last["pacgan"] - last["gan"],
            1,
        ),
        above(Text("WGAN-GP: modes of 8", "WGAN-GP：8 个峰中找到"), last["wgan-gp"], 7),
        above(Text("R3GAN: modes of 8", "R3GAN：8 个峰中找到"), last["r3gan"], 7),
    ]


EXPERIMENT = Experiment(
    source="Metz et al. (2017), figure 2; Lin et al. (2018), figure 3; Srivastava et al. (2017)",
    uses=("recipe gan-ns", "recipe pacgan", "recipe wgan-gp", "recipe r3gan", "metric modes"),
    settings=(
        Setting(
            "rounds", 1000, Text("rounds of each game", "每个博弈的轮数"), low=5, high=50_000, full=5000, frames=True
        ),
        Setting("seeds", 1, Text("seeds of each game", "每个博弈的种子数"), low=1, high=10, full=3),
        Setting(
            "unrolled", False, Text("also the unrolled GAN, which takes long", "也包括展开的 GAN（很慢）"), full=True
        ),
        Setting("data", "ring", Text("data", "数据"), choices=("ring", "grid")),
    ),
    play=play,
    claims=claims,
    answer=Text(
        "A generator that fools the critic on one island has no reason to visit the others: the critic looks at samples one at a "
        "time. Remedies change what the critic sees (packs of samples), what the generator foresees (unrolled steps), or what is "
        "measured (a distance that counts mass). Which of them works here is a table, with the seeds.",
        "在一个岛上骗过了判别器的生成器，没有理由再去别的岛：判别器一次只看一个样本。补救办法，或者改变判别器看到的（成包的样本），或者改变生成器预见的（展开几步），或者改变测量的东西（计较质量的距离）。哪一种在这里有效，是一张带随机种子的表。",
    ),
)
