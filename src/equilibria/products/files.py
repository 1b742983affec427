"""What a model answers, as a file: a picture, arrays, or a table."""

import csv
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import Refusal, nearest
from ..core.files import free, whole
from .trained import load

KINDS = {  # what each verb can be written as; attribute: a sheet of the same name lies beside its arrays
    "interpolate": (".png", ".npz"),
    "arithmetic": (".png", ".npz"),
    "traverse": (".png", ".npz"),
    "reconstruct": (".png", ".npz"),
    "invert": (".png", ".npz"),
    "encode": (".npz", ".csv"),
    "attribute": (".npz",),
}


def write(
    run: str | Path,
    verb: str,
    out: str | Path,
    checkpoint: str | int | None = None,
    force: bool = False,
    **wish: Any,
) -> Any:
    """Write a verb's result to a file: `write("runs/NAME", "interpolate", "rows.png", steps=9)`. Returns the result.

    The verb's options are those of the method of `Trained` with its name. Output is written completely or not at all.
    Raises Refusal rather than overwrite a file, unless `force`.

    Args:
        run: The run folder.
        verb: A name of `KINDS`.
        out: The file to write.
        checkpoint: best, last or a round; default: the model at the end of the run.
        force: Overwrite existing output.
        wish: The verb's options.
    """
    if verb not in KINDS:
        raise Refusal(f"No verb that is written is called {verb!r}.{nearest(verb, KINDS)}")
    path = free(out, KINDS[verb], force)
    paths = [path, free(path.with_suffix(".png"), (".png",), force)] if verb == "attribute" else [path]
    answer = getattr(load(run, checkpoint, getattr(wish.get("source"), "data_root", None)), verb)(**wish)
    with ExitStack() as stack:
        parts = [stack.enter_context(whole(each)) for each in paths]
        for each, part in zip(paths, parts, strict=True):
            _save(answer, each.suffix.lower(), part)
    return answer


def _save(answer: Any, kind: str, part: Path) -> None:
    if kind == ".png":
        answer.picture().save(part, "PNG")
    elif kind == ".npz":
        with part.open("wb") as file:
            np.savez(file, **answer.arrays())
    else:
        with part.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(answer.table())
