"""A run's events for TensorBoard; the library is an extra."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from ..core.errors import Refusal
from .observers import Display

FOLDER = "tensorboard"  # within the run folder
_LACKING = "TensorBoard is not installed: `pip install equilibria[tensorboard]`, or leave out --tensorboard."


class Board:
    """A display that also writes what it is shown for TensorBoard; from round `since` on, what was written is void."""

    def __init__(self, display: Display, folder: Path, since: int | None = None):
        self.display, self.folder = display, folder
        purge = None if since is None else since + 1
        self._writer = _library()(str(folder / FOLDER), purge_step=purge)

    def say(self, text: str) -> None:
        """As the display says it."""
        self.display.say(text)

    def show(self, event: dict[str, Any]) -> None:
        """Write an event, then show it."""
        step = int(event["step"])
        for name, value in scalars(event).items():
            self._writer.add_scalar(name, value, step)
        for name, histogram in histograms(event).items():
            self._writer.add_histogram_raw(name, **histogram, global_step=step)
        if event["kind"] == "sample":
            self._writer.add_image("samples", _pixels(self.folder / event["file"]), step, dataformats="HWC")
        if event["kind"] in ("checkpoint", "diagnosis", "stop"):
            self._writer.flush()
        self.display.show(event)


def with_tensorboard(display: Display, folder: Path, step: int) -> Display:
    """The same display; with the log of a resumed run, if it has one and TensorBoard is still there."""
    if not (folder / FOLDER).is_dir():
        return display
    try:
        return Board(display, folder, step)
    except Refusal:
        display.say(f"TensorBoard is not installed any more: {folder / FOLDER} is not written on.")
        return display


def require_tensorboard() -> None:
    """Raise Refusal where TensorBoard is not installed."""
    _library()


def scalars(event: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of an event, by a name with slashes: terms/critic/divergence, scores/memorized."""
    match event["kind"]:
        case "report":
            named = {"terms": event["terms"], "estimate": event["estimate"], "rates": event["rates"]}
            return dict(_numbers(named))
        case "measure":
            return dict(_numbers({event["split"]: event["metrics"]}))
        case "diagnosis":
            return dict(_numbers(event["seen"]))
    return {}


def histograms(event: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What has edges and counts, as TensorBoard takes it; moments are those of the middles of the bins."""
    named = {}
    for name, seen in event.get("seen", {}).items():
        if "edges" in seen and None not in seen["edges"]:
            edges, counts = np.array(seen["edges"]), np.array(seen["counts"])
            middles = (edges[1:] + edges[:-1]) / 2
            named[name] = {
                "min": edges[0],
                "max": edges[-1],
                "num": counts.sum(),
                "sum": (counts * middles).sum(),
                "sum_squares": (counts * middles**2).sum(),
                "bucket_limits": edges[1:].tolist(),
                "bucket_counts": counts.tolist(),
            }
    return named


def _numbers(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, float]]:
    """Each number with the names that lead to it; lists and missing values are left out."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{above}{name}/")
        elif isinstance(value, int | float):
            yield f"{above}{name}", float(value)


def _pixels(path: Path) -> np.ndarray:
    """A picture as (H, W, 3) uint8."""
    with PIL.Image.open(path) as picture:
        return np.array(picture.convert("RGB"))


def _library() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise Refusal(_LACKING) from None
    return SummaryWriter
