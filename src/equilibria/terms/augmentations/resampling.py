"""Images read at other places, linearly in the image: a slope through it can be differentiated again, anywhere."""

import torch
from torch import Tensor


def read_at(images: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The images (B, C, H, W) at points x, y that count from the middle, each (B, H, W): (B, C, H, W).

    Between pixels bilinearly; beyond the edge lies the mirrored image.
    """
    x, y = x + (images.shape[3] - 1) / 2, y + (images.shape[2] - 1) / 2
    left, top = x.floor(), y.floor()
    right_share, lower_share = (x - left).to(images.dtype), (y - top).to(images.dtype)
    columns, rows = left.long(), top.long()
    upper = _blend(_pixels(images, columns, rows), _pixels(images, columns + 1, rows), right_share)
    lower = _blend(_pixels(images, columns, rows + 1), _pixels(images, columns + 1, rows + 1), right_share)
    return _blend(upper, lower, lower_share)


def _blend(first: Tensor, second: Tensor, share: Tensor) -> Tensor:
    """Exactly the first where the share of the second is zero."""
    return first * (1 - share).unsqueeze(1) + second * share.unsqueeze(1)


def _pixels(images: Tensor, columns: Tensor, rows: Tensor) -> Tensor:
    height, width = images.shape[2:]
    places = _mirrored(rows, height) * width + _mirrored(columns, width)
    index = places.flatten(1).unsqueeze(1).expand(-1, images.shape[1], -1)
    return images.flatten(2).gather(2, index).view_as(images)


def _mirrored(index: Tensor, size: int) -> Tensor:
    """An index into `size` pixels and their mirror images: ... 2 1 0 1 2 ..."""
    period = max(2 * (size - 1), 1)
    place = index.remainder(period)
    return torch.minimum(place, period - place)
