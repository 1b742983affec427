"""Whether a conditional model makes what it is asked for."""

import math

import torch
from torch import Tensor

from ...core.types import Batch
from ...data import Data
from ...evaluation.features import Features
from ...evaluation.metrics.base import Figure

_AT_ONCE = 256


def asked_share(network: Features | None, data: Data, batch: Batch) -> Figure | None:
    """The share of samples (N, *shape) that the classifier takes for the class that was asked for, (N, C); else None.

    None where nothing was asked, or the network tells no classes, or others than the data have.
    """
    if network is None or network.classify is None or batch.y is None:
        return None
    if data.labels is None or data.labels.kind != "class":
        return None
    said = torch.cat([network.classify(part) for part in batch.x.split(_AT_ONCE)])
    return None if said.shape[1] != data.labels.size else _share(said.argmax(dim=1) == batch.y.argmax(dim=1))


def _share(right: Tensor) -> Figure:
    share = float(right.double().mean())
    return Figure(share, math.sqrt(share * (1 - share) / len(right)))
