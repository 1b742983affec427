"""Twice and half the size: 3x3 convolutions folded with their resampling into one strided 4x4 convolution.

Nearest upsampling repeats each value, so the four 3x3 windows that read the same 2x2 block of it are sums of the same
weights: the 3x3 kernel spread by the box [1 1]. The 4x4 kernel does 16 products where the two steps do 36; mean pooling
after a convolution is the same sum seen from the other side. Both agree with the two steps up to the borders, since
zeros repeated are zeros.
"""

from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, pad

from ..core.catalogue import Catalogue


class UpConv(nn.Conv2d):
    """Nearest upsampling by two, then a 3x3 convolution: (B, C, H, W) -> (B, C', 2H, 2W)."""

    def __init__(self, channels: int, out_channels: int, bias: bool = True):
        super().__init__(channels, out_channels, 3, padding=1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        kernel = _spread(self.weight.flip(2, 3)).transpose(0, 1)
        return conv_transpose2d(x, kernel, self.bias, stride=2, padding=1)


class DownConv(nn.Conv2d):
    """A 3x3 convolution, then 2x2 mean pooling: (B, C, H, W) -> (B, C', H/2, W/2), H and W even."""

    def __init__(self, channels: int, out_channels: int, bias: bool = True):
        super().__init__(channels, out_channels, 3, padding=1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return conv2d(x, _spread(self.weight) / 4, self.bias, stride=2, padding=1)


def transposed(channels: int, out_channels: int, bias: bool = True) -> nn.Module:
    """A transposed 4x4 convolution with stride 2 (after Radford et al. 2016)."""
    return nn.ConvTranspose2d(channels, out_channels, 4, stride=2, padding=1, bias=bias)


UPSAMPLINGS = Catalogue("way of upsampling", transposed=transposed, nearest=UpConv)


class Crop(nn.Module):
    """The upper left part of this size: how an even map becomes an odd one."""

    def __init__(self, height: int, width: int):
        super().__init__()
        self.height, self.width = height, width

    def forward(self, x: Tensor) -> Tensor:
        return x[..., : self.height, : self.width]


class Even(nn.Module):
    """A row and a column of zeros where the size is odd, so that halving rounds up."""

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        return pad(x, (0, width % 2, 0, height % 2)) if height % 2 or width % 2 else x


def _spread(weight: Tensor) -> Tensor:
    """Each 3x3 kernel convolved with a 2x2 box of ones: (O, I, 3, 3) -> (O, I, 4, 4)."""
    rows = pad(weight, (0, 0, 0, 1)) + pad(weight, (0, 0, 1, 0))
    return pad(rows, (0, 1)) + pad(rows, (1, 0))
