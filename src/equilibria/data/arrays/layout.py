"""Arrays of numbers as images: which axis is what, which range means what."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...core.errors import Refusal, nearest

_LAYOUTS = ("auto", "channels_first", "channels_last")
_BYTES = 64 << 20  # looked at in one go
_SLACK = 1e-3  # rounding that a range may exceed its bounds by


class Reading(NamedTuple):
    """How an array is read as images."""

    shape: tuple[int, int, int]  # (C, H, W)
    convert: Callable[[np.ndarray], np.ndarray]  # some of its samples to (n, C, H, W) uint8
    remark: str


def reading(path: Path, raw: np.ndarray, layout: str) -> Reading:
    """Which axes and which range an array of images has: (N, H, W), (N, H, W, C) or (N, C, H, W)."""
    last, said = _channels_last(path, raw.shape, layout)
    scale, offset, meant = _range(path, raw)
    shape = (raw.shape[3], *raw.shape[1:3]) if last else raw.shape[1:] if raw.ndim == 4 else (1, *raw.shape[1:])

    def convert(part: np.ndarray) -> np.ndarray:
        part = part.transpose(0, 3, 1, 2) if last else part.reshape(len(part), *shape)
        if (scale, offset) == (1.0, 0.0):
            return part.astype(np.uint8)
        return np.rint(part.astype(np.float32) * scale + offset).clip(0, 255).astype(np.uint8)

    return Reading(shape, convert, f"{said} {meant}")


def chunks(raw: np.ndarray) -> Iterator[np.ndarray]:
    """An array in parts of bounded size, whole samples each."""
    step = max(1, _BYTES // max(raw.nbytes // max(len(raw), 1), 1))
    return (raw[start : start + step] for start in range(0, len(raw), step))


def bounds(path: Path, raw: np.ndarray) -> tuple[float, float]:
    """The smallest and the largest value; refused where one is not a number."""
    pairs = [(float(part.min()), float(part.max())) for part in chunks(raw)]
    least, most = min(pair[0] for pair in pairs), max(pair[1] for pair in pairs)
    if not np.isfinite([p for pair in pairs for p in pair]).all():
        raise Refusal(f"{path} holds values that are not finite (NaN or infinity): remove those samples first.")
    return least, most


def _channels_last(path: Path, shape: tuple[int, ...], layout: str) -> tuple[bool, str]:
    if layout not in _LAYOUTS:
        raise Refusal(f"No layout is called {layout!r}.{nearest(layout, _LAYOUTS)}")
    if len(shape) == 3:
        return False, f"Shape {shape} was read as (N, H, W)."
    if len(shape) != 4:
        raise Refusal(f"{path} has shape {shape}: images are (N, H, W), (N, H, W, C) or (N, C, H, W), points (N, 2).")
    few_last, few_first = shape[3] <= 4, shape[1] <= 4
    if layout == "auto" and not few_last and not few_first:
        raise Refusal(f"{path} has shape {shape}: say layout=channels_first or layout=channels_last.")
    last = layout == "channels_last" or (layout == "auto" and few_last)
    why = "as asked" if layout != "auto" else "at most four channels"
    return last, f"Shape {shape} was read as {'(N, H, W, C)' if last else '(N, C, H, W)'} ({why})."


def _range(path: Path, raw: np.ndarray) -> tuple[float, float, str]:
    """Factor and offset to bytes, and the sentence that says so."""
    if raw.dtype.kind not in "biuf":
        raise Refusal(f"{path} holds {raw.dtype}: images are uint8, or floats in [0, 1] or [-1, 1].")
    if raw.dtype.kind == "b":
        return 255.0, 0.0, "False and True became 0 and 255."
    least, most = bounds(path, raw)
    if raw.dtype.kind in "iu" and least >= 0 and 1 < most <= 255:
        return 1.0, 0.0, f"Values from {least:.0f} to {most:.0f} were kept as bytes."
    if least >= -_SLACK and most <= 1 + _SLACK:
        return 255.0, 0.0, f"Values from {least:.3g} to {most:.3g} were taken as [0, 1] and kept in 256 steps."
    if least >= -1 - _SLACK and most <= 1 + _SLACK:
        return 127.5, 127.5, f"Values from {least:.3g} to {most:.3g} were taken as [-1, 1] and kept in 256 steps."
    raise Refusal(
        f"{path} holds {raw.dtype} from {least:.6g} to {most:.6g}: expected are uint8 (0 to 255), "
        "or floats in [0, 1] or [-1, 1]."
    )
