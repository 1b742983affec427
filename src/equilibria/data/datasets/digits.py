"""The built-in handwritten digits."""

from importlib.resources import files

import numpy as np
import torch

from ..records import Data, Labels
from ..spaces import Image
from ..split import held_out


def digits() -> Data:
    """Handwritten digits, 8 x 8 grey, 1,797 of them, built in (Alpaydin and Kaynak 1998)."""
    with files(__package__).joinpath("digits.npz").open("rb") as file, np.load(file, allow_pickle=False) as stored:
        images, labels = torch.from_numpy(stored["images"]), torch.from_numpy(stored["labels"]).long()
    x = (images.float() * 255 / 16).round().to(torch.uint8)[:, None]
    out = held_out(x)
    return Data(
        "digits",
        Image(1, 8, 8),
        x[~out],
        x[out],
        Labels("class", tuple("0123456789")),
        labels[~out],
        labels[out],
    )
