"""An evaluation as people read it: a table, and what it was measured on."""

from collections.abc import Sequence

from ...evaluation.cards import Card
from ...evaluation.metrics.base import Figure
from ..numbers import Evaluation, Number

_ARROWS = {"lower": "↓", "higher": "↑", "neither": ""}


def table(evaluation: Evaluation) -> list[tuple[str, ...]]:
    """A row for each figure below heads: which way is better, real samples beside real ones, each checkpoint."""
    whiches = list(dict.fromkeys(number.card.checkpoint for number in evaluation.numbers))
    rounds = {number.card.checkpoint: number.round for number in evaluation.numbers}
    heads = ("metric", "", "real", *(f"{which} (round {rounds[which]:,})" for which in whiches))
    rows = []
    for name in evaluation.names():
        numbers = [evaluation.of(name, which) for which in whiches]
        first = next(number for number in numbers if number is not None)
        cells = ["" if number is None else shown(Figure(number.value, number.error)) for number in numbers]
        rows.append((name, _ARROWS[first.better], "" if first.floor is None else shown(first.floor), *cells))
    return [heads, *rows]


def shown(figure: Figure) -> str:
    """A number with its standard error: 12.35 ± 0.21."""
    if figure.error is None:
        return f"{round(figure.value, 12) + 0.0:.4g}"
    if figure.error == 0:
        return f"{figure.value:.4g} ± 0"
    digits = _digits(figure.error)
    return (
        f"{figure.value:.{digits}f} ± {figure.error:.{digits}f}"
        if digits < 7
        else f"{round(figure.value, 12) + 0.0:.3g}"
    )


def paragraph(evaluation: Evaluation) -> str:
    """What the numbers were measured on, and how to read them."""
    if not evaluation.numbers:
        return "Nothing was measured."
    largest = max((number.card for number in evaluation.numbers), key=lambda card: (card.real, card.generated))
    said = [
        f"On {largest.data}: {largest.real:,} real samples ({largest.split}) beside {largest.generated:,} that the "
        f"generator drew with seed {largest.seed}, its weights {'averaged' if largest.averaged else 'as they played'}.",
        *_through(evaluation),
        *_chosen(evaluation.numbers),
        "Real: the same figure for as many training samples in the place of the generated ones, which no model need "
        "beat; ± is one standard error. Arrows point to what is better; figures without one are to be near the real.",
    ]
    return " ".join(said)


def _through(evaluation: Evaluation) -> list[str]:
    """By which network samples were seen."""
    seen = {n.card.features: n.card for n in evaluation.numbers if n.card.features not in ("none", "pixels")}
    if not seen:
        return ["Samples are compared as they are."]
    (name, card), *_ = seen.items()
    resized = "" if card.resizing == "none" else f", {card.resizing}"
    fid = " This Frechet distance is what is called FID." if name == "inception" else ""
    return [f"Features: {evaluation.about or name} (weights {card.digest}{resized}).{fid}"]


def _chosen(numbers: Sequence[Number]) -> list[str]:
    """How checkpoints were chosen."""
    cards: dict[str, Card] = {number.card.checkpoint: number.card for number in numbers}
    return [f"Best: {cards['best'].rule}."] if "best" in cards else []


def _digits(error: float) -> int:
    """Two figures of the error."""
    digits = 1
    while digits < 7 and error > 0 and error * 10**digits < 9.5:
        digits += 1
    return digits
