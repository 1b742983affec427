"""From the name or the path of data to a data set."""

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from ..core.catalogue import options
from ..core.errors import Refusal, nearest
from ..core.files import cache_root, user_path
from .cache import STORE, data_root
from .dataset import Data
from .datasets import DATASETS
from .datasets.image_folder import Survey, list_images, listing
from .image_files import holds_images
from .labels import label_remarks

Spec = str | Mapping[str, Any]  # a name, a path or hf:owner/name; or {"name": ..., **options}

_HUB = "hf:"
_TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".parquet")
_BY_PATH = {"folder": "the path of a folder", "array": "the path of an .npy or .npz file", "hub": "hf:owner/name"}


def load_data(spec: Spec, root: Path | None = None) -> Data:
    """The data set of this name, in this folder or file, or on the hub; published sets are stored under `root`.

    Raises Refusal for unknown names and options, and for data that cannot be read.
    """
    name, changes = _parts(spec)
    builder = data_builder(spec, root)
    valid = options(builder)
    for option in changes:
        if option not in valid:
            raise Refusal(f"The data {name!r} has no option {option!r}.{nearest(option, valid)}")
    context = {"root": root, "path": name.removeprefix(_HUB) if name.startswith(_HUB) else _path(name, root)}
    parameters = inspect.signature(builder).parameters
    data = builder(**{key: value for key, value in context.items() if key in parameters}, **changes)
    return replace(data, remarks=(*data.remarks, *label_remarks(data)))


def data_builder(spec: Spec, root: Path | None = None) -> Callable[..., Data]:
    """The catalogue's entry for this data; its options are what a user may set. Raises Refusal if there is none."""
    name, _ = _parts(spec)
    if name in _BY_PATH:
        raise Refusal(f"{name!r} is a kind of data: give {_BY_PATH[name]} instead.")
    if name in DATASETS:
        return DATASETS[name]
    if name.startswith(_HUB):
        return DATASETS["hub"]
    path = _path(name, root)
    if path is None:
        names, place = [entry for entry in DATASETS if entry not in _BY_PATH], user_path(name)
        siblings = [str(other) for other in place.parent.iterdir()] if place.parent.is_dir() else []
        close = difflib.get_close_matches(str(place), [*names, *(other for other in siblings if other[0] != ".")], n=1)
        hint = f" Did you mean {close[0]!r}?" if close else nearest(name, names)
        if place.is_relative_to(cache_root() / STORE):
            hint = " It held samples from Python: give them again, as in eq.resume(RUN, data=x)."
        raise Refusal(f"No data set is called {name!r}, and nothing is at {place.absolute()}.{hint}")
    if holds_images(path):
        return DATASETS["folder"]
    if path.suffix in (".npy", ".npz"):
        return DATASETS["array"]
    if path.suffix.lower() in _TABLES:
        raise Refusal(
            f"{path} is a table, and training takes images, or points in the plane. Two columns are points: save them, "
            f"`np.save('points.npy', np.genfromtxt({str(path)!r}, delimiter=',', skip_header=1)[:, [0, 1]])`."
        )
    raise Refusal(f"{path} is neither a folder of images, a .zip of them, nor an .npy or .npz file.")


def median_side(spec: Spec, root: Path | None = None) -> int | None:
    """The median short side, in pixels, of the images in a folder; None for data of another kind."""
    path = _path(_parts(spec)[0], root)
    if path is None or data_builder(spec, root) is not DATASETS["folder"]:
        return None
    sizes = Survey(list_images(path, **listing(_parts(spec)[1]))[0]).sizes.values()
    return round(median(map(min, sizes))) if sizes else None


def _parts(spec: Spec) -> tuple[str, dict[str, Any]]:
    """The name and the options."""
    part = {"name": spec} if isinstance(spec, str) else dict(spec)
    name = part.pop("name", None)
    if not isinstance(name, str) or not name:
        raise Refusal('Data needs a name: "digits", a path, hf:owner/name, or {"name": ..., options}.')
    entry = name.lower().replace("-", "_")  # hyphens equal underscores, as in flags
    match = next((each for each in (entry, entry.replace("_", "")) if each in DATASETS), name)  # cifar-10, too
    return name if name not in DATASETS and user_path(name).exists() else match, part


def _path(name: str, root: Path | None) -> Path | None:
    """An existing path, from the current folder or from the data root."""
    return next((path for path in (user_path(name), data_root(root) / name) if path.exists()), None)
