"""Inception v3 (Szegedy et al. 2016) as Frechet distances of 2017 saw it: its last pooled layer, 2,048 numbers."""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d, relu

SIDE = 299
Step = tuple[int, str]  # channels; kernel: "3" within the map, "3/2" to half of it, "1x3+3x1" two of them
Ways = dict[str, list[Step]]


class Unit(nn.Module):
    """A convolution, its statistics, and a bend."""

    def __init__(self, narrow: int, wide: int, kernel: tuple[int, int], stride: int = 1, within: bool = True):
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if within else (0, 0)
        self.conv = nn.Conv2d(narrow, wide, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(wide, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return relu(self.bn(self.conv(x)))


class Mixed(nn.Module):
    """Ways through the same map, side by side, the last one through a pool: "mean", "max", or "half" of the map.

    The mean is over what lies within the map, as in the network of 2015 (padding does not count), and the last of all
    pools by the largest: that is what sets it apart from later ones.
    """

    def __init__(self, narrow: int, ways: Ways, pool: str, pooled: int = 0):
        super().__init__()
        self.ways, self.pool = [], pool
        for name, steps in ways.items():
            wide, places = narrow, list[list[str]]()
            for place, (channels, kernel) in enumerate(steps, start=1):
                units = _units(f"{name}_{place}" if len(steps) > 1 else name, wide, channels, kernel)
                for unit, network in units.items():
                    self.add_module(unit, network)
                places.append(list(units))
                wide = channels
            self.ways.append(places)
        if pooled:
            self.branch_pool = Unit(narrow, pooled, (1, 1))

    def forward(self, x: Tensor) -> Tensor:
        said = []
        for places in self.ways:
            seen = x
            for units in places:
                seen = torch.cat([self.get_submodule(unit)(seen) for unit in units], dim=1)
            said.append(seen)
        return torch.cat([*said, self._pooled(x)], dim=1)

    def _pooled(self, x: Tensor) -> Tensor:
        if self.pool == "half":
            return max_pool2d(x, 3, stride=2)
        if self.pool == "max":
            return self.branch_pool(max_pool2d(x, 3, stride=1, padding=1))
        return self.branch_pool(avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False))


class Inception(nn.Module):
    """From pixels in [-1, 1] to 2,048 numbers; parameters are named as in the usual files of its weights."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Unit(3, 32, (3, 3), stride=2, within=False)
        self.Conv2d_2a_3x3 = Unit(32, 32, (3, 3), within=False)
        self.Conv2d_2b_3x3 = Unit(32, 64, (3, 3))
        self.Conv2d_3b_1x1 = Unit(64, 80, (1, 1))
        self.Conv2d_4a_3x3 = Unit(80, 192, (3, 3), within=False)
        self.Mixed_5b, self.Mixed_5c, self.Mixed_5d = _fives(192, 32), _fives(256, 64), _fives(288, 64)
        self.Mixed_6a = Mixed(288, {"branch3x3": [(384, "3/2")], "branch3x3dbl": [*_DOUBLE[:2], (96, "3/2")]}, "half")
        self.Mixed_6b, self.Mixed_6c, self.Mixed_6d, self.Mixed_6e = map(_sevens, (128, 160, 160, 192))
        long = [(192, "1"), (192, "1x7"), (192, "7x1"), (192, "3/2")]
        self.Mixed_7a = Mixed(768, {"branch3x3": [(192, "1"), (320, "3/2")], "branch7x7x3": long}, "half")
        self.Mixed_7b, self.Mixed_7c = _threes(1280, "mean"), _threes(2048, "max")

    def forward(self, x: Tensor) -> Tensor:
        """Pixels (B, 3, 299, 299) -> (B, 2048)."""
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(max_pool2d(x, 3, stride=2)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(max_pool2d(x, 3, stride=2))))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        return self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x))).mean(dim=(2, 3))


_DOUBLE: list[Step] = [(64, "1"), (96, "3"), (96, "3")]


def _fives(narrow: int, pooled: int) -> Mixed:
    ways: Ways = {"branch1x1": [(64, "1")], "branch5x5": [(48, "1"), (64, "5")], "branch3x3dbl": _DOUBLE}
    return Mixed(narrow, ways, "mean", pooled)


def _sevens(wide: int) -> Mixed:
    single: list[Step] = [(wide, "1"), (wide, "1x7"), (192, "7x1")]
    double: list[Step] = [(wide, "1"), (wide, "7x1"), (wide, "1x7"), (wide, "7x1"), (192, "1x7")]
    return Mixed(768, {"branch1x1": [(192, "1")], "branch7x7": single, "branch7x7dbl": double}, "mean", 192)


def _threes(narrow: int, pool: str) -> Mixed:
    double: list[Step] = [(448, "1"), (384, "3"), (384, "1x3+3x1")]
    ways: Ways = {"branch1x1": [(320, "1")], "branch3x3": [(384, "1"), (384, "1x3+3x1")], "branch3x3dbl": double}
    return Mixed(narrow, ways, pool, 192)


def _units(name: str, narrow: int, wide: int, kernel: str) -> dict[str, Unit]:
    """One convolution, or two that stand side by side and are called a and b."""
    kernels = kernel.split("+")
    names = [name] if len(kernels) == 1 else [name + letter for letter in "ab"]
    return {each: _unit(narrow, wide, size) for each, size in zip(names, kernels, strict=True)}


def _unit(narrow: int, wide: int, kernel: str) -> Unit:
    size, _, half = kernel.partition("/")
    height, _, width = size.partition("x")
    return Unit(narrow, wide, (int(height), int(width or height)), 2 if half else 1, within=not half)
