"""A linear classifier by the squared hinge loss, one class against the rest."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot, relu

DECAYS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)  # from the strongest on
_STEPS = 200  # of L-BFGS, at most
_ROUGH, _FINE = 1e-3, 1e-4  # gradient at which it stops, as a share of that at zero: to select, for the result
_VALIDATION = 5  # one sample in five selects the decay
_PATIENCE = 2  # decays without an improvement
_CONSTANT = 1e-6  # a feature whose std is a smaller share of its mean is constant, except for rounding


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


def fit(x: Tensor, y: Tensor, count: int, decays: Sequence[float] = DECAYS) -> Linear:
    """Fit a classifier to features (N, F) with `count` classes (N,). The features are standardized in place.

    It minimizes, for every class, mean_i max(0, 1 - s_i f(x_i))^2 + decay |w|^2 / 2, with s = 1 for the class and -1
    for the rest, and rows of mean squared length 1: the L2-regularized squared hinge of Fan et al. 2008, with
    C = 1 / (2 N decay). The decay is selected by the accuracy on the last fifth after a fit to the others; the result
    is fitted to all.
    """
    mean, std = x.mean(dim=0), x.std(dim=0, correction=0)
    live = std > _CONSTANT * mean.abs()
    scale = torch.where(live, 1 / std.where(live, std.new_ones(())), 0) / math.sqrt(max(int(live.sum()), 1))
    x.sub_(mean).mul_(scale)
    signs = 2.0 * one_hot(y, count).to(x) - 1
    decay, start = _select_decay(x, signs, y, decays)
    return Linear(mean, scale, *minimize(x, signs, decay, start, _FINE), decay)


def _select_decay(x: Tensor, signs: Tensor, y: Tensor, decays: Sequence[float]) -> tuple[float, Tensor]:
    """The best decay, and its weights and bias, (F + 1, K), to start from."""
    part, best = len(x) - len(x) // _VALIDATION, (-1.0, decays[0])
    start = best_start = x.new_zeros(x.shape[1] + 1, signs.shape[1])
    worse = 0
    for decay in decays if part < len(x) else decays[:1]:
        weights, bias = minimize(x[:part], signs[:part], decay, start, _ROUGH)
        start = torch.cat([weights, bias[None]])
        correct = (x[part:] @ weights + bias).argmax(dim=1).eq(y[part:])
        accuracy = float(correct.double().mean()) if part < len(x) else 0.0
        if accuracy > best[0]:
            best, best_start, worse = (accuracy, decay), start, 0
        else:
            worse += 1
        if worse == _PATIENCE:
            break
    return best[1], best_start


def minimize(x: Tensor, signs: Tensor, decay: float, start: Tensor, tolerance: float = _FINE) -> tuple[Tensor, Tensor]:
    """The weights (F, K) and the bias (K,) of the least loss, for rows (N, F) and signs (N, K), by L-BFGS.

    It starts from both in one, (F + 1, K), and stops where the gradient is `tolerance` of that at zero.
    """
    parameters, zero = start.clone().requires_grad_(), torch.zeros_like(start).requires_grad_()
    (gradient,) = torch.autograd.grad(loss(zero, x, signs, decay), zero)
    search = torch.optim.LBFGS(
        [parameters],
        max_iter=_STEPS,
        tolerance_grad=tolerance * float(gradient.abs().max()),
        tolerance_change=0.0,
        history_size=10,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        search.zero_grad()
        value = loss(parameters, x, signs, decay)
        value.backward()
        return value

    search.step(closure)
    weights, bias = parameters.detach().split([x.shape[1], 1])
    return weights, bias[0]


def loss(parameters: Tensor, x: Tensor, signs: Tensor, decay: float) -> Tensor:
    """The loss summed over classes, for weights above the bias (F + 1, K): ()."""
    margins = signs * torch.addmm(parameters[-1], x, parameters[:-1])
    return relu(1 - margins).square().mean(dim=0).sum() + decay / 2 * parameters[:-1].square().sum()
