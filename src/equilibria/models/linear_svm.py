"""A linear classifier by the squared hinge loss, one class against the rest."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot, relu

DECAYS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)  # from the strongest on
_STEPS = 200  # of L-BFGS, at most
_ROUGH, _FINE = 1e-3, 1e-4  # the steepness at which it stops, as a share of that at zero: to choose, to keep
_HELD_BACK = 5  # one sample in so many chooses the decay
_PATIENCE = 2  # decays without an improvement
_FLAT = 1e-6  # a feature whose deviation is a smaller share of its mean is constant, but for rounding


@dataclass(frozen=True)
class Linear:
    """Scores of classes. Features are standardized first, and divided by the root of their number."""

    mean: Tensor  # (F,)
    scale: Tensor  # (F,)
    weights: Tensor  # (F, K)
    bias: Tensor  # (K,)
    decay: float

    def classes(self, x: Tensor) -> Tensor:
        """The class with the highest score, of features (N, F): (N,)."""
        parts = [((part - self.mean) * self.scale) @ self.weights + self.bias for part in x.split(1024)]
        return torch.cat(parts).argmax(dim=1)


def fitted(x: Tensor, y: Tensor, count: int, decays: Sequence[float] = DECAYS) -> Linear:
    """The classifier of features (N, F) with classes (N,), of so many. The features are standardized where they lie.

    It minimizes, for every class, mean_i max(0, 1 - s_i f(x_i))^2 + decay |w|^2 / 2, with s = 1 for the class and -1
    for the rest, and rows of mean squared length 1: the L2-regularized squared hinge of Fan et al. 2008, with
    C = 1 / (2 N decay). The decay is the one with which most of the last fifth are right when the others are fitted;
    then all are fitted.
    """
    mean, deviation = x.mean(dim=0), x.std(dim=0, correction=0)
    live = deviation > _FLAT * mean.abs()
    scale = torch.where(live, 1 / deviation.where(live, deviation.new_ones(())), 0) / math.sqrt(max(int(live.sum()), 1))
    x.sub_(mean).mul_(scale)
    signs = 2.0 * one_hot(y, count).to(x) - 1
    decay, start = _chosen(x, signs, y, decays)
    return Linear(mean, scale, *minimized(x, signs, decay, start, _FINE), decay)


def _chosen(x: Tensor, signs: Tensor, y: Tensor, decays: Sequence[float]) -> tuple[float, Tensor]:
    """The best decay, and where to start from with it: weights and bias, (F + 1, K)."""
    part, best = len(x) - len(x) // _HELD_BACK, (-1.0, decays[0])
    place = found = x.new_zeros(x.shape[1] + 1, signs.shape[1])
    worse = 0
    for decay in decays if part < len(x) else decays[:1]:
        weights, bias = minimized(x[:part], signs[:part], decay, place, _ROUGH)
        place = torch.cat([weights, bias[None]])
        right = float((x[part:] @ weights + bias).argmax(dim=1).eq(y[part:]).double().mean()) if part < len(x) else 0.0
        best, found, worse = ((right, decay), place, 0) if right > best[0] else (best, found, worse + 1)
        if worse == _PATIENCE:
            break
    return best[1], found


def minimized(x: Tensor, signs: Tensor, decay: float, start: Tensor, flat: float = _FINE) -> tuple[Tensor, Tensor]:
    """The weights (F, K) and the bias (K,) of the least loss, of rows (N, F) and signs (N, K), by L-BFGS.

    It starts from both in one, (F + 1, K), and stops where the slope is `flat` of that at zero.
    """
    place, zero = start.clone().requires_grad_(), torch.zeros_like(start).requires_grad_()
    (slope,) = torch.autograd.grad(loss(zero, x, signs, decay), zero)
    search = torch.optim.LBFGS(
        [place],
        max_iter=_STEPS,
        tolerance_grad=flat * float(slope.abs().max()),
        tolerance_change=0.0,
        history_size=10,
        line_search_fn="strong_wolfe",
    )

    def again() -> Tensor:
        search.zero_grad()
        value = loss(place, x, signs, decay)
        value.backward()
        return value

    search.step(again)
    weights, bias = place.detach().split([x.shape[1], 1])
    return weights, bias[0]


def loss(place: Tensor, x: Tensor, signs: Tensor, decay: float) -> Tensor:
    """The sum over classes, of weights over the bias (F + 1, K): ()."""
    margins = signs * torch.addmm(place[-1], x, place[:-1])
    return relu(1 - margins).square().mean(dim=0).sum() + decay / 2 * place[:-1].square().sum()
