"""The same training through the whole engine, with its records on."""

import argparse
import dataclasses
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import plain_networks
import torch
from images import digits
from plain import BATCH, LATENT, STEPS, layout
from torch import Tensor

from equilibria.data import load_data
from equilibria.games.play import Play
from equilibria.recipes import RECIPES, Recipe
from equilibria.recipes.build import build
from equilibria.runs.session import train
from equilibria.training.hardware import apply_hardware, choose_hardware
from equilibria.training.loop import training_mode
from equilibria.training.run import Run

_WARM_UP = 5  # the window's part that is played before it
_NETWORKS = {
    "mlp": {
        "generator": {
            "name": "dense",
            "widths": [128, 256, 512, 1024],
            "norm": "batch",
            "skip_first_norm": True,
            "activation": "leaky_relu",
        },
        "critic": {"name": "dense", "widths": [512, 256]},
    },
    "dcgan": {"generator": {"name": "engine_networks:generator"}, "critic": {"name": "engine_networks:critic"}},
}


class Silent:
    """Says nothing; the records tell."""

    def say(self, text: str) -> None:
        """Drop it."""

    def show(self, event: dict[str, Any]) -> None:
        """Drop it."""


def recipe(game: str, data: Path) -> Recipe:
    """What the plain loop does, as a recipe."""
    named = RECIPES["gan-ns" if game == "dcgan" else game]()
    adam = {"name": "adam", "lr": 2e-4, "beta1": 0.5, "beta2": 0.999}
    penalties = {name: dict(spec) for name, spec in named.penalties.items()}
    if game == "wgan-div":
        penalties["divergence_penalty"]["sampler"] = "both"
    return dataclasses.replace(
        named,
        data={"name": str(data)},
        networks=_NETWORKS[layout(game)[0]],
        penalties=penalties,
        prior={"name": "normal", "size": LATENT},
        optimizers=named.optimizers if game == "wgan" else {"critic": adam, "generator": adam},
        batch=BATCH,
    )


def play_engine(game: str, images: Tensor, rounds: int, threads: int, matmul: str = "auto") -> float:
    """Real images shown to the critic a second over `rounds` rounds, with one sheet, measure and checkpoint in them."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = recipe(game, store(images, layout(game)[1], Path(folder)))
        said = {"save_every": rounds, "threads": threads, "matmul": matmul, "runs": folder, "name": "run"}
        run = train(wanted, Silent(), rounds=rounds + rounds // _WARM_UP, **said)
        check_sizes(game, run)
        lines = (Path(folder) / "run" / "events.jsonl").read_text("utf-8").splitlines()
    reports = [event for event in map(json.loads, lines) if event["kind"] == "report"]
    first = next(event for event in reports if event["step"] >= rounds // _WARM_UP)
    last = reports[-1]
    return float((last["images"] - first["images"]) / (last["elapsed"] - first["elapsed"]))


def play_bare(game: str, images: Tensor, rounds: int, threads: int, matmul: str = "auto") -> float:
    """The same with forward, backward, optimizer and average alone: what the engine may at best come to."""
    with tempfile.TemporaryDirectory() as folder:
        data = load_data(str(store(images, layout(game)[1], Path(folder))))
        wanted = recipe(game, Path(str(data.name)))
    with apply_hardware(choose_hardware("cpu", threads, matmul)):
        run = build(wanted, data)
        with training_mode(run):
            for _ in range(rounds // _WARM_UP):
                _bare_round(run)
            start = time.perf_counter()
            for _ in range(rounds):
                _bare_round(run)
            return rounds * run.images_at(0) / (time.perf_counter() - start)


def _bare_round(run: Run) -> None:
    """One batch and one draw from the prior, used over and over."""
    batch, z = run.stream.batch(0), run.game.prior.draw(run.stream.size)
    for player in run.game.players:
        optimizer = run.optimizers[player.optimizer]
        with run.game.only(player):
            for _ in range(player.turns_at(run.step)):
                play = Play(run.game.networks, batch, run.game.prior)
                play.z = z
                torch.stack(list(player.loss(play).values())).sum().backward()
                optimizer.step()
                optimizer.zero_grad()
                run.game.constrain(player)
    run.average.update(run.game.networks, run.step)
    run.step += 1


def store(images: Tensor, side: int, folder: Path) -> Path:
    """The pictures, (N, side, side) uint8, in a file that the engine reads."""
    pixels = images.numpy()
    if images.shape[1:] != (side, side):
        pictures = (PIL.Image.fromarray(picture) for picture in pixels)
        resized = (picture.resize((side, side), PIL.Image.Resampling.BILINEAR) for picture in pictures)
        pixels = np.stack([np.asarray(picture) for picture in resized])
    np.save(path := folder / f"pictures{side}.npy", pixels)
    return path


def check_sizes(game: str, run: Run) -> None:
    """Both halves must train equally large networks."""
    plain = plain_networks.generator(layout(game)[0], LATENT), plain_networks.critic(layout(game)[0])
    for ours, theirs in zip((run.game.networks["generator"], run.game.networks["critic"]), plain, strict=True):
        sizes = [sum(p.numel() for p in network.parameters()) for network in (ours, theirs)]
        if sizes[0] != sizes[1]:
            raise SystemExit(f"{game}: the halves' networks have {sizes[0]:,} and {sizes[1]:,} parameters.")


def main() -> None:
    """Print the engine's images/s for each game."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("games", nargs="*", default=list(STEPS), help=f"of {', '.join(STEPS)}; all when none is named")
    parser.add_argument("--rounds", type=int, default=500, help="rounds that are timed: one milestone falls in them")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--matmul", default="auto", help="auto, default or bf16")
    parser.add_argument("--bare", action="store_true", help="forward, backward, optimizer and average alone")
    parser.add_argument("--data-root", type=Path, help="the folder that holds mnist/")
    given = parser.parse_args()
    images, source = digits(given.data_root)
    print(f"{source}, batch {BATCH}, threads {given.threads}; real images shown to the critic a second:")
    play = play_bare if given.bare else play_engine
    for game in given.games:
        print(f"{game:10} {play(game, images, given.rounds, given.threads, given.matmul):8.0f}", flush=True)


if __name__ == "__main__":
    main()
