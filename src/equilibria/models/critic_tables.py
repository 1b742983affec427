"""What a run's critic or encoder says of the samples in a folder or a file, as tables, arrays and pictures."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.files import atomic_output, output_path
from ..data.read_samples import UserSamples
from .conditions import Asked, spelled
from .critic_outputs import COMPARABLE, answers, classes, guess, opinion, paired, right, truths
from .features import FEATURES, hearing, maps, named
from .inputs import Place, read_inputs
from .load import load_sampler
from .sampler import Sampler
from .write import side_by_side, stored


@dataclass(frozen=True)
class Wish:
    """Which run's networks to apply, and to which samples.

    Args:
        run: The run folder.
        path: A folder, an image, an .npy or .npz file, or the name of a data set.
        label: Class, by name or number, of samples that have no labels of their own.
        part: Part of a data set: held-out, train or all.
        checkpoint: best, last or a round; default: the networks at the end of the run.
        data_root: Folder with the original files of data sets; default: EQUILIBRIA_DATA.
        force: Overwrite existing output.
    """

    run: str | Path
    path: str | Path
    label: Asked | None = None
    part: str = "held-out"
    checkpoint: str | int | None = None
    data_root: str | None = None
    force: bool = False

    def samples(self) -> tuple[Sampler, UserSamples]:
        """The model and the samples."""
        model = load_sampler(self.run, self.checkpoint, self.data_root)
        return model, read_inputs(model, Place(self.path, self.part, self.data_root))


def score_table(wish: Wish, out: str | Path = "scores.csv", count: int = 16) -> list[str]:
    """Score samples with the critic: a table sorted from least to most real. Returns sentences about it.

    Args:
        wish: The run and the samples.
        out: .csv: the sorted table; the lowest and highest are drawn in a .png of the same name.
        count: Number of lowest and of highest samples in the image.
    """
    path = output_path(out, (".csv",), wish.force)
    picture = output_path(path.with_suffix(".png"), (".png",), wish.force)
    if count < 1:
        raise Refusal(f"count is {count}: at least 1 is needed.")
    model, samples = wish.samples()
    scores = torch.cat(list(answers(model, opinion(model), paired(model, samples, wish.label)))).cpu()
    order = scores.argsort(stable=True)
    with atomic_output(path) as table, atomic_output(picture) as sheet:
        _write(table, ["file", "score"], [[samples.names[i], f"{scores[i]:.6g}"] for i in order.tolist()])
        _extremes(samples, order, count).save(sheet, "PNG")
    low, middle, high = scores[order[[0, len(order) // 2, -1]]].tolist()
    found = f"{len(samples):,} samples: scores from {low:.4g} to {high:.4g}, half of them below {middle:.4g}."
    least = f"Least real: {', '.join(f'{samples.names[i]} ({scores[i]:.4g})' for i in order[:5].tolist())}."
    return [found, least, *samples.remarks, COMPARABLE, f"All scores are in {path}, the extremes in {picture}."]


def feature_array(
    wish: Wish,
    layers: tuple[str, ...] = (),
    of: str = "critic",
    pooled: int = 0,
    out: str | Path = "features.npz",
) -> list[str]:
    """Extract hidden-layer features of samples to an .npz. Returns sentences about it.

    Args:
        wish: The run and the samples.
        layers: Layer names, as conv2 or conv1,conv2; without any, the verb lists them.
        of: Network: critic or encoder.
        pooled: Max-pool each feature map to N x N and concatenate layers; 0: keep maps as they are.
        out: .npz: an array for each layer, `files`, and `labels` if known.
    """
    path = output_path(out, (".npz",), wish.force)
    model, samples = wish.samples()
    wanted = list(layers) or (maps(model, of) if pooled else [FEATURES])
    groups = {FEATURES: wanted} if pooled else {name: [name] for name in wanted}
    said = {}
    for name, group in groups.items():
        heard = answers(model, hearing(model, group, of, pooled), paired(model, samples, wish.label))
        said[name] = np.concatenate([part.cpu().numpy() for part in heard])
    known, y = samples.labels, samples.y
    with atomic_output(path) as part, part.open("wb") as file:
        labels = {} if known is None or y is None else {"labels": stored(known.encode(y), known)}
        np.savez(file, **said, **labels, files=np.array(samples.names))  # type: ignore[arg-type]
    what = ", ".join(f"{name} ({' x '.join(map(str, array.shape[1:]))})" for name, array in said.items())
    return [f"{len(samples):,} samples: {what} of the {of} are in {path}.", *samples.remarks]


def layer_table(run: str | Path, of: str = "critic") -> dict[str, tuple[int, ...]]:
    """The hidden layers of a run's critic or encoder by name, each with the shape of what it says of a sample."""
    return named(load_sampler(run), of)


def class_table(wish: Wish, out: str | Path = "classes.csv") -> list[str]:
    """Classify samples with the critic's class head, and report the accuracy where labels are known.

    Args:
        wish: The run and the samples.
        out: .csv: file, label (if known), predicted class and the probability of every class.
    """
    path = output_path(out, (".csv",), wish.force)
    model, samples = wish.samples()
    labels, y = classes(model), truths(model, samples, wish.label)
    said = torch.cat(list(answers(model, guess(model), ((x, None) for x in samples.chunks())))).cpu()
    known = [""] * len(said) if y is None else [spelled(row, labels) for row in y]
    best = [labels.names[i] for i in said.argmax(dim=1).tolist()] if labels.kind == "class" else []
    heads = ["file", "label", *(["class"] if best else []), *labels.names]
    rows = [
        [name, known[i], *best[i : i + 1], *(f"{value:.6g}" for value in said[i].tolist())]
        for i, name in enumerate(samples.names)
    ]
    with atomic_output(path) as table:
        _write(table, heads, rows)
    return [f"{len(samples):,} samples: {_right(said, y, model)}", *samples.remarks, f"The table is in {path}."]


def _right(said: Tensor, y: Tensor | None, model: Sampler) -> str:
    if y is None:
        return "their labels are not known, so nor is how often the class head is right."
    what, share = right(said, y, classes(model))
    return f"{what} {share:.4g}." if what.endswith("error") else f"{what} {100 * share:.2f} %."


def _extremes(samples: UserSamples, order: Tensor, count: int) -> PIL.Image.Image:
    """The samples with the lowest scores over those with the highest; points over all of them."""
    space, few = samples.space, min(count, max(len(order) // 2, 1))
    drawn = [space.encode(samples.raw[places]) for places in (order[:few], order.flip(0)[:few])]
    return side_by_side(space, drawn, ["least real", "most real"], [samples.x()] * 2)


def _write(path: Path, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(heads)
        writer.writerows(rows)
