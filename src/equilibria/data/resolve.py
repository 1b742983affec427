"""From what a user names to a data set."""

import difflib
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..core.catalogue import options
from ..core.errors import Refusal, nearest
from .cache import data_root
from .dataset import Data
from .datasets import DATASETS

Spec = str | Mapping[str, Any]  # a name, a path or hf:owner/name; or {"name": ..., **options}

_HUB = "hf:"
_BY_PATH = {"folder": "the path of a folder", "array": "the path of an .npy or .npz file", "hub": "hf:owner/name"}


def load_data(spec: Spec, root: Path | None = None) -> Data:
    """The data set of this name, in this folder or file, or on the hub; `root` is where published sets are kept."""
    name, given = _parted(spec)
    builder = data_builder(spec, root)
    known = options(builder)
    for option in given:
        if option not in known:
            raise Refusal(f"The data {name!r} have no option {option!r}.{nearest(option, known)}")
    context = {"root": root, "path": name.removeprefix(_HUB) if name.startswith(_HUB) else _path(name, root)}
    taken = inspect.signature(builder).parameters
    return builder(**{key: value for key, value in context.items() if key in taken}, **given)


def data_builder(spec: Spec, root: Path | None = None) -> Callable[..., Data]:
    """The catalogue's entry that serves this: its options are what a user may set."""
    name, _ = _parted(spec)
    if name in _BY_PATH:
        raise Refusal(f"{name!r} is a kind of data, not data: give {_BY_PATH[name]} instead.")
    if name in DATASETS:
        return DATASETS[name]
    if name.startswith(_HUB):
        return DATASETS["hub"]
    path = _path(name, root)
    if path is None:
        raise Refusal(_unknown(name))
    if path.is_dir():
        return DATASETS["folder"]
    if path.suffix in (".npy", ".npz"):
        return DATASETS["array"]
    raise Refusal(f"{path} is neither a folder of images nor an .npy or .npz file.")


def _parted(spec: Spec) -> tuple[str, dict[str, Any]]:
    part = {"name": spec} if isinstance(spec, str) else dict(spec)
    name = part.pop("name", None)
    if not isinstance(name, str) or not name:
        raise Refusal('Data need a name: "digits", a path, hf:owner/name, or {"name": ..., options}.')
    known = name.replace("-", "_")  # hyphens equal underscores, as in flags
    return known if known in DATASETS else name, part


def _path(name: str, root: Path | None) -> Path | None:
    """Where a path leads: from the current folder, else from the data root."""
    for path in (Path(name).expanduser(), data_root(root) / name):
        if path.exists():
            return path
    return None


def _unknown(name: str) -> str:
    known, path = [entry for entry in DATASETS if entry not in _BY_PATH], Path(name).expanduser()
    beside = [str(other) for other in path.parent.iterdir()] if path.parent.is_dir() else []
    close = difflib.get_close_matches(str(path), [*known, *(other for other in beside if other[0] != ".")], n=1)
    hint = f" Did you mean {close[0]!r}?" if close else nearest(name, known)
    return f"No data set is called {name!r}, and nothing is at {path.absolute()}.{hint}"
