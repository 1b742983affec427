"""Pictures one at a time, through Pillow: how public scripts read their data."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import PIL.Image
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

Transform = Callable[[Any], Any]


class Compose:
    """Transforms in a row."""

    def __init__(self, transforms: list[Transform]):
        self.transforms = transforms

    def __call__(self, picture: Any) -> Any:
        for transform in self.transforms:
            picture = transform(picture)
        return picture


class Resize:
    """A picture of another size, bilinear; one that has the size already is left alone."""

    def __init__(self, size: int):
        self.size = size

    def __call__(self, picture: PIL.Image.Image) -> PIL.Image.Image:
        if picture.size == (self.size, self.size):
            return picture
        return picture.resize((self.size, self.size), PIL.Image.Resampling.BILINEAR)


class ToTensor:
    """From a picture to float32 (C, H, W) in [0, 1]."""

    def __call__(self, picture: PIL.Image.Image) -> Tensor:
        pixels = torch.from_numpy(np.array(picture, np.uint8, copy=True))
        pixels = pixels.view(picture.size[1], picture.size[0], len(picture.getbands()))
        return pixels.permute(2, 0, 1).contiguous().to(torch.get_default_dtype()).div(255)


class Normalize:
    """Minus a mean, over a deviation, channel by channel."""

    def __init__(self, mean: list[float], deviation: list[float]):
        self.mean, self.deviation = mean, deviation

    def __call__(self, x: Tensor) -> Tensor:
        mean = torch.as_tensor(self.mean, dtype=x.dtype, device=x.device)
        deviation = torch.as_tensor(self.deviation, dtype=x.dtype, device=x.device)
        return x.clone().sub_(mean.view(-1, 1, 1)).div_(deviation.view(-1, 1, 1))


class Pictures(Dataset[tuple[Tensor, int]]):
    """Grey pictures, (N, H, W) uint8, each transformed when it is asked for."""

    def __init__(self, images: Tensor, transform: Transform):
        self.images, self.transform = images, transform
        self.labels = torch.zeros(len(images), dtype=torch.int64)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        picture, label = self.images[index], int(self.labels[index])
        return self.transform(PIL.Image.fromarray(picture.numpy())), label

    def __len__(self) -> int:
        return len(self.images)


def batches(images: Tensor, side: int, size: int) -> Iterator[Tensor]:
    """Shuffled epochs without end: (B, 1, side, side) in [-1, 1], the last batch of an epoch as long as it is."""
    transform = Compose([Resize(side), ToTensor(), Normalize([0.5], [0.5])])
    loader = DataLoader(Pictures(images, transform), batch_size=size, shuffle=True, num_workers=0)
    while True:
        for pictures, _ in loader:
            yield pictures
