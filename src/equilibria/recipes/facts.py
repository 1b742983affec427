"""What a run's records say of its data, for those who read them without the data."""

from typing import Any

import torch

from ..data import Data

_LOOKED_AT = 4096  # samples


def facts(data: Data) -> dict[str, Any]:
    """The kind of the labels, and the values as networks see them, of some training samples."""
    chosen = torch.linspace(0, len(data.x) - 1, min(len(data.x), _LOOKED_AT)).long().to(data.x.device)
    x = data.batch(chosen).x.double()
    values = {"least": float(x.min()), "most": float(x.max()), "mean": float(x.mean()), "deviation": _deviation(x)}
    return {
        "labels": None if data.labels is None else data.labels.kind,
        "values": {"shape": list(data.space.shape), **values},
    }


def _deviation(x: torch.Tensor) -> float:
    return float(x.std(correction=0))
