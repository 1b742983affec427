"""Training the classifier that samples of a data set are compared by."""

from collections.abc import Callable
from pathlib import Path

from ..data import find
from ..evaluation.features.classifier import kept_of, of, train
from ..evaluation.features.kept import Kept, place


def train_features(
    data: str,
    epochs: int = 0,
    seed: int = 0,
    force: bool = False,
    data_root: str | None = None,
    say: Callable[[str], None] = print,
) -> Kept:
    """Train a classifier of the data's classes, the feature network of `evaluate`; it is stored in the cache folder.

    Raises Refusal for data without classes.

    Args:
        data: A data set with classes, by name or path.
        epochs: Passes over the training samples; 0: chosen by the size of the data.
        seed: Seed of the initial weights.
        force: Replace a stored classifier.
        data_root: Folder with the original files of data sets; default: EQUILIBRIA_DATA.
        say: Prints progress.
    """
    root = Path(data_root) if data_root else None
    found = find(data, root)
    taught = of(found, root)
    kept = None if force else kept_of(taught, root, seed)
    if kept is not None:
        say(f"A classifier of {taught.name} is kept already; --force trains another in its place.")
    else:
        say(f"A classifier learns {taught.labels} from {len(taught.x):,} samples of {taught.name}.")
        kept = train(taught, epochs, seed, say)
    often = "1 epoch" if kept.epochs == 1 else f"{kept.epochs} epochs"
    right = f"{100 * kept.accuracy:.2f} % of {kept.asked:,} held-out samples"
    say(f"Right on {right} after {often}. It is in {place(taught, seed)}, where `equilibria evaluate` finds it.")
    return kept
