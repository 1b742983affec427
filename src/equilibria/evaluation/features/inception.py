"""Inception-v3 features with the published weights."""

import os
import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d, relu

from ...core.download import download
from ...core.errors import Refusal
from ...data.cache import cache_root
from ...data.dataset import Data, Space
from .base import Features, digest


def pixels(space: Space, x: Tensor) -> Tensor:
    """Samples (B, C, H, W) as the space encodes them -> the eight bits that people keep, 0 to 255: (B, C, H, W)."""
    return torch.from_numpy(space.decode(x)).permute(0, 3, 1, 2).to(x.device)


def bilinear(x: Tensor, side: int) -> Tensor:
    """(B, C, H, W) -> (B, C, side, side) as TensorFlow 1 did: place i of the new is place i H / side of the old.

    That is not where a pixel's middle comes to lie, and Frechet distances change with it (Parmar et al. 2022).
    """
    rows, columns = (_places(size, side, x) for size in x.shape[2:])
    return _between(_between(x, *columns, dim=3), *rows, dim=2)


def _places(size: int, side: int, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The pixel before, the one after, and how far the place is from the first."""
    places = torch.arange(side, device=like.device, dtype=like.dtype) * (size / side)
    before = places.long()
    return before, (before + 1).clamp(max=size - 1), places - before


def _between(x: Tensor, before: Tensor, after: Tensor, far: Tensor, dim: int) -> Tensor:
    shape = [-1 if axis == dim else 1 for axis in range(x.ndim)]
    low = x.index_select(dim, before)
    return low + (x.index_select(dim, after) - low) * far.view(shape)


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


FILES = ("pt_inception-2015-12-05-6726825d.pth", "weights-inception-2015-12-05-6726825d.pth", "inception.safetensors")
_SHA256 = "6726825d"  # how the hash of the published file begins; its name says so
_URL = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{FILES[0]}"
_VARIABLE = "EQUILIBRIA_INCEPTION"
_CLASSES = 1008  # of the network of 2015; later ones have 1,000
_AT_ONCE = 16  # pictures


def inception(data: Data, *, weights: str = "") -> Features:
    """Inception v3 of 2015, what FID means by its features: 2,048 numbers (Szegedy et al. 2016; Heusel et al. 2017).

    `weights` is the file of its weights, .pth or .safetensors; else EQUILIBRIA_INCEPTION names it, else it is looked
    for in the cache folder, else downloaded. Pictures are seen as eight bits, grey in three equal channels.
    """
    channels = data.space.shape[0] if len(data.space.shape) == 3 else 0
    if channels not in (1, 3):
        raise Refusal(f"Inception sees grey or colour pictures, and {data.name!r} are none: leave out --features.")
    path = _found(weights)
    network = _with(_read(path), path)

    @torch.no_grad()
    def look(x: Tensor) -> Tensor:
        network.to(x.device)
        return torch.cat([network(_prepared(part)) for part in x.split(_AT_ONCE)])

    def _prepared(x: Tensor) -> Tensor:
        seen = pixels(data.space, x).float().expand(-1, 3, -1, -1)
        return (bilinear(seen, SIDE) - 128) / 128

    about = "Inception v3 of 2015: by these features, a Frechet distance is what is called FID"
    resizing = f"8 bits, bilinear to {SIDE} x {SIDE} as TensorFlow 1"
    return Features("inception", look, digest(dict(network.named_parameters())), resizing, about)


def _found(named: str) -> Path:
    """Where the weights are. Raises Refusal where there are none."""
    for said, where in ((named, "weights"), (os.environ.get(_VARIABLE, ""), _VARIABLE)):
        if said and not Path(said).expanduser().is_file():
            raise Refusal(f"{where} names {said}, and there is no such file: give the file of Inception's weights.")
        if said:
            return Path(said).expanduser()
    kept = [cache_root() / "features" / name for name in FILES]
    return next((path for path in kept if path.is_file()), None) or _downloaded(kept[0])


def _read(path: Path) -> dict[str, Tensor]:
    """The weights in a file, by name. Raises Refusal for what is none."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        read = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, SafetensorError, pickle.UnpicklingError) as error:
        reason = str(error).strip().split("\n")[0]
        raise Refusal(f"{path} cannot be read as weights: {reason[:200]}") from None
    return read if isinstance(read, dict) else {}


def _with(known: dict[str, Tensor], path: Path) -> Inception:
    """The network with these weights. Raises Refusal for others, and for those that would fit but mean another one."""
    with torch.device("meta"):  # nothing is drawn that would be thrown away
        network = Inception()
    shapes = {name: weight.shape for name, weight in network.state_dict().items() if "num_batches" not in name}
    if wrong := [name for name, shape in shapes.items() if getattr(known.get(name), "shape", None) != shape]:
        raise Refusal(f"{path} does not hold the weights of Inception v3: {wrong[0]} is missing or of another shape.")
    head = known.get("fc.bias")
    if any(name.startswith("AuxLogits") for name in known) or (head is not None and len(head) != _CLASSES):
        raise Refusal(
            f"{path} holds another Inception than that of 2015, and Frechet distances by it could not be compared "
            f"with anybody's: take {FILES[0]}."
        )
    network.to_empty(device="cpu").load_state_dict({name: known[name] for name in shapes}, strict=False)
    return network.eval().requires_grad_(False)


def _downloaded(path: Path) -> Path:
    """Fetch the published file, whole or not at all."""
    try:
        return download(_URL, path, "sha256", _SHA256, "95 MB")
    except OSError as error:
        why = getattr(error, "reason", None) or error
        raise Refusal(
            f"Inception's weights are not here and could not be downloaded ({why}): "
            f"put {FILES[0]} into {path.parent}, or name it in {_VARIABLE}; or choose --features classifier."
        ) from None
