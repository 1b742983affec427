"""Small critics trained to their best."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn


class Wave(nn.Module):
    """Two hidden layers between points, (N,) or (N, D), and scores: (N,)."""

    def __init__(self, inputs: int = 1, width: int = 32):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1)
        ).double()
        self.direct = nn.Linear(inputs, 1, bias=False).double()

    def forward(self, x: Tensor) -> Tensor:
        """A bend beside a straight line, so that scores go on beyond the data as they went on within."""
        x = x.unsqueeze(1) if x.ndim == 1 else x
        return (self.layers(x) + self.direct(x)).squeeze(1)


def descend(weights: Iterable[Tensor], loss: Callable[[], Tensor], steps: int) -> None:
    """Down a loss that does not vary, by L-BFGS (Liu and Nocedal 1989)."""
    optimizer = torch.optim.LBFGS(
        list(weights), max_iter=steps, max_eval=2 * steps, tolerance_change=0.0, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    optimizer.step(closure)


def follow(weights: Iterable[Tensor], loss: Callable[[], Tensor], steps: int, lr: float = 1e-2) -> None:
    """Down a loss that is drawn anew at each step, by Adam (Kingma and Ba 2015), slower and slower."""
    optimizer = torch.optim.Adam(list(weights), lr=lr, betas=(0.5, 0.99))
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = lr * min(1.0, 2 * (1 - step / steps))
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
