"""Writes a run's events for TensorBoard, which is an extra."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from ..core.errors import Refusal
from .observers import Display

FOLDER = "tensorboard"  # within the run folder


class Board:
    """A display that also writes its events for TensorBoard; events after round `since` are replaced."""

    def __init__(self, display: Display, folder: Path, since: int | None = None):
        self.display, self.folder = display, folder
        purge = None if since is None else since + 1
        self._writer = require_tensorboard()(str(folder / FOLDER), purge_step=purge)

    def say(self, text: str) -> None:
        """Show a text on the display."""
        self.display.say(text)

    def show(self, event: dict[str, Any]) -> None:
        """Write an event, then show it."""
        step = int(event["step"])
        for name, value in scalars(event).items():
            self._writer.add_scalar(name, value, step)
        for name, histogram in histograms(event).items():
            self._writer.add_histogram_raw(name, **histogram, global_step=step)
        if event["kind"] == "sample":
            with PIL.Image.open(self.folder / event["file"]) as picture:
                self._writer.add_image("samples", np.array(picture.convert("RGB")), step, dataformats="HWC")
        if event["kind"] in ("checkpoint", "diagnosis", "stop"):
            self._writer.flush()
        self.display.show(event)


def resume_tensorboard(display: Display, folder: Path, step: int) -> Display:
    """The display, with TensorBoard if the resumed run has logs and TensorBoard is installed."""
    if not (folder / FOLDER).is_dir():
        return display
    try:
        return Board(display, folder, step)
    except Refusal:
        display.say(f"TensorBoard is not installed: the logs in {folder / FOLDER} are not continued.")
        return display


def scalars(event: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of an event, by names with slashes: terms/critic/divergence."""
    match event["kind"]:
        case "report":
            return dict(_numbers({name: event[name] for name in ("terms", "estimate", "rates")}))
        case "measure":
            return dict(_numbers({event["split"]: event["metrics"]}))
        case "diagnosis":
            return dict(_numbers(event["seen"]))
    return {}


def histograms(event: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The histograms of an event in TensorBoard's format; their moments are those of the middles of the bins."""
    result = {}
    for name, values in event.get("seen", {}).items():
        if "edges" in values and None not in values["edges"]:
            edges, counts = np.array(values["edges"]), np.array(values["counts"])
            middles = (edges[1:] + edges[:-1]) / 2
            result[name] = {
                "min": edges[0],
                "max": edges[-1],
                "num": counts.sum(),
                "sum": (counts * middles).sum(),
                "sum_squares": (counts * middles**2).sum(),
                "bucket_limits": edges[1:].tolist(),
                "bucket_counts": counts.tolist(),
            }
    return result


def _numbers(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, float]]:
    """Each number with its path in nested mappings; lists and missing values are left out."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{above}{name}/")
        elif isinstance(value, int | float):
            yield f"{above}{name}", float(value)


def require_tensorboard() -> Any:
    """The writer of TensorBoard. Raises Refusal if TensorBoard is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        message = "TensorBoard is not installed: `pip install equilibria[tensorboard]`, or leave out --tensorboard."
        raise Refusal(message) from None
    return SummaryWriter
