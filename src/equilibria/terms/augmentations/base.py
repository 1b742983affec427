"""What an augmentation is: a random change of views that a critic is differentiated through, twice if need be."""

from collections.abc import Callable
from typing import Protocol

from torch import Tensor

from ...core.errors import Refusal
from ...core.types import Views

Change = Callable[[Tensor], Tensor]  # images (B, C, H, W) to images


class Augmentation(Protocol):
    """Around a critic: critic(*augment(*views)). It is an nn.Module, whose buffers are saved with the run.

    One with a true `reads_signs` learns from the signs of scores, which not every divergence gives a meaning.
    """

    def __call__(self, *views: Tensor) -> Views:
        """The views, each (B, ...), every sample changed by a draw of its own."""
        ...

    def watch(self, real_scores: Tensor) -> None:
        """Learn from a move of the critic how it scores real samples: (B,)."""
        ...


def require_images(name: str, shape: tuple[int, ...]) -> None:
    """Raise Refusal unless samples of this shape are images."""
    if len(shape) != 3:
        raise Refusal(
            f"The augmentation {name!r} changes images, and these samples are points: use the one named 'none'."
        )


def each_image(views: Views, shape: tuple[int, ...], change: Change) -> Views:
    """The views with their images changed, one by one where several are packed in the channels; codes stay."""
    return tuple(
        change(view.reshape(-1, *shape)).reshape_as(view) if view.ndim == 1 + len(shape) else view for view in views
    )
