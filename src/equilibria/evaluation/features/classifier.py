"""Features of a classifier trained on the data set's own classes."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from ...core.errors import Refusal
from ...data import load_data
from ...data.dataset import Data
from .base import Features, digest
from .classifier_training import Convolutions, Say, StoredClassifier, place, read, resizing, silent, train, untrained


def classifier(data: Data, root: Path | None = None, say: Say = silent, *, epochs: int = 0, seed: int = 0) -> Features:
    """A small network trained on the data's own classes and stored; for stacked MNIST on its digits, one by one.

    `epochs` is passes over the training samples, 0: fewer for more samples; it matters only if no classifier is stored.
    `seed` is for its initial weights.
    """
    source, stored = classified_data(data, root), stored_classifier(data, root, seed)
    if stored is None:
        stored = train(source, epochs, seed, say)
    assert source.labels is not None
    network = untrained(source.space.shape, source.labels.size, seed)
    network.load_state_dict(stored.weights)
    network.eval().requires_grad_(False)
    channels, more = bool(data.channels_of), ", channel by channel" if data.channels_of else ""
    return Features(
        f"classifier of {source.name}{more}",
        frozen(_channel_features(network) if channels else network.features),
        digest(stored.weights),
        resizing(source.space.shape),
        f"a classifier of {source.name}, right on {stored.result}{more}",
        frozen(_channel_logits(network) if channels else network),
    )


def stored_classifier(data: Data, root: Path | None = None, seed: int = 0) -> StoredClassifier | None:
    """The classifier that is stored for this data, if there is one."""
    return read(place(classified_data(data, root), seed))


def classified_data(data: Data, root: Path | None = None) -> Data:
    """The data whose classes are learned: the same, or the digits of stacked MNIST. Raises Refusal without classes."""
    if data.channels_of:
        return load_data(data.channels_of, root)
    refuse_other_than_images(data)
    data = data.labeled_part()
    if data.labels is None or data.y is None or data.held_out_y is None or data.labels.kind != "class":
        what = "has no labels" if data.labels is None else f"is labeled by {data.labels}"
        raise Refusal(
            f"The data {data.name!r} {what}, and a classifier needs classes: choose --features inception or random, "
            "or name a network of your own, my_module:my_function."
        )
    return data


def refuse_other_than_images(data: Data) -> None:
    """Raise Refusal for data without images."""
    if len(data.space.shape) != 3:
        raise Refusal(f"The data {data.name!r} has no images: compare its samples as they are, --features pixels.")


def frozen(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The function of float32 samples, to float32, without gradients."""
    return torch.no_grad()(lambda x: function(x.float()).float())


def _channel_features(network: Convolutions) -> Callable[[Tensor], Tensor]:
    """(B, 3, H, W) -> (B, 3 F): the features of each channel."""
    return lambda x: torch.cat([network.features(x[:, i : i + 1]) for i in range(x.shape[1])], dim=1)


def _channel_logits(network: Convolutions) -> Callable[[Tensor], Tensor]:
    """(B, 3, H, W) -> log-probabilities (B, 1000) of the numbers of three digits, hundreds first."""

    def classify(x: Tensor) -> Tensor:
        logits = torch.zeros(len(x), 1, device=x.device)
        for i in range(x.shape[1]):
            digit = log_softmax(network(x[:, i : i + 1]), dim=1)
            logits = (logits[:, :, None] + digit[:, None, :]).flatten(1)
        return logits

    return classify


def train_features(
    data: str, epochs: int = 0, seed: int = 0, force: bool = False, data_root: str | None = None, say: Say = print
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
    source = classified_data(load_data(data, root), root)
    stored = None if force else stored_classifier(source, root, seed)
    if stored is not None:
        say(f"There is a classifier of {source.name} already; --force trains another in its place.")
    else:
        say(f"Training a classifier of {source.labels} on {len(source.x):,} samples of {source.name}.")
        stored = train(source, epochs, seed, say)
    often = "1 epoch" if stored.epochs == 1 else f"{stored.epochs} epochs"
    say(f"Right on {stored.result} after {often}. `equilibria evaluate` reads it from {place(source, seed)}.")
    return stored
