"""Gradients of a critic or a loss, in a form that can be differentiated again."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..core.types import Critic, Views

Weights = dict[str, Tensor]  # by name, as a module's parameters


def input_gradient(critic: Critic, views: Views, scores: Tensor | None = None) -> Tensor:
    """Gradient of each score with respect to its own views: (B, D), D over all views.

    Per-sample only if the critic treats samples independently: no batch norm. `scores`, the critic's for these views,
    (B,), save a second pass if the views are `leaves` of their graph.
    """
    device = views[0].device.type
    if scores is not None and _depend_on_leaves(scores, views) and not torch.is_autocast_enabled(device):
        return _concatenated(torch.autograd.grad(scores.sum(), views, create_graph=True))
    with torch.autocast(device, enabled=False):  # in bf16 a gradient norm is off by half a percent
        if torch.compiler.is_compiling():  # AOTAutograd refuses autograd.grad(create_graph=True)
            return _concatenated(torch.func.grad(lambda views: critic(*views).sum())(views))
        views = leaves(views)
        return _concatenated(torch.autograd.grad(critic(*views).sum(), views, create_graph=True))


def weight_gradient(loss: Callable[[Weights], Tensor], weights: Weights) -> Weights:
    """Gradient of a loss, (), with respect to weights, zero for unused ones; differentiable again."""
    if torch.compiler.is_compiling():
        return torch.func.grad(loss)(weights)
    inputs = list(weights.values())
    gradients = torch.autograd.grad(loss(weights), inputs, create_graph=True, materialize_grads=True)
    return dict(zip(weights, gradients, strict=True))


def leaves(views: Views) -> Views:
    """The same values as leaves of a new graph, so that scores computed from them can be differentiated.

    Views that require a gradient already keep their graph.
    """
    if torch.compiler.is_compiling():
        return views
    return tuple(v if v.requires_grad else v.detach().requires_grad_() for v in views)


def _depend_on_leaves(scores: Tensor, views: Views) -> bool:
    if torch.compiler.is_compiling() or not scores.requires_grad:
        return False
    return all(view.is_leaf and view.requires_grad for view in views)


def _concatenated(gradients: tuple[Tensor, ...]) -> Tensor:
    return torch.cat([g.flatten(1) for g in gradients], dim=1)
