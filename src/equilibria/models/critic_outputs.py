"""Outputs of the critic for a user's samples: scores and classes."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import PIL.Image
import torch
from torch import Tensor

from ..core.errors import Refusal, at_least
from ..core.types import Views
from ..data.dataset import Labels, Space
from ..networks.blocks import MinibatchStd
from .conditions import LabelQuery, label_text
from .grids import captioned
from .inputs import Inputs, Source, read_inputs, true_conditions

if TYPE_CHECKING:
    from .model import Model

Function = Callable[[Tensor, Tensor | None], Tensor]  # samples (B, *shape) and conditions (B, C)? to (B, ...)
_FEW = 8
UNLABELED = (
    "The output for a sample depends on its label, and these samples have none: give labeled ones (a folder for each "
    "class, or an array `labels`), or one label for all (--label; in Python, labels=...)."
)
COMPARABLE = (
    "Scores are comparable within this model only: zero and unit are its critic's own. A sample with a low score may "
    "be rare, badly drawn, or unlike the training data."
)


def critic_of(model: "Model") -> Any:
    """The critic of single samples. Raises Refusal for a model without one."""
    if "critic" not in model.networks:
        raise Refusal("This model has no critic: it was trained by a game without one.")
    if model.critic_input.views == "latents":
        raise Refusal("The critic of this model scores latents, not samples.")
    if (packed := model.critic_input.packed) > 1:
        raise Refusal(
            f"The critic of this model scores {packed} samples as one (game.pack), and no single one: train without "
            f"--pack."
        )
    if any(isinstance(part, MinibatchStd) for part in model.networks["critic"].modules()):
        raise Refusal(
            "The critic of this model compares the samples of a batch (minibatch_std), so it scores no single one: "
            "train with --critic.minibatch-std 0."
        )
    return model.networks["critic"]


def encoder_of(model: "Model") -> Any:
    """The encoder. Raises Refusal for a model without one."""
    if "encoder" not in model.networks:
        raise Refusal("This model has no encoder: use `invert`, which finds the latents of samples by search.")
    return model.networks["encoder"]


def views(model: "Model", x: Tensor, y: Tensor | None) -> Views:
    """The critic's views of samples (B, *shape); in pairs, the code is the encoder's mean."""
    return (x, encoder_of(model)(x, y).mean) if model.critic_input.views == "pairs" else (x,)


def condition_kwargs(y: Tensor | None) -> dict[str, Tensor]:
    """A condition as a critic's keyword argument, if there is one."""
    return {} if y is None else {"y": y}


@torch.no_grad()
def outputs(model: "Model", function: Function, inputs: Inputs, refusal: str = UNLABELED) -> Iterator[Tensor]:
    """A function of samples and conditions, batch by batch, on the model's device.

    For samples without labels a conditional model receives zeros, if its output does not depend on the condition; else
    a Refusal is raised, with this text.
    """
    batches, size = inputs.batches(), model.condition_size
    first = next(batches)
    unlabeled = size > 0 and first[1] is None
    if unlabeled and _depends(function, first[0][:_FEW], size):
        raise Refusal(refusal)
    for x, y in chain([first], batches):
        yield function(x, torch.zeros(len(x), size).to(x.device) if unlabeled else y)


def _depends(function: Function, x: Tensor, size: int) -> bool:
    """Whether two conditions of this size give different outputs."""
    one, other = (function(x, torch.full((len(x), size), value).to(x)) for value in (0.0, 1.0))
    return not torch.equal(one, other)


def score(model: "Model", source: Source = None, labels: LabelQuery | None = None) -> Tensor:
    """The critic's scores of samples, high for real: (N,), comparable within this model only.

    Args:
        source: A folder, an image, an array, a data set or a tensor (N, *space.shape); default: held-out data.
        labels: For conditional models: class or attributes of samples that have no labels of their own.

    Example:
        >>> model = eq.load("runs/digits")
        >>> model.score(model.sample(4, labels=7), labels=7).shape
        torch.Size([4])
        >>> model.score("digits").shape  # the held-out digits
        torch.Size([188])
    """
    return score_table(model, source, labels=labels).scores


def scores(model: "Model") -> Function:
    """Samples (B, *shape) and conditions (B, C)? to scores (B,), in single precision."""
    critic = critic_of(model)
    return lambda x, y: critic(*views(model, x, y), **condition_kwargs(y)).float()


def classify(model: "Model", source: Source = None) -> Tensor:
    """The class head's output for samples: (N, C).

    Probabilities that sum to one for classes, one by one for attributes; predicted values for numbers.

    Example:
        >>> model = eq.load("runs/digits")
        >>> model.classify(model.sample(4)).shape
        torch.Size([4, 10])
    """
    return class_table(model, source).predicted


def predictions(model: "Model") -> Function:
    """Samples (B, *shape) to probabilities or predicted values (B, C), whatever their conditions."""
    labels, critic = class_labels(model), critic_of(model)

    def predict(x: Tensor, y: Tensor | None) -> Tensor:
        logits: Tensor = critic.classify(*views(model, x, y)).float()
        if labels.kind == "class":
            return logits.softmax(dim=1)
        return logits.sigmoid() if labels.kind == "multi-hot" else labels.decode(logits)

    return predict


def class_labels(model: "Model") -> Labels:
    """The labels that the class head predicts. Raises Refusal for a critic without one."""
    if model.labels is None or not callable(getattr(critic_of(model), "classify", None)):
        raise Refusal(
            "The critic of this model has no class head: train one that has, such as acgan, or `probe` its features."
        )
    return model.labels


def accuracy(predicted: Tensor, y: Tensor, labels: Labels) -> tuple[str, float]:
    """How predictions compare with true labels, each (N, C): the name of a measure and its value."""
    if labels.kind == "class":
        rows = y.any(dim=1)  # zeros where the class is not known
        return "accuracy", float((predicted.argmax(dim=1) == y.argmax(dim=1))[rows].double().mean())
    if labels.kind == "multi-hot":
        return "correct attributes", float(((predicted > 0.5) == (y > 0.5)).double().mean())
    return "mean absolute error", float((predicted - labels.decode(y)).abs().double().mean())


@dataclass(frozen=True)
class ScoreTable:
    """Scores of samples, least real first."""

    space: Space
    inputs: Inputs
    scores: Tensor  # (N,)
    count: int  # samples at each end of the picture

    @property
    def order(self) -> list[int]:
        """The places of the samples by score, lowest first."""
        return self.scores.argsort(stable=True).tolist()

    def table(self) -> list[list[str]]:
        """The rows of a .csv, after their titles."""
        return [["file", "score"], *([self.inputs.names[i], f"{self.scores[i]:.6g}"] for i in self.order)]

    def picture(self) -> PIL.Image.Image:
        """The samples with the lowest scores above those with the highest; points over all of them."""
        few = min(self.count, max(len(self.order) // 2, 1))
        ends = [self.inputs.encode(self.inputs.raw[rows]) for rows in (self.order[:few], self.order[::-1][:few])]
        return captioned(self.space, ends, ["least real", "most real"], [self.inputs.x] * 2)

    def summary(self) -> str:
        """The range of the scores and the lowest of them."""
        names, order, values = self.inputs.names, self.order, self.scores
        low, middle, high = values[[order[0], order[len(order) // 2], order[-1]]].tolist()
        least = ", ".join(f"{names[i]} ({values[i]:.4g})" for i in order[:5])
        text = f"{len(order):,} samples: scores from {low:.4g} to {high:.4g}, half of them below {middle:.4g}."
        return "\n".join([text, f"Least real: {least}.", *self.inputs.remarks, COMPARABLE])


def score_table(
    model: "Model", source: Source = None, *, labels: LabelQuery | None = None, count: int = 16
) -> ScoreTable:
    """Score samples with the critic: a table sorted from least to most real.

    Args:
        labels: For conditional models: class, by name or number, of samples that have no labels of their own.
        count: Number of lowest and of highest samples in the image.
    """
    at_least(1, "", count=count)
    inputs = read_inputs(model, source, labels, required=False)
    return ScoreTable(model.space, inputs, torch.cat(list(outputs(model, scores(model), inputs))).cpu(), count)


@dataclass(frozen=True)
class ClassTable:
    """Predictions of the class head for samples, with their labels where known."""

    labels: Labels
    inputs: Inputs
    predicted: Tensor  # (N, C)
    y: Tensor | None  # (N, C)

    def table(self) -> list[list[str]]:
        """The rows of a .csv, after their titles: file, label, predicted class, and a value for every class."""
        is_class = self.labels.kind == "class"
        rows = [["file", "label", *(["class"] if is_class else []), *self.labels.names]]
        for i, (name, values) in enumerate(zip(self.inputs.names, self.predicted, strict=True)):
            unknown = self.y is None or (is_class and not self.y[i].any())
            label = "" if self.y is None or unknown else label_text(self.y[i], self.labels)
            best = [self.labels.names[int(values.argmax())]] if is_class else []
            rows.append([name, label, *best, *(f"{value:.6g}" for value in values.tolist())])
        return rows

    def summary(self) -> str:
        """The accuracy, where labels are known."""
        text = "their labels are unknown, so the accuracy is, too."
        count = 0 if self.y is None else int(self.y.any(dim=1).sum()) if self.labels.kind == "class" else len(self.y)
        if self.y is not None and count:
            name, value = accuracy(self.predicted, self.y, self.labels)
            text = f"{name} {value:.4g}" if name.endswith("error") else f"{name} {100 * value:.2f} %"
            text += f", of the {count:,} whose labels are known." if count < len(self.y) else "."
        return "\n".join([f"{len(self.inputs):,} samples: {text}", *self.inputs.remarks])


def class_table(model: "Model", source: Source = None, *, labels: LabelQuery | None = None) -> ClassTable:
    """Classify samples with the critic's class head, and report the accuracy where labels are known.

    Args:
        labels: Class, by name or number, of samples that have no labels of their own.
    """
    inputs = read_inputs(model, source, required=False, all_samples=True)
    inputs = dataclasses.replace(inputs, y=None)  # predictions must not see labels
    predicted = torch.cat(list(outputs(model, predictions(model), inputs))).cpu()
    return ClassTable(class_labels(model), inputs, predicted, true_conditions(model, inputs, labels))
