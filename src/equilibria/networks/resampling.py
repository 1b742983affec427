"""Upsampling and downsampling convolutions, and the sequence of resolutions."""

from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, pad

from ..core.catalogue import Catalogue
from ..core.errors import ShapeRefusal, require_images

_SMALLEST, _LARGEST = 8, 128  # pixels a side
_SEED = 7  # at most
_HALVINGS = 2  # at least, so that small images have networks with hidden layers


def pyramid(network: str, shape: tuple[int, ...], largest: int = _LARGEST) -> list[tuple[int, int]]:
    """Heights and widths from the image to the seed: halved, rounding up, until no side exceeds seven.

    Raises Refusal unless samples of this shape are images of 8 to `largest` pixels a side.
    """
    require_images(f"The network {network!r}", shape, "dense")
    if min(shape[1:]) < _SMALLEST or max(shape[1:]) > largest:
        raise ShapeRefusal(
            f"The network {network!r} is for images of {_SMALLEST} to {largest} pixels a side, and these are "
            f"{shape[1]} x {shape[2]}: resize them, or use",
            "dense",
        )
    sizes = [(shape[1], shape[2])]
    while max(sizes[-1]) > _SEED or len(sizes) <= _HALVINGS:
        height, width = sizes[-1]
        sizes.append(((height + 1) // 2, (width + 1) // 2))
    return sizes


class UpConv(nn.Conv2d):
    """Nearest upsampling by two, then a 3x3 convolution: (B, C, H, W) -> (B, C', 2H, 2W)."""

    def __init__(self, channels: int, out_channels: int, bias: bool = True):
        super().__init__(channels, out_channels, 3, padding=1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        kernel = _box_filtered(self.weight.flip(2, 3)).transpose(0, 1)
        return conv_transpose2d(x, kernel, self.bias, stride=2, padding=1)


class DownConv(nn.Conv2d):
    """A 3x3 convolution, then 2x2 mean pooling: (B, C, H, W) -> (B, C', H/2, W/2), H and W even."""

    def __init__(self, channels: int, out_channels: int, bias: bool = True):
        super().__init__(channels, out_channels, 3, padding=1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return conv2d(x, _box_filtered(self.weight) / 4, self.bias, stride=2, padding=1)


def transposed(channels: int, out_channels: int, bias: bool = True) -> nn.Module:
    """A transposed 4x4 convolution with stride 2 (after Radford et al. 2016)."""
    return nn.ConvTranspose2d(channels, out_channels, 4, stride=2, padding=1, bias=bias)


UPSAMPLINGS = Catalogue("upsampling", transposed=transposed, nearest=UpConv)


class Crop(nn.Module):
    """The upper left part of this size: makes an even size odd."""

    def __init__(self, height: int, width: int):
        super().__init__()
        self.height, self.width = height, width

    def forward(self, x: Tensor) -> Tensor:
        return x[..., : self.height, : self.width]


class PadToEven(nn.Module):
    """Append a row and a column of zeros where the size is odd, so that halving rounds up."""

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        return pad(x, (0, width % 2, 0, height % 2)) if height % 2 or width % 2 else x


def _box_filtered(weight: Tensor) -> Tensor:
    """Each 3x3 kernel convolved with a 2x2 box of ones: (O, I, 3, 3) -> (O, I, 4, 4)."""
    rows = pad(weight, (0, 0, 0, 1)) + pad(weight, (0, 0, 1, 0))
    return pad(rows, (0, 1)) + pad(rows, (1, 0))
