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
from ...core.errors import Refusal, first_line
from ...core.files import cache_root, user_path
from ...data.dataset import Data
from .base import Features, digest


def bilinear(x: Tensor, side: int) -> Tensor:
    """(B, C, H, W) -> (B, C, side, side) as in TensorFlow 1: place i of the new is place i H / side of the old.

    Pixel centers are not aligned, and Frechet distances change with it (Parmar et al. 2022).
    """
    for dim in (3, 2):
        size, shape = x.shape[dim], [-1 if axis == dim else 1 for axis in range(x.ndim)]
        places = torch.arange(side, device=x.device, dtype=x.dtype) * (size / side)
        before = places.long()
        low, high = x.index_select(dim, before), x.index_select(dim, (before + 1).clamp(max=size - 1))
        x = low + (high - low) * (places - before).view(shape)
    return x


SIDE = 299
Step = tuple[int, str]  # channels; kernel: "3" with padding, "3/2" without and of stride 2, "1x3+3x1" two in parallel
Branches = dict[str, list[Step]]


class Unit(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, narrow: int, wide: int, kernel: str):
        super().__init__()
        size, _, stride = kernel.partition("/")
        height, _, width = size.partition("x")
        sides = int(height), int(width or height)
        padding = (0, 0) if stride else (sides[0] // 2, sides[1] // 2)
        self.conv = nn.Conv2d(narrow, wide, sides, int(stride or 1), padding, bias=False)
        self.bn = nn.BatchNorm2d(wide, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return relu(self.bn(self.conv(x)))


class Mixed(nn.Module):
    """Parallel branches, the last one with a pool: "mean", "max", or "half" of the map.

    The mean pool does not count padding, and the last pool of all is a maximum: in both the network of 2015 differs
    from later ones.
    """

    def __init__(self, narrow: int, branches: Branches, pool: str, pooled: int = 0):
        super().__init__()
        self.branches, self.pool = [], pool
        for name, steps in branches.items():
            wide, stages = narrow, list[list[str]]()
            for place, (channels, kernels) in enumerate(steps, start=1):
                stage = f"{name}_{place}" if len(steps) > 1 else name
                parallel = kernels.split("+")
                names = [stage] if len(parallel) == 1 else [stage + letter for letter in "ab"]
                for unit, kernel in zip(names, parallel, strict=True):
                    self.add_module(unit, Unit(wide, channels, kernel))
                stages.append(names)
                wide = channels
            self.branches.append(stages)
        if pooled:
            self.branch_pool = Unit(narrow, pooled, "1")

    def forward(self, x: Tensor) -> Tensor:
        outputs = []
        for stages in self.branches:
            output = x
            for units in stages:
                output = torch.cat([self.get_submodule(unit)(output) for unit in units], dim=1)
            outputs.append(output)
        return torch.cat([*outputs, self._pooled(x)], dim=1)

    def _pooled(self, x: Tensor) -> Tensor:
        if self.pool == "half":
            return max_pool2d(x, 3, stride=2)
        if self.pool == "max":
            return self.branch_pool(max_pool2d(x, 3, stride=1, padding=1))
        return self.branch_pool(avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False))


class Inception(nn.Module):
    """From pixels in [-1, 1] to 2,048 features; parameters are named as in the published weights."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Unit(3, 32, "3/2")
        self.Conv2d_2a_3x3 = Unit(32, 32, "3/1")
        self.Conv2d_2b_3x3 = Unit(32, 64, "3")
        self.Conv2d_3b_1x1 = Unit(64, 80, "1")
        self.Conv2d_4a_3x3 = Unit(80, 192, "3/1")
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
    branches: Branches = {"branch1x1": [(64, "1")], "branch5x5": [(48, "1"), (64, "5")], "branch3x3dbl": _DOUBLE}
    return Mixed(narrow, branches, "mean", pooled)


def _sevens(wide: int) -> Mixed:
    single: list[Step] = [(wide, "1"), (wide, "1x7"), (192, "7x1")]
    double: list[Step] = [(wide, "1"), (wide, "7x1"), (wide, "1x7"), (wide, "7x1"), (192, "1x7")]
    return Mixed(768, {"branch1x1": [(192, "1")], "branch7x7": single, "branch7x7dbl": double}, "mean", 192)


def _threes(narrow: int, pool: str) -> Mixed:
    double: list[Step] = [(448, "1"), (384, "3"), (384, "1x3+3x1")]
    single: list[Step] = [(384, "1"), (384, "1x3+3x1")]
    branches: Branches = {"branch1x1": [(320, "1")], "branch3x3": single, "branch3x3dbl": double}
    return Mixed(narrow, branches, pool, 192)


FILES = ("pt_inception-2015-12-05-6726825d.pth", "weights-inception-2015-12-05-6726825d.pth", "inception.safetensors")
_SHA256 = "6726825d"  # the beginning of the published file's hash, as in its name
_URL = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{FILES[0]}"
_VARIABLE = "EQUILIBRIA_INCEPTION"
_CLASSES = 1008  # of the network of 2015; later ones have 1,000
_BATCH = 16  # images at a time


def inception(data: Data, *, weights: str = "") -> Features:
    """Inception v3 of 2015, the features of FID: 2,048 values (Szegedy et al. 2016; Heusel et al. 2017).

    `weights` is the file of its weights, .pth or .safetensors; else it is EQUILIBRIA_INCEPTION, else in the cache
    folder, else downloaded. Images are rounded to eight bits, gray ones repeated in three channels. Raises Refusal
    without images or weights.
    """
    channels = data.space.shape[0] if len(data.space.shape) == 3 else 0
    if channels not in (1, 3):
        raise Refusal(f"Inception takes gray or color images, and {data.name!r} has none: leave out --features.")
    path = _weights_file(weights)
    network = _network(_read(path), path)

    def prepared(x: Tensor) -> Tensor:
        pixels = torch.from_numpy(data.space.decode(x)).permute(0, 3, 1, 2).to(x.device)
        return (bilinear(pixels.float().expand(-1, 3, -1, -1), SIDE) - 128) / 128

    @torch.no_grad()
    def features(x: Tensor) -> Tensor:
        network.to(x.device)
        return torch.cat([network(prepared(part)) for part in x.split(_BATCH)])

    about = "Inception v3 of 2015: with these features, a Frechet distance is called FID"
    resizing = f"8 bits, bilinear to {SIDE} x {SIDE} as TensorFlow 1"
    return Features("inception", features, digest(dict(network.named_parameters())), resizing, about)


def _weights_file(option: str) -> Path:
    """The file of the weights. Raises Refusal if there is none."""
    for value, where in ((option, "weights"), (os.environ.get(_VARIABLE, ""), _VARIABLE)):
        if value and not user_path(value).is_file():
            raise Refusal(f"{where} names {value}, and there is no such file: give the file of Inception's weights.")
        if value:
            return user_path(value)
    return stored_weights() or _download(cache_root() / "features" / FILES[0])


def stored_weights() -> Path | None:
    """The file of the weights that is named or in the cache, if there is one."""
    named = [user_path(value)] if (value := os.environ.get(_VARIABLE, "")) else []
    paths = [*named, *(cache_root() / "features" / name for name in FILES)]
    return next((path for path in paths if path.is_file()), None)


def _download(path: Path) -> Path:
    """Download the published file, whole or not at all."""
    try:
        return download(_URL, path, "sha256", _SHA256, "95 MB")
    except OSError as error:
        reason = getattr(error, "reason", None) or error
        raise Refusal(
            f"Inception's weights are not here and could not be downloaded ({reason}): "
            f"put {FILES[0]} into {path.parent}, or name it in {_VARIABLE}; or choose --features classifier."
        ) from None


def _read(path: Path) -> dict[str, Tensor]:
    """The weights in a file, by name. Raises Refusal for a file of another kind."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, SafetensorError, pickle.UnpicklingError) as error:
        raise Refusal(f"{path} cannot be read as weights: {first_line(error)[:200]}") from None
    return weights if isinstance(weights, dict) else {}


def _network(weights: dict[str, Tensor], path: Path) -> Inception:
    """The network with these weights. Raises Refusal for other shapes, and for another Inception whose shapes fit."""
    with torch.device("meta"):  # no initial weights are drawn
        network = Inception()
    shapes = {name: weight.shape for name, weight in network.state_dict().items() if "num_batches" not in name}
    if wrong := [name for name, shape in shapes.items() if getattr(weights.get(name), "shape", None) != shape]:
        raise Refusal(f"{path} does not hold the weights of Inception v3: {wrong[0]} is missing or of another shape.")
    head = weights.get("fc.bias")
    if any(name.startswith("AuxLogits") for name in weights) or (head is not None and len(head) != _CLASSES):
        raise Refusal(
            f"{path} holds another Inception than that of 2015, and its Frechet distances would not be comparable "
            f"with published ones: take {FILES[0]}."
        )
    network.to_empty(device="cpu").load_state_dict({name: weights[name] for name in shapes}, strict=False)
    return network.eval().requires_grad_(False)
