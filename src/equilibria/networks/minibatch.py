"""How different the samples of a batch are, shown to the critic."""

import torch
from torch import Tensor, nn

from ..core.errors import Refusal

_FLOOR = 1e-8  # beneath the root, so that equal samples have a slope: Karras et al. 2018 have the same


class MinibatchDeviation(nn.Module):
    """The deviation over groups of a batch, averaged over all features, as one more (Karras et al. 2018).

    Neighbours in the batch form groups of `group`, or of the largest divisor of the batch below it.
    """

    def __init__(self, group: int):
        super().__init__()
        self.group = group

    def forward(self, h: Tensor) -> Tensor:
        """(B, F, ...) -> (B, F + 1, ...)."""
        size = next(size for size in range(min(self.group, len(h)), 0, -1) if len(h) % size == 0)
        grouped = h.flatten(1).unflatten(0, (-1, size))
        deviation = (grouped.var(dim=1, correction=0) + _FLOOR).sqrt().mean(dim=1)
        feature = deviation.repeat_interleave(size).view(-1, *[1] * (h.ndim - 1))
        return torch.cat([h, feature.expand(-1, 1, *h.shape[2:])], dim=1)


def deviations(group: int) -> list[nn.Module]:
    """The layer for groups of this size, one feature more; none for 0."""
    if group == 1 or group < 0:
        raise Refusal(f"minibatch_std is {group}: a group has at least 2 samples; 0 means none.")
    return [MinibatchDeviation(group)] if group else []
