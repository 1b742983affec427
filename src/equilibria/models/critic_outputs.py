"""Outputs of the critic on given samples: scores and classes."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.types import Views
from ..data.dataset import KINDS, Labels
from ..data.read_samples import UserSamples
from ..networks.blocks import MinibatchStd
from .conditions import Asked, asked_for
from .sampler import Sampler

Pair = tuple[Tensor, Tensor | None]  # samples (B, *shape), and what they were made or labelled under, (B, C)
Ask = Callable[[Tensor, Tensor | None], Tensor]  # samples (B, *shape) and conditions (B, C)? to (B, ...)
_ROWS = 256  # seen at a time
_FEW = 8
UNLABELLED = (
    "What this model says of a sample depends on its label, and these samples have none: bring labelled ones (a folder "
    "of each class, or an array `labels`), or say --label for all of them."
)


def judge(model: Sampler) -> Any:
    """The critic, of samples one by one. Raises Refusal if it is none of these."""
    if "critic" not in model.networks:
        raise Refusal("This model has no critic: it was trained by a game without one.")
    if model.sees == "latents":
        raise Refusal("The critic of this model judges latents and never saw a sample.")
    if model.packed > 1:
        raise Refusal(
            f"The critic of this model judges {model.packed} samples as one (game.pack), so it has no opinion of a "
            f"single one: train without --pack."
        )
    if any(isinstance(part, MinibatchStd) for part in model.networks["critic"].modules()):
        raise Refusal(
            "The critic of this model compares the samples of a batch (minibatch_std), so it has no opinion of a "
            "single one: train with --critic.minibatch-std 0."
        )
    return model.networks["critic"]


def encoder(model: Sampler) -> Any:
    """The encoder. Raises Refusal if there is none."""
    if "encoder" not in model.networks:
        raise Refusal("This model has no encoder: its game does without one.")
    return model.networks["encoder"]


def views(model: Sampler, x: Tensor, y: Tensor | None) -> Views:
    """What the critic is shown of samples (B, *shape): of pairs, the code is what the encoder expects."""
    return (x, encoder(model)(x, y).mean) if model.sees == "pairs" else (x,)


def told(y: Tensor | None) -> dict[str, Tensor]:
    """A condition as critics take it, if there is one."""
    return {} if y is None else {"y": y}


def conditions(model: Sampler, samples: UserSamples, label: Asked | None = None) -> Tensor | None:
    """What the samples are, as the networks are told: (N, C); None if nobody knows, or the model does not care.

    A label that is given is every sample's.
    """
    return None if model.conditions is None else truths(model, samples, label)


def truths(model: Sampler, samples: UserSamples, label: Asked | None = None) -> Tensor | None:
    """The same, whether the networks are told or not: (N, C), or None if nobody knows."""
    if model.labels is None:
        return None
    if label is not None and label != "":
        asked = asked_for(label, model.labels)
        if len(asked) > 1:
            raise Refusal(f"{label!r} means {len(asked)} labels, and all samples are of one: give one, or none.")
        return asked.expand(len(samples), -1)
    return None if samples.labels is None or samples.y is None else translated(samples.y, samples.labels, model.labels)


def labelled(model: Sampler, labels: Asked | None, count: int) -> Tensor | None:
    """Conditions (count, C) that are asked for: one of all samples, or one of each; None if nothing is."""
    if labels is None:
        return None
    asked = model.asked(labels)
    if len(asked) not in (1, count):
        raise Refusal(f"{len(asked)} labels were given for {count} samples: give one of each, or one of all.")
    return asked.expand(count, -1)


def translated(y: Tensor, theirs: Labels, ours: Labels) -> Tensor:
    """Labels as they are kept, (N,) or (N, C), as the networks know them: (N, C). Classes are the same by their names.

    Raises Refusal for a class that the model does not know.
    """
    if theirs.kind != ours.kind or (ours.kind != "class" and theirs.size != ours.size):
        raise Refusal(f"The labels are {theirs}, and this model knows {ours}.")
    if ours.kind != "class":
        return theirs.encode(y)
    used = [theirs.names[i] for i in y.unique().tolist()]
    if strange := [name for name in used if name not in ours.names]:
        kinds = KINDS["class"][len(strange) != 1]
        raise Refusal(f"The labels have the {kinds} {', '.join(strange)}, and this model knows {ours}.")
    places = torch.tensor([ours.names.index(name) if name in ours.names else 0 for name in theirs.names])
    return ours.encode(places[y.long()])


def paired(model: Sampler, samples: UserSamples, label: Asked | None = None) -> Iterator[Pair]:
    """Samples as the networks see them, and their conditions, some at a time."""
    y = conditions(model, samples, label)
    chunks = samples.chunks(_ROWS)
    return ((x, None) for x in chunks) if y is None else zip(chunks, y.split(_ROWS), strict=True)


def chunked(x: Tensor, y: Tensor | None = None) -> Iterator[Pair]:
    """The same of tensors: (N, *shape) and (N, C)."""
    chunks = x.split(_ROWS)
    return ((x, None) for x in chunks) if y is None else zip(chunks, y.split(_ROWS), strict=True)


@torch.no_grad()
def answers(model: Sampler, ask: Ask, pairs: Iterable[Pair], otherwise: str = UNLABELLED) -> Iterator[Tensor]:
    """What a network says of samples and their conditions, chunk by chunk, where the model is.

    Conditions that a conditional model is not given are made up where the answer does not depend on them; Refusal
    where it does, in the words of `otherwise`.
    """
    rest, size = iter(pairs), 0 if model.conditions is None else model.conditions.rows.shape[1]
    if (first := next(rest, None)) is None:
        return
    made_up = size > 0 and first[1] is None
    if made_up and matters(ask, first[0][:_FEW].to(model.device), size):
        raise Refusal(otherwise)
    for x, y in chain([first], rest):
        given = torch.zeros(len(x), size) if made_up else y
        yield ask(x.to(model.device), None if given is None else given.to(model.device))


def matters(ask: Ask, x: Tensor, size: int) -> bool:
    """Whether two conditions, of so many numbers, are answered differently."""
    one, other = (ask(x, torch.full((len(x), size), value).to(x)) for value in (0.0, 1.0))
    return not torch.equal(one, other)


COMPARABLE = (
    "Scores are comparable within this one model only: their zero and their unit are its critic's own, and what it "
    "finds unreal may be rare, badly drawn, or unlike what it was trained on."
)


def score(model: Sampler, x: Tensor, y: Tensor | None = None) -> Tensor:
    """The critic's scores of samples (N, *shape) under their conditions (N, C)?, high for real: (N,).

    Comparable within this one model only. A critic of pairs sees each sample beside its code.
    """
    return torch.cat(list(answers(model, opinion(model), chunked(x, y)))).cpu()


def opinion(model: Sampler) -> Ask:
    """Samples (B, *shape) and conditions (B, C)? to scores (B,), in single precision."""
    critic = judge(model)
    return lambda x, y: critic(*views(model, x, y), **told(y)).float()


def classify(model: Sampler, x: Tensor) -> Tensor:
    """What the class head says of samples (N, *shape): (N, C).

    Probabilities of classes, which sum to one; of attributes, one by one; guesses of numbers as they are.
    """
    return torch.cat(list(answers(model, guess(model), chunked(x)))).cpu()


def guess(model: Sampler) -> Ask:
    """Samples (B, *shape) to probabilities or guesses (B, C), whatever their conditions."""
    labels, critic = classes(model), judge(model)

    def ask(x: Tensor, y: Tensor | None) -> Tensor:
        said: Tensor = critic.classify(*views(model, x, y)).float()
        if labels.kind == "class":
            return said.softmax(dim=1)
        return said.sigmoid() if labels.kind == "multi-hot" else said

    return ask


def classes(model: Sampler) -> Labels:
    """What the class head tells apart. Raises Refusal where there is none."""
    critic: Any = judge(model)
    if model.labels is None or not callable(getattr(critic, "classify", None)):
        raise Refusal(
            "The critic of this model has no class head: train one that has, such as acgan, or `probe` its features."
        )
    return model.labels


def right(said: Tensor, y: Tensor, labels: Labels) -> tuple[str, float]:
    """What is measured of guesses and true labels, each (N, C), and how much it is: a share, or a distance."""
    if labels.kind == "class":
        return "accuracy", float((said.argmax(dim=1) == y.argmax(dim=1)).double().mean())
    if labels.kind == "multi-hot":
        return "attributes that are right", float(((said > 0.5) == (y > 0.5)).double().mean())
    return "mean absolute error", float((said - y).abs().double().mean())
