"""One look at a game: every diagnostic, each as if it were the only one."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from .base import Diagnostic, Scene, Seen


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
            with untouched([scene.game.networks, scene.game.memories, scene.averaged]):
                seen = plain(diagnostic(scene))
        except (RuntimeError, ValueError, TypeError, NotImplementedError) as error:  # of parts that anybody may write
            found.unseen[name] = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
            continue
        if seen:
            found.seen[name] = seen
    return found


@contextmanager
def untouched(modules: Iterable[nn.Module]) -> Iterator[None]:
    """Put buffers back afterwards: batch statistics, and what losses remember."""
    buffers: list[Tensor] = [buffer for module in modules for buffer in module.buffers()]
    before = [buffer.clone() for buffer in buffers]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, was in zip(buffers, before, strict=True):
                buffer.copy_(was)


def plain(seen: Any) -> Any:
    """The same in values that JSON has: what is no finite number is None."""
    if isinstance(seen, Tensor):
        return plain(seen.tolist())
    if isinstance(seen, Mapping):
        return {str(key): plain(value) for key, value in seen.items()}
    if isinstance(seen, list | tuple):
        return [plain(value) for value in seen]
    if isinstance(seen, float):
        return seen if math.isfinite(seen) else None
    return seen


__all__ = ["Looked", "Seen", "looked", "plain", "untouched"]
