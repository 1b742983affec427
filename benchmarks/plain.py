"""Adversarial training as public scripts write it: the measure that the engine is held against.

Data through a DataLoader without workers and Pillow, numpy noise, real and fake in separate passes, the critic's loss
back-propagated into the generator and thrown away, `.item()` and a line of text every step, torch's defaults.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import torch
from images import digits
from plain_data import batches
from plain_networks import critic, generator
from torch import Tensor, nn

BATCH, LATENT, N_CRITIC = 64, 100, 5


@dataclass
class Script:
    """What a script keeps in its global variables."""

    generator: nn.Module
    critic: nn.Module
    generator_optimizer: torch.optim.Optimizer
    critic_optimizer: torch.optim.Optimizer
    pictures: Iterator[Tensor]  # (B, 1, H, W) without end
    log: TextIO
    detached: bool  # some scripts keep the critic's loss out of the generator


def wgan_gp(script: Script, step: int) -> int:
    """One batch of WGAN-GP (Gulrajani et al. 2017): the critic's step, and every fifth time the generator's."""
    return _wasserstein(script, step, _between)


def wgan_div(script: Script, step: int) -> int:
    """One batch of WGAN-div (Wu et al. 2018), k = 2 and p = 6, slopes on real and on fake."""
    return _wasserstein(script, step, _on_both)


def wgan(script: Script, step: int) -> int:
    """One batch of WGAN (Arjovsky et al. 2017), with the weights clipped after the critic's step."""
    return _wasserstein(script, step, lambda *_: torch.zeros(()), clip=0.01)


def gan(script: Script, step: int) -> int:
    """One batch of the non-saturating GAN (Goodfellow et al. 2014): the critic's step, then the generator's."""
    real = next(script.pictures)
    verdict = nn.BCEWithLogitsLoss()
    valid, invalid = torch.ones(len(real), 1), torch.zeros(len(real), 1)

    script.critic_optimizer.zero_grad()
    fake = script.generator(_noise(len(real)))
    shown = fake.detach() if script.detached else fake
    critic_loss = (verdict(script.critic(real), valid) + verdict(script.critic(shown), invalid)) / 2
    critic_loss.backward(retain_graph=not script.detached)
    script.critic_optimizer.step()

    script.generator_optimizer.zero_grad()
    generator_loss = verdict(script.critic(fake), valid)
    generator_loss.backward()
    script.generator_optimizer.step()
    _say(script, step, critic_loss, generator_loss)
    return len(real)


def _wasserstein(script: Script, step: int, penalty: Callable[..., Tensor], clip: float | None = None) -> int:
    """The critic's step, and every fifth time the generator's, on the same noise."""
    real = next(script.pictures).requires_grad_()
    z = _noise(len(real))

    script.critic_optimizer.zero_grad()
    fake = script.generator(z)
    if script.detached:
        fake = fake.detach().requires_grad_()
    real_scores, fake_scores = script.critic(real), script.critic(fake)
    cost = penalty(script.critic, real, fake, real_scores, fake_scores)
    critic_loss = fake_scores.mean() - real_scores.mean() + cost
    critic_loss.backward()
    script.critic_optimizer.step()
    if clip is not None:
        for weight in script.critic.parameters():
            weight.data.clamp_(-clip, clip)
    losses = [critic_loss]

    if step % N_CRITIC == 0:
        script.generator_optimizer.zero_grad()
        generator_loss = -script.critic(script.generator(z)).mean()
        generator_loss.backward()
        script.generator_optimizer.step()
        losses.append(generator_loss)
    _say(script, step, *losses)
    return len(real)


def _between(network: nn.Module, real: Tensor, fake: Tensor, *_: Tensor) -> Tensor:
    share = torch.Tensor(np.random.random((len(real), 1, 1, 1)))
    mixed = (share * real.data + (1 - share) * fake.data).requires_grad_(True)
    slopes = _slopes(network(mixed), mixed)
    return 10 * ((slopes.norm(2, dim=1) - 1) ** 2).mean()


def _on_both(_: nn.Module, real: Tensor, fake: Tensor, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    real_cost = _slopes(real_scores, real).pow(2).sum(1) ** 3
    fake_cost = _slopes(fake_scores, fake).pow(2).sum(1) ** 3
    return torch.mean(real_cost + fake_cost) * 2 / 2


def _slopes(scores: Tensor, x: Tensor) -> Tensor:
    """Gradients of the scores (B, 1) at x (B, ...): (B, D)."""
    ones = torch.ones_like(scores)
    (found,) = torch.autograd.grad(scores, x, ones, create_graph=True, retain_graph=True, only_inputs=True)
    return found.view(len(x), -1)


def _noise(count: int) -> Tensor:
    return torch.Tensor(np.random.normal(0, 1, (count, LATENT)))


def _say(script: Script, step: int, *losses: Tensor) -> None:
    told = " ".join(f"[loss: {loss.item():f}]" for loss in losses)
    print(f"[Batch {step}] {told}", file=script.log)


STEPS: dict[str, Callable[[Script, int], int]] = {
    "wgan-gp": wgan_gp,
    "wgan": wgan,
    "wgan-div": wgan_div,
    "gan-ns": gan,
    "dcgan": gan,
}


def play_plain(game: str, images: Tensor, steps: int = 200, warm_up: int = 20, detached: bool = False) -> float:
    """Real images shown to the critic a second, after the warm-up; images (N, 28, 28) uint8."""
    with open(os.devnull, "w", encoding="utf-8") as log:
        script = begin(game, images, log, detached)
        for step in range(warm_up):
            STEPS[game](script, step)
        start = time.perf_counter()
        shown = sum(STEPS[game](script, step) for step in range(steps))
        return shown / (time.perf_counter() - start)


def begin(game: str, images: Tensor, log: TextIO, detached: bool = False) -> Script:
    """Everything that a script makes before its loop."""
    kind, side = layout(game)
    networks = generator(kind, LATENT), critic(kind)
    made, judge = (_optimizer(game, network) for network in networks)
    return Script(*networks, made, judge, batches(images, side, BATCH), log, detached)


def layout(game: str) -> tuple[str, int]:
    """The kind of its networks, and the side of its pictures."""
    return ("dcgan", 32) if game == "dcgan" else ("mlp", 28)


def _optimizer(game: str, network: nn.Module) -> torch.optim.Optimizer:
    if game == "wgan":
        return torch.optim.RMSprop(network.parameters(), lr=5e-5)
    return torch.optim.Adam(network.parameters(), lr=0.0002, betas=(0.5, 0.999))


def main() -> None:
    """Print the plain loop's images/s for each game."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("games", nargs="*", default=list(STEPS), help=f"of {', '.join(STEPS)}; all when none is named")
    parser.add_argument("--steps", type=int, default=200, help="batches that are timed")
    parser.add_argument("--threads", type=int, help="torch's default when not given")
    parser.add_argument("--detached", action="store_true", help="keep the critic's loss out of the generator")
    parser.add_argument("--data-root", type=Path, help="the folder that holds mnist/")
    given = parser.parse_args()
    if unknown := set(given.games) - set(STEPS):
        parser.error(f"no such game: {', '.join(sorted(unknown))}")
    if given.threads:
        torch.set_num_threads(given.threads)
    images, source = digits(given.data_root)
    print(f"{source}, batch {BATCH}, threads {torch.get_num_threads()}; real images shown to the critic a second:")
    for game in given.games:
        print(f"{game:10} {play_plain(game, images, given.steps, detached=given.detached):8.0f}")


if __name__ == "__main__":
    main()
