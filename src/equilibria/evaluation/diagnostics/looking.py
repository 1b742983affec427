"""One look at a game: every diagnostic, each as if it were the only one."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from torch import Tensor

from .base import Diagnostic, Scene


class Looked(NamedTuple):
    """What was seen, and why something could not be: by diagnostic."""

    seen: dict[str, Any]
    unseen: dict[str, str]


def looked(scene: Scene, diagnostics: Mapping[str, Diagnostic], reseed: Callable[[str], None]) -> Looked:
    """What each of them sees; none sees what another has done, and one that breaks costs nobody a run."""
    found = Looked({}, {})
    for name, diagnostic in diagnostics.items():
        reseed(name)
        try:
            with scene.untouched():
                seen = plain(diagnostic(scene))
        except Exception as error:  # of parts that anybody may have written
            found.unseen[name] = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
            continue
        if seen:
            found.seen[name] = seen
    return found


def plain(seen: Any) -> Any:
    """The same in values that JSON has, to six digits: what is no finite number is None."""
    if isinstance(seen, Tensor):
        return plain(seen.tolist())
    if isinstance(seen, Mapping):
        return {str(key): plain(value) for key, value in seen.items()}
    if isinstance(seen, list | tuple):
        return [plain(value) for value in seen]
    if isinstance(seen, float):
        return float(f"{seen:.6g}") if math.isfinite(seen) else None
    return seen
