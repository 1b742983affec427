"""Two sets of samples in one form: of folders, files, data sets, runs and models."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.files import user_path
from ..core.seeding import generator
from ..data import Data, load_data
from ..data.arrays import chunks, detect_labels, detect_layout, read_array, read_shapes
from ..data.dataset import Labels, Space, first_names
from ..data.datasets.array import array_names
from ..data.datasets.image_folder import ImageFormat, ImageSource, list_images
from ..data.image_decode import GRAY, Unreadable, fit_image
from ..data.image_files import holds_images
from ..data.in_memory import stored_data
from ..data.labels import AUTO
from ..data.spaces import Image, Plane
from ..models.load import load
from ..models.model import Model
from ..models.model_folder import CONFIG, model_folder
from ..training.run import Run
from .sample_sets import FEWEST, MOST, RealSamples, SampleSet, generated_samples, real_samples, repetitions

Samples = str | Path | Run | Model | Tensor | np.ndarray
_LEAST, _LARGEST = 8, 64  # pixels: bounds of the default side
_RESIZER = "lanczos"
_LOSSY = ("JPEG", "MPO", "WEBP")
_FAR = 0.1  # difference of two shares or scales that is mentioned


@dataclass(frozen=True)
class Files:
    """The images of a folder whose headers can be read."""

    source: ImageSource
    sizes: Mapping[str, tuple[int, int]]  # width and height, by name
    formats: Mapping[str, int]  # counted: PNG, JPEG
    gray: float  # share without color

    @property
    def side(self) -> int:
        """The median short side, within limits."""
        return min(max(round(median(map(min, self.sizes.values()))), _LEAST), _LARGEST)

    @property
    def span(self) -> str:
        """The sizes in words: 32 x 32, or 41 x 40 to 86 x 84."""
        ordered = sorted(self.sizes.values(), key=lambda size: size[0] * size[1])
        return " to ".join(dict.fromkeys(f"{width} x {height}" for width, height in (ordered[0], ordered[-1])))

    @property
    def lossy(self) -> float:
        """The share in formats that change pixels."""
        return sum(count for name, count in self.formats.items() if name in _LOSSY) / len(self.sizes)

    def read(self, space: Space, count: int) -> tuple[Tensor, Tensor]:
        """At most `count` images of this space, at random, (N, C, H, W) uint8, and their places among `sizes`, (N,)."""
        names, rows = list(self.sizes), dict[int, np.ndarray]()
        for i in torch.randperm(len(names), generator=generator(0, len(names))).tolist():
            if len(rows) < count:
                with suppress(Unreadable), self.source.open(names[i]) as image:
                    rows[i] = fit_image(image, space.shape[-1], "crop", space.shape[0], _RESIZER)[0]
        x = torch.from_numpy(np.stack(list(rows.values()))) if rows else torch.empty(0, *space.shape, dtype=torch.uint8)
        return x, torch.tensor(list(rows))


LabeledSamples = tuple[Tensor, Tensor | None]  # (N, *space.shape), as stored or of a model, and classes (N,), if any


@dataclass(frozen=True)
class Collection:
    """A set of samples before it is read."""

    name: str
    kind: str
    count: int | None  # None: as many as are needed
    space: Space | None  # None: images that are resized
    read: Callable[[Space, int], LabeledSamples]  # at most so many
    files: Files | None = None
    data: Data | None = None  # of a data set with a held-out part
    labels: Labels | None = None

    def row(self, space: Space) -> tuple[str, ...]:
        """Name, kind, count, formats and sizes, and the form in which samples are compared."""
        form = " x ".join(map(str, space.shape[1:] or space.shape))
        count = "as needed" if self.count is None else f"{self.count:,}"
        if self.files is None:
            return self.name, self.kind, count, "-", form, "as they are"
        formats = ", ".join(f"{name} ({number:,})" for name, number in self.files.formats.items())
        change = "as they are" if self.files.span == form else f"resized to {form}"
        return self.name, self.kind, count, formats, self.files.span, change


@dataclass(frozen=True)
class SamplePair:
    """Samples and real ones in the same form."""

    samples: SampleSet
    real: RealSamples
    data: Data  # the real samples, for metrics and features
    rows: tuple[tuple[str, ...], ...]  # of a table of both
    remarks: tuple[str, ...]  # on what differs and changes the values


HEADS = ("samples", "kind", "count", "formats", "sizes", "compared")


def sample_pair(
    samples: Samples, against: Samples, count: int, size: int | None, seed: int, root: Path | None, trust: bool = False
) -> SamplePair:
    """Both sets in one form, as many of each: the smaller side of images, gray only if both are.

    Half of the real samples are the floor, unless they are a data set with a held-out part. Classes are used where
    those of the samples are among the real ones. Raises Refusal for different shapes, and where there are too few.
    """
    one, other = _collection(samples, root, seed, trust), _collection(against, root, seed + 1, trust)
    space, (labels, note) = _common_space(one, other, size), _common_labels(one, other)
    limits = [count or MOST, *(each.count // part for each, part in ((one, 1), (other, 2)) if each.count is not None)]
    drawn = one.read(space, min(limits))
    fake = drawn[0]
    if other.data is not None:
        most = min(count or MOST, len(fake), len(other.data.held_out) // 2)
        real, data = real_samples(other.data, most), other.data
    else:
        x, y = other.read(space, 2 * len(fake))
        most = min(len(fake), len(x) // 2)
        if most < (least := max(FEWEST, count)):
            raise Refusal(
                f"{one.name} has {one.count or len(fake):,} samples and {other.name} {other.count or len(x):,}, half "
                f"of which are for the floor: at least {least:,} and {2 * least:,} are needed."
            )
        real, data = _halves(x[: 2 * most], y, other, space)
    fakes = _sample_set(drawn, len(real.floor.x), one, space, labels)
    remarks = (*note, *_differences(one, other, space), *repetitions(fakes, real, other.name))
    return SamplePair(fakes, real, data, (one.row(space), other.row(space)), remarks)


def _common_labels(one: Collection, other: Collection) -> tuple[Labels | None, tuple[str, ...]]:
    """The classes of the real samples, where those of the others are among them, and a sentence where they are not."""
    kinds = [None if each.labels is None else each.labels.kind for each in (one, other)]
    if one.labels is None or other.labels is None or kinds != ["class", "class"]:
        return None, ()
    if more := [name for name in one.labels.names if name not in other.labels.names]:
        some = f"{first_names(more)}, which {other.name} has not"
        return None, (f"Labels are not used, since {one.name} has {some}: give equal classes equal names.",)
    missing = [name for name in other.labels.names if name not in one.labels.names]
    return other.labels, (f"{one.name} has no sample of {first_names(missing)}.",) if missing else ()


def _sample_set(pair: LabeledSamples, count: int, source: Collection, space: Space, labels: Labels | None) -> SampleSet:
    """The first of these samples as networks receive them, with their classes by these labels."""
    x, y = pair[0][:count], pair[1]
    x = x if source.kind == "model" else space.encode(x)
    if labels is None or source.labels is None or y is None:
        return SampleSet(x, source.name)
    places = torch.tensor([*(labels.names.index(name) for name in source.labels.names), -1])  # the last is unknown
    return SampleSet(x, source.name, labels.encode(places[y[:count]]))


def _halves(x: Tensor, y: Tensor | None, source: Collection, space: Space) -> tuple[RealSamples, Data]:
    """Real samples (2 N, ...) in two halves, one of them for the floor."""
    half, labels = len(x) // 2, source.labels if source.labels is not None and source.labels.kind == "class" else None
    y0, y1 = (None, None) if labels is None or y is None else (y[:half], y[half : 2 * half])
    pairs = ((x[:half], y0), (x[half:], y1))
    real, floor = (_sample_set(pair, half, source, space, labels) for pair in pairs)
    count = f"{len(x):,}" if source.count is None else f"{source.count:,}"
    learned = ", which a classifier learns from" * (labels is not None)
    split = f"{half:,} of {count}{learned}; another {half:,} are the floor"
    data = Data(source.name, space, x[:half], x[half:], labels, y0, y1)
    return RealSamples(real, floor, floor, split, lacks="they are not known here"), data


def _common_space(one: Collection, other: Collection, size: int | None) -> Space:
    """The space of both. Raises Refusal where shapes differ and nothing can be resized."""
    spaces = {each.name: each.space for each in (one, other) if each.space is not None}
    files = [each.files for each in (one, other) if each.files is not None]
    if len(files) == 2:
        side = ImageFormat(size, "crop", _RESIZER, None).size or min(each.side for each in files)
        return Image(1 if all(each.gray == 1 for each in files) else 3, side, side)
    if size is not None:
        raise Refusal("--size applies where both are folders of images: leave it out.")
    (name, space), shapes = next(iter(spaces.items())), [tuple(each.shape) for each in spaces.values()]
    if shapes[0] != shapes[-1]:
        pairs = zip((one.name, other.name), shapes, strict=True)
        texts = [f"{name} has samples of {' x '.join(map(str, shape))}" for name, shape in pairs]
        raise Refusal(
            f"{' and '.join(texts)}: only images in folders are resized. Write one of them to a folder, for a run with "
            "`equilibria sample RUN --count 1000 --out samples/`."
        )
    square = isinstance(space, Image) and space.height == space.width and space.channels in (1, 3)
    if files and not square:
        shape = " x ".join(map(str, space.shape))
        raise Refusal(f"{name} has samples of {shape}, which no folder of images can have: give two arrays.")
    return space


def _collection(samples: Samples, root: Path | None, seed: int, trust: bool) -> Collection:
    """What is at a path, or in memory. Raises Refusal if it holds no samples."""
    if isinstance(samples, Model):
        return _of_model(samples, "the model", seed)
    path = user_path(Path(samples := stored_data(samples)))
    if (model_folder(path) / CONFIG).is_file():
        whole = samples if isinstance(samples, Run) else path
        return _of_model(load(whole, networks=("generator", "prior"), trust=trust), str(path), seed)
    if holds_images(path) and path.exists():
        return _of_folder(path, str(samples))
    if path.is_file() and path.suffix in (".npy", ".npz"):
        names = array_names(path, read_shapes(path))
        return _of_array(path, *(read_array(path, name) for name in names if name is not None))
    return _of_data(load_data(str(samples), root))


def _of_model(model: Model, name: str, seed: int) -> Collection:
    def read(_: Space, count: int) -> LabeledSamples:
        samples = generated_samples(model, count, seed, print, name)
        return samples.x, None if samples.y is None else samples.y.argmax(dim=1)

    labels = None if model.conditions is None else model.labels
    return Collection(name, "model", None, model.space, read, labels=labels)


def _of_data(data: Data) -> Collection:
    everything = torch.cat([data.x, data.held_out])
    read = _reader(everything, None)
    return Collection(data.name, "data set", len(everything), data.space, read, data=data, labels=data.labels)


def _of_array(path: Path, raw: np.ndarray, classes: np.ndarray | None = None) -> Collection:
    labels, y = (None, None) if classes is None else detect_labels(path, classes, len(raw))[:2]
    if raw.ndim == 2:
        x = torch.from_numpy(np.array(raw, dtype=np.float32))
        return Collection(str(path), "points", len(x), Plane(), _reader(x, y), labels=labels)
    images = detect_layout(path, raw, "auto")
    x = torch.from_numpy(np.concatenate([images.convert(part) for part in chunks(raw)]))
    return Collection(str(path), "array", len(x), Image(*images.shape), _reader(x, y), labels=labels)


def _reader(x: Tensor, y: Tensor | None) -> Callable[[Space, int], LabeledSamples]:
    """Reads at most so many of these samples as stored, (N, ...), with their labels, at random."""
    order = torch.randperm(len(x), generator=generator(0, len(x)))
    return lambda _, count: (x[order[:count]], None if y is None else y[order[:count]])


def _of_folder(path: Path, name: str) -> Collection:
    source, sizes, formats, gray = list_images(path)[0], dict[str, tuple[int, int]](), Counter[str](), 0
    for each in source.names:
        with suppress(Unreadable), source.open(each) as image:
            sizes[each] = image.size
            formats[image.format or "unknown"] += 1
            gray += image.mode in GRAY
    if not sizes:
        raise Refusal(f"None of the {len(source.names):,} images of {name} can be read.")
    files = Files(source, sizes, dict(formats.most_common()), gray / len(sizes))
    kind = "folder" if path.is_dir() else "archive"
    labels, y, _ = source.label_column(list(sizes), AUTO)

    def read(space: Space, count: int) -> LabeledSamples:
        x, places = files.read(space, count)
        return x, y[places] if labels else None

    return Collection(name, kind, len(sizes), None, read, files, labels=labels)


def _differences(one: Collection, other: Collection, space: Space) -> list[str]:
    """What sets apart the files of two collections and has a part in every distance."""
    remarks, side, both = list[str](), space.shape[-1], (one, other)
    scales = [side / median(map(min, each.files.sizes.values())) if each.files else 1.0 for each in both]
    if abs(scales[0] - scales[1]) > _FAR:
        pairs = [(each, scale) for each, scale in zip(both, scales, strict=True) if each.files and scale != 1]
        words = ("enlarged", "shrunk")
        texts = [f"{each.name} {words[scale < 1]} from {each.row(space)[4]}" for each, scale in pairs]
        rest = " and the other not" if len(texts) == 1 else ""
        remarks.append(
            f"Resized differently: {' and '.join(texts)}{rest}. A part of every distance is the "
            "resizing, which smooths: compare sets of one size."
        )
    if one.files is None or other.files is None:
        return remarks
    if abs(one.files.lossy - other.files.lossy) > _FAR:
        texts = [f"{each.name} is {', '.join(each.files.formats)}" for each in (one, other) if each.files]
        remarks.append(
            f"Different formats: {' and '.join(texts)}. A part of every distance is what "
            "compression does to pixels: save both in one format."
        )
    if abs(one.files.gray - other.files.gray) > _FAR:
        texts = [f"{100 * each.files.gray:.0f} % of {each.name}" for each in (one, other) if each.files]
        remarks.append(f"Without color are {' and '.join(texts)}: a part of every distance is that.")
    return remarks
