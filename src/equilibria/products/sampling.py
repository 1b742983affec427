"""Samples as files, whole under their own names, or not there."""

from collections.abc import Callable
from pathlib import Path

from ..core.errors import Refusal
from ..recipes.asking import Asked
from .forms import Wish, array, folder, sheet
from .versions import opened
from .whole import free, whole

ALONE, OF_EACH = 64, 8  # samples where no count is given: of one label or none, of each of several
WRITERS: dict[str, Callable[[Wish, Path], None]] = {".png": sheet, ".npz": array, "": folder}


def sample(
    run: str | Path,
    count: int | None = None,
    seed: int = 0,
    out: str | Path = "sheet.png",
    checkpoint: str | int | None = None,
    force: bool = False,
    labels: Asked | None = None,
    truncation: float | None = None,
) -> Path:
    """Draw from a run's model into a file: a sheet (.png), an array `samples` (.npz), or a folder of pictures.

    Sample i depends on the seed, i and its label alone. Of several labels, count samples of each are drawn, from the
    same latents; a sheet has a row for each. What a conditional model draws is labelled: an array `labels`, a folder
    for each class. With `truncation`, normal numbers of latents beyond it are drawn again, the others stay. Raises
    Refusal rather than write over something, unless `force`.
    """
    if count is not None and count < 1:
        raise Refusal(f"count is {count}: at least 1 is needed.")
    path = free(out, WRITERS, force)
    model = opened(run, checkpoint)
    asked = None if labels is None else model.asked(labels)
    several = asked is not None and len(asked) > 1
    wish = Wish(model, count or (OF_EACH if several else ALONE), seed, asked, truncation)
    with whole(path) as part:
        WRITERS[path.suffix.lower()](wish, part)
    return path
