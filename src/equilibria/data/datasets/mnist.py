"""MNIST, Fashion-MNIST and Stacked-MNIST."""

import gzip
import logging
import struct
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...core.errors import Refusal, at_least
from ...core.seeding import generator
from ..cache import PublishedFile, cache_key, cached_arrays, obtain
from ..dataset import Data, Labels
from ..spaces import Image

_HEADER = {3: ">4i", 1: ">2i"}  # images (magic, count, rows, columns), labels (magic, count)
_NAMES = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")


def _published(url: str, *checksums: str) -> tuple[PublishedFile, ...]:
    names = [f"{name}-ubyte.gz" for name in _NAMES]
    return tuple(PublishedFile(name, md5, f"{url}/{name}") for name, md5 in zip(names, checksums, strict=True))


MNIST = _published(
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "d53e105ee54ea40749a09fcbcd1e9432",
    "9fb629c4189551a2d022fa330f9573f3",
    "ec29112dd5afa0611ce80d1b7f02629c",
)
FASHION_MNIST = _published(
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "25c81989df183df01b3e8a0aad5dffbe",
    "bef4ecab320f06d8554ea6380940ec79",
    "bb300cfdad3c16e7a12a480ee83cd310",
)
CLOTHES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")


def mnist(root: Path | None) -> Data:
    """Handwritten digits, 28 x 28 gray, 60,000 and 10,000 held out (LeCun et al. 1998)."""
    return load("mnist", MNIST, ("mnist", "MNIST/raw"), tuple("0123456789"), root)


def fashion_mnist(root: Path | None) -> Data:
    """Clothes, 28 x 28 gray, 60,000 and 10,000 held out (Xiao et al. 2017)."""
    folders = ("fashion-mnist", "fashion_mnist", "FashionMNIST/raw")
    return load("fashion_mnist", FASHION_MNIST, folders, CLOTHES, root)


def load(
    name: str, files: tuple[PublishedFile, ...], folders: tuple[str, ...], classes: tuple[str, ...], root: Path | None
) -> Data:
    """A set of four idx files: images and labels for training, images and labels held out."""
    paths = obtain(name, files, folders, root)
    x, y, held_out, held_out_y = (_read(path, dimensions) for path, dimensions in zip(paths, (3, 1, 3, 1), strict=True))
    space = Image(1, *x.shape[1:])
    return Data(name, space, x[:, None], held_out[:, None], Labels("class", classes), y.long(), held_out_y.long())


def _read(path: Path, dimensions: int) -> Tensor:
    """One file: (N, H, W) or (N,), uint8, filled in place to save memory."""
    layout = _HEADER[dimensions]
    with gzip.open(path) as file:
        magic, *shape = struct.unpack(layout, file.read(struct.calcsize(layout)))
        if magic != 0x800 + dimensions:
            raise Refusal(f"{path} is not an idx file of {dimensions} dimensions.")
        array = np.empty(shape, dtype=np.uint8)
        rest = array.reshape(-1).data
        while rest:
            count = file.readinto(rest[: 1 << 20])
            if not count:
                raise Refusal(f"{path} ends before its {shape[0]:,} samples: download it again.")
            rest = rest[count:]
    return torch.from_numpy(array)


_CHANNELS = 3
_CHUNK = 4096  # rows


def stacked_mnist(root: Path | None, count: int = 128_000) -> Data:
    """Three MNIST digits as the channels of 28 x 28 images, 1000 modes (Metz et al. 2017; Srivastava et al. 2017).

    `count` is the number of training images, drawn with a fixed seed from the training digits; a fifth of that is held
    out, drawn from the test digits. The class is the number that the three digits spell.
    """
    at_least(1, "The data 'stacked_mnist'", count=count)
    sums = [file.md5 for file in MNIST]
    arrays = cached_arrays("stacked_mnist", cache_key(sums, count), lambda folder: _write(root, count, folder))
    x, y, held_out, held_out_y = (torch.from_numpy(arrays[part]) for part in ("x", "y", "held_out", "held_out_y"))
    names = tuple(f"{number:0{_CHANNELS}}" for number in range(10**_CHANNELS))
    space, labels = Image(_CHANNELS, 28, 28), Labels("class", names)
    return Data("stacked_mnist", space, x, held_out, labels, y, held_out_y, channels_of="mnist")


def _write(root: Path | None, count: int, folder: Path) -> None:
    digits = mnist(root)
    assert digits.y is not None
    assert digits.held_out_y is not None
    logging.getLogger(__name__).warning("Stacking the digits of MNIST; the result is cached.")
    _stack(digits.x, digits.y, 0, count, folder / "x.npy", folder / "y.npy")
    _stack(digits.held_out, digits.held_out_y, 1, -(-count // 5), folder / "held_out.npy", folder / "held_out_y.npy")


def _stack(x: Tensor, y: Tensor, seed: int, count: int, images: Path, classes: Path) -> None:
    """Write `count` random triples of x (N, 1, H, W) and their y (N,), some at a time."""
    triples = torch.randint(len(x), (count, _CHANNELS), generator=generator(seed, _CHANNELS))
    with images.open("wb") as file:  # written, not mapped: a full disk is then an error
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, _CHANNELS, *x.shape[2:])}
        np.lib.format.write_array_header_1_0(file, header)
        for rows in triples.split(_CHUNK):
            file.write(x[rows, 0].numpy().tobytes())
    np.save(classes, (y[triples] * 10 ** torch.arange(_CHANNELS - 1, -1, -1)).sum(dim=1).numpy())
