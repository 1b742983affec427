"""The data sets that come with the package."""

from importlib.resources import files

import numpy as np
import PIL.Image
import torch
from torch import Tensor

from ..dataset import Data, Labels, held_out_mask
from ..spaces import Image
from .mnist import CLOTHES


def digits() -> Data:
    """Handwritten digits, 8 x 8 gray, 1,797 of them, built in (Alpaydin and Kaynak 1998)."""
    with files(__package__).joinpath("digits.npz").open("rb") as file, np.load(file, allow_pickle=False) as stored:
        images, labels = torch.from_numpy(stored["images"]), torch.from_numpy(stored["labels"]).long()
    x = (images.float() * 255 / 16).round().to(torch.uint8)[:, None]
    return _split("digits", x, labels, tuple("0123456789"))


def fashion() -> Data:
    """Clothes, 28 x 28 gray, 10,000 of Fashion-MNIST, built in (Xiao et al. 2017).

    The first 1,000 training images of each class; the classes alternate. The file is a mosaic of 100 x 100 images,
    ten rows a class.
    """
    with files(__package__).joinpath("fashion.png").open("rb") as file:
        pixels = torch.from_numpy(np.array(PIL.Image.open(file)))
    x = pixels.view(10, 10, 28, 100, 28).permute(1, 3, 0, 2, 4).reshape(-1, 1, 28, 28)  # class, row, y, column, x
    return _split("fashion", x, torch.arange(len(x)) % 10, CLOTHES)


def _split(name: str, x: Tensor, y: Tensor, classes: tuple[str, ...]) -> Data:
    """The data of images x (N, 1, H, W) and classes y (N,), about a tenth of it held out."""
    out = held_out_mask(x)
    return Data(name, Image(1, *x.shape[2:]), x[~out], x[out], Labels("class", classes), y[~out], y[out])
