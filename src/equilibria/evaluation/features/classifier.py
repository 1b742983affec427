"""Features of a classifier trained on the data set's own classes."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from ...core.errors import Refusal
from ...data import load_data
from ...data.dataset import Data
from . import classifier_training
from .base import Features, digest
from .classifier_training import (
    Convolutions,
    StoredClassifier,
    Training,
    accuracy,
    fit,
    place,
    resizing,
    untrained,
    usual_epochs,
)

Say = Callable[[str], None]


def classifier(
    data: Data, root: Path | None = None, say: Say | None = None, *, epochs: int = 0, seed: int = 0
) -> Features:
    """A small network trained on the data's own classes and kept; of stacked MNIST, on its digits, each by itself.

    `epochs` is how often every training sample is shown, 0: less often the more there are; it matters only where no
    classifier is kept yet. `seed` is where its weights start.
    """
    taught, stored = classified_data(data, root), stored_classifier(data, root, seed)
    if stored is None:
        stored = train(taught, epochs, seed, say or _silent)
    network = _network(taught, stored, seed)
    about = (
        f"a classifier of {taught.name}, right on {100 * stored.accuracy:.2f} % of {stored.asked:,} held-out samples"
    )
    name, resized, marked = f"classifier of {taught.name}", resizing(taught.space.shape), digest(stored.weights)
    if not data.channels_of:
        return Features(name, _still(network.features), marked, resized, about, _still(network))
    seen, told = _still(_side_by_side(network)), _still(_joint(network))
    return Features(f"{name}, channel by channel", seen, marked, resized, f"{about}, channel by channel", told)


def train(data: Data, epochs: int = 0, seed: int = 0, say: Say | None = None) -> StoredClassifier:
    """Train the classifier of these data and keep it, in the place of one that is kept already."""
    refuse_unlabelled(data)
    if epochs < 0:
        raise Refusal(f"epochs is {epochs}: at least 1 is needed, or 0 for as many as are usual.")
    epochs = epochs or usual_epochs(data)
    network = fit(Training(data, epochs, seed, say or _silent))
    share, asked = accuracy(network, data)
    found = StoredClassifier(
        {name: each.contiguous() for name, each in network.state_dict().items()}, share, asked, epochs, data.name
    )
    classifier_training.write(classifier_training.place(data, seed), found)
    return found


def stored_classifier(data: Data, root: Path | None = None, seed: int = 0) -> StoredClassifier | None:
    """The classifier that is kept for these data, if one is."""
    return classifier_training.read(classifier_training.place(classified_data(data, root), seed))


def classified_data(data: Data, root: Path | None = None) -> Data:
    """The data whose classes are learned: the same, but of stacked MNIST the digits. Raises Refusal without classes."""
    if data.channels_of:
        return load_data(data.channels_of, root)
    refuse_unlabelled(data)
    return data


def refuse_unlabelled(data: Data) -> None:
    """Raises Refusal for data that no classifier can be trained on."""
    if len(data.space.shape) != 3:
        raise Refusal(f"The data {data.name!r} are no pictures: compare their samples as they are, --features pixels.")
    if data.labels is None or data.y is None or data.held_out_y is None or data.labels.kind != "class":
        what = "have no labels" if data.labels is None else f"are labelled by {data.labels}"
        raise Refusal(
            f"The data {data.name!r} {what}, and a classifier needs classes: choose --features inception or random, "
            "or name a network of your own, my_module:my_function."
        )


def _network(data: Data, stored: StoredClassifier, seed: int) -> Convolutions:
    assert data.labels is not None
    network = untrained(data.space.shape, data.labels.size, seed)
    network.load_state_dict(stored.weights)
    return network.eval().requires_grad_(False)


def _still(ask: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    @torch.no_grad()
    def look(x: Tensor) -> Tensor:
        return ask(x.float()).float()

    return look


def _side_by_side(network: Convolutions) -> Callable[[Tensor], Tensor]:
    """(B, 3, H, W) -> (B, 3 F): the features of each channel."""
    return lambda x: torch.cat([network.features(x[:, i : i + 1]) for i in range(x.shape[1])], dim=1)


def _joint(network: Convolutions) -> Callable[[Tensor], Tensor]:
    """(B, 3, H, W) -> logits (B, 1000) of the numbers that three digits make, the first channel's before the others."""

    def classify(x: Tensor) -> Tensor:
        said = torch.zeros(len(x), 1, device=x.device)
        for i in range(x.shape[1]):
            digit = log_softmax(network(x[:, i : i + 1]), dim=1)
            said = (said[:, :, None] + digit[:, None, :]).flatten(1)
        return said

    return classify


def _silent(_: str) -> None:
    pass


def train_features(
    data: str,
    epochs: int = 0,
    seed: int = 0,
    force: bool = False,
    data_root: str | None = None,
    say: Callable[[str], None] = print,
) -> StoredClassifier:
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
    found = load_data(data, root)
    taught = classified_data(found, root)
    kept = None if force else stored_classifier(taught, root, seed)
    if kept is not None:
        say(f"A classifier of {taught.name} is kept already; --force trains another in its place.")
    else:
        say(f"A classifier learns {taught.labels} from {len(taught.x):,} samples of {taught.name}.")
        kept = train(taught, epochs, seed, say)
    often = "1 epoch" if kept.epochs == 1 else f"{kept.epochs} epochs"
    right = f"{100 * kept.accuracy:.2f} % of {kept.asked:,} held-out samples"
    say(f"Right on {right} after {often}. It is in {place(taught, seed)}, where `equilibria evaluate` finds it.")
    return kept
