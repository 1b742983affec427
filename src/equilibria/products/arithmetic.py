"""The DCGAN's vector arithmetic on latents."""

from dataclasses import dataclass

import numpy as np
import PIL.Image
import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.randomness import generator
from ..data.records import Space
from ..recipes.asking import Asked
from ..recipes.model import Model
from ..recipes.sheets import abreast, side_by_side
from .latents import Given, Latents, latents

_AROUND = -5  # place of the noise around an answer
_GRID, _SHOWN = 9, 8  # answers; of each operand's samples, at most


@dataclass(frozen=True)
class Arithmetic:
    """a - b + c: what went in, the averages, and the answer within noise."""

    space: Space
    names: tuple[str, str, str]  # of the operands, as they were given
    operands: tuple[Tensor, Tensor, Tensor]  # samples: (N, *space.shape) each
    means: Tensor  # what the averages of their latents give: (3, *space.shape)
    answers: Tensor  # (9, *space.shape); a - b + c is in the middle, noise around it
    mean_latents: Tensor  # (3, Z)
    latents: Tensor  # of the answers: (9, Z)

    def picture(self) -> PIL.Image.Image:
        """The first eight of each operand, the averages, and the answer amid three by three; points in panels."""
        signs = [f"{sign}{name}" for sign, name in zip(("", "- ", "+ "), self.names, strict=True)]
        shown = [samples[:_SHOWN] for samples in self.operands]
        if len(self.space.shape) == 1:
            parts = [*shown, self.means, self.answers]
            return side_by_side(self.space, parts, [*signs, "averages", "answer"])
        rows = side_by_side(self.space, shown, signs)
        means, answers = self.space.sheet(self.means, 1), self.space.sheet(self.answers, 3)
        return abreast({"samples": rows, "averages": means, "answer, within noise": answers})

    def arrays(self) -> dict[str, np.ndarray]:
        """What an .npz keeps: the answers' `samples` and `latents`, and the averages' `means` and `mean_latents`."""
        return {
            "samples": self.space.decode(self.answers),
            "latents": self.latents.cpu().numpy(),
            "means": self.space.decode(self.means),
            "mean_latents": self.mean_latents.cpu().numpy(),
        }

    def said(self) -> str:
        """What was reckoned."""
        a, b, c = self.names
        counts = ", ".join(str(count) for count in dict.fromkeys(map(len, self.operands)))
        return f"({a}) - ({b}) + ({c}), averages of {counts} samples,"


def arithmetic(
    model: Model,
    a: Given = (0, 1, 2),
    b: Given = (3, 4, 5),
    c: Given = (6, 7, 8),
    *,
    noise: float = 0.25,
    seed: int = 0,
    labels: Asked | None = None,
) -> Arithmetic:
    """Latent arithmetic: mean(a) - mean(b) + mean(c) (Radford et al. 2016, section 6.3.2); see `latents.latents`.

    Eight more results have uniform noise on their latents, as in the paper.

    Args:
        a: Sample numbers, as 5 or 0,2 or 0..9; or an .npz of encode or invert; or images, if there is an encoder.
        b: The samples to subtract; `sample` draws them in a grid, numbered from 0, row by row.
        c: The samples to add.
        noise: Half-width of the uniform noise on the latents of the eight extra results.
        seed: Seed of the numbered samples, as in `sample`.
        labels: For conditional models: class or attributes of all samples; default: labels are averaged as latents are.
    """
    if not noise >= 0:
        raise Refusal(f"noise is {noise:g}: 0 or more is needed.")
    operands = [latents(model, given, seed, labels) for given in (a, b, c)]
    means = torch.stack([each.noise.mean(dim=0) for each in operands])
    told = _conditions(operands)
    answer = reckoned(means)
    around = noise * (2 * torch.rand(_GRID, len(answer), generator=generator(seed, _AROUND)) - 1)
    around[_GRID // 2] = 0
    answers = answer + around.to(answer)
    y = None if told is None else reckoned(told).expand(_GRID, -1)
    return Arithmetic(
        model.space,
        (_named(a), _named(b), _named(c)),
        tuple(model.made(each.noise, each.y) for each in operands),  # type: ignore[arg-type]
        model.made(means, told),
        model.made(answers, y),
        model.latent(means, told),
        model.latent(answers, y),
    )


def reckoned(means: Tensor) -> Tensor:
    """The first less the second and the third: (3, Z) to (Z,)."""
    a, b, c = means
    return c + (a - b)


def _conditions(operands: list[Latents]) -> Tensor | None:
    """The mean condition of each operand: (3, C)."""
    told = [each.y.mean(dim=0) for each in operands if each.y is not None]
    return torch.stack(told) if told else None


def _named(given: Given) -> str:
    """An operand as it was named."""
    if isinstance(given, list | tuple):
        return ",".join(map(str, given))
    return "latents" if isinstance(given, np.ndarray | Tensor) else str(given).rstrip("/").split("/")[-1]
