"""No augmentation."""

from torch import Tensor, nn

from ...core.types import Views
from .base import Augmentation


def none() -> Augmentation:
    """Views as they are."""
    return Plain()


class Plain(nn.Module):
    """Shows the critic what there is."""

    def forward(self, *views: Tensor) -> Views:
        return views

    def watch(self, real_scores: Tensor) -> None:
        pass
