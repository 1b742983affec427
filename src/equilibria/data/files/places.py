"""Where data are looked for, and where what was made of them is kept."""

import os
from collections.abc import Sequence
from pathlib import Path


def data_root(root: Path | None) -> Path:
    """The folder of the published sets: the one given, else EQUILIBRIA_DATA, else one in the user's cache."""
    given = root or os.environ.get("EQUILIBRIA_DATA")
    return Path(given).expanduser() if given else cache_root() / "data"


def cache_root() -> Path:
    """The folder for decoded copies: EQUILIBRIA_CACHE, else `equilibria` in the user's cache folder."""
    given = os.environ.get("EQUILIBRIA_CACHE")
    if given:
        return Path(given).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "equilibria"


def locate(name: str, folders: Sequence[str], root: Path | None) -> Path | None:
    """The first place where a file or folder of this name is: one of the set's own folders, else the root itself."""
    roots = [data_root(root), cache_root() / "data"]  # what was downloaded beside a read-only root
    candidates = [place / folder / name for place in roots for folder in (*folders, "")]
    return next((path for path in candidates if path.exists()), None)
