"""What many pictures are, and what became of them, in words."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from statistics import median

import PIL.Image

from ...core.errors import Refusal
from .picture import DEEDS, Unreadable, is_grey

_LEAST, _MOST = 8, 64  # pixels: the side that is chosen when nobody says
_NAMED = 3


@dataclass
class Survey:
    """Sizes and modes by name, as the headers state them; which were left out and why; what was done to the others."""

    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    deeds: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, names: Sequence[str], open_one: Callable[[str], AbstractContextManager[PIL.Image.Image]]) -> "Survey":
        """Read every header."""
        survey = cls()
        for name in names:
            try:
                with open_one(name) as image:
                    survey.sizes[name], survey.modes[name] = image.size, image.mode
            except Unreadable as reason:
                survey.left_out[name] = str(reason)
        return survey

    @property
    def size(self) -> int:
        """The median short side, within bounds."""
        return min(max(round(median([min(size) for size in self.sizes.values()] or [_LEAST])), _LEAST), _MOST)

    @property
    def channels(self) -> int:
        """One if there is no colour anywhere, else three."""
        return 1 if all(map(is_grey, self.modes.values())) else 3

    def leave_out(self, name: str, reason: str) -> None:
        """The header was sound, the rest is not."""
        del self.sizes[name], self.modes[name]
        self.left_out[name] = reason

    def refuse_if_empty(self, title: str) -> None:
        """Stop when nothing can be used."""
        if not self.sizes:
            named = ", ".join(f"{name} ({reason})" for name, reason in list(self.left_out.items())[:_NAMED])
            raise Refusal(f"None of the {len(self.left_out)} images of {title} can be read: {named}{self._more()}.")

    def found(self) -> dict[str, dict[str, int]]:
        """Counts of the sizes and modes that are used, most frequent first."""
        sizes = Counter(f"{width} x {height}" for width, height in self.sizes.values())
        return {"size": dict(sizes.most_common()), "mode": dict(Counter(self.modes.values()).most_common())}

    def remarks(self, size: int, channels: int, resizer: str) -> list[str]:
        """What was done, a sentence each."""
        kind = "grey" if channels == 1 else "RGB"
        said = [f"{len(self.sizes):,} images were brought to {size} x {size} {kind} ({resizer} resizing by Pillow)."]
        said += [f"{self.deeds[deed]:,} were {words}." for deed, words in DEEDS.items() if self.deeds[deed]]
        if self.left_out:
            names = ", ".join(list(self.left_out)[:_NAMED])
            said.append(f"{len(self.left_out)} could not be read and were left out: {names}{self._more()}.")
        return said

    def _more(self) -> str:
        return f" and {len(self.left_out) - _NAMED} more" if len(self.left_out) > _NAMED else ""
