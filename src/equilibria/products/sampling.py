"""Samples as files, whole under their own names, or not there."""

from collections.abc import Callable
from pathlib import Path

from ..core.errors import Refusal
from ..core.files import free, whole
from ..recipes.asking import Asked
from ..recipes.stored import load
from .forms import Wish, array, folder, sheet

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
    """Generate samples: a grid (.png), an array `samples` (.npz), or a folder of images.

    Samples of a conditional model come with their labels: an array `labels`, a subfolder for each class. Raises Refusal
    rather than overwrite a file, unless `force`.

    Args:
        run: The run folder.
        count: Number of samples (64), or of samples per label if there are several (8).
        seed: Sample i depends on the seed, i and its label only.
        out: sheet.png: a sample grid; folder/: one image each, by class; file.npz: arrays `samples` and `labels`.
        checkpoint: best, last or a round; default: the model at the end of the run.
        force: Overwrite existing output.
        labels: For models conditional on classes: names or numbers, 7 or 3,5 or 0..9; one row each, same latents.
        truncation: Redraw normal latent values beyond this, such as 0.7: fidelity over diversity (Brock et al. 2019).
    """
    if count is not None and count < 1:
        raise Refusal(f"count is {count}: at least 1 is needed.")
    path = free(out, WRITERS, force)
    model = load(run, checkpoint, networks=("generator", "prior"))
    asked = None if labels is None else model.asked(labels)
    several = asked is not None and len(asked) > 1
    wish = Wish(model, count or (OF_EACH if several else ALONE), seed, asked, truncation)
    with whole(path) as part:
        WRITERS[path.suffix.lower()](wish, part)
    return path
