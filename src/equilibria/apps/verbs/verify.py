"""Prove the formulations, or somebody's own function."""

import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..arguments import Flags
from ..text import width

if TYPE_CHECKING:
    from ...verify.claims import Finding

_SHARES = (0.46, 0.22, 0.16, 0.16)  # of the width: claim, source, expected, got
_TITLES = ("claim", "source", "expected", "got", "pass")


@dataclass(frozen=True)
class FLAGS:
    """How to go about it."""

    threads: int = 1
    """Processor threads to use: small networks gain nothing from more."""


def run(word: str, flags: FLAGS, _: Flags) -> int:
    """The table, line by line; 1 where the product's own claim fails, 2 where the user's function is wrong."""
    import torch

    from ...verify import verify

    torch.set_num_threads(flags.threads)
    start = time.perf_counter()
    findings = verify(word or None, Table())
    wrong = [finding for finding in findings if not finding.passed]
    print(_verdict(word, wrong))
    held = f"{len(findings) - len(wrong)} of {len(findings)} claims hold"
    print(f"{held} ({time.perf_counter() - start:.0f} s).")
    return (2 if ":" in word else 1) if wrong else 0


def _verdict(word: str, wrong: Sequence["Finding"]) -> str:
    """What is wrong, a line each."""
    if not wrong:
        return ""
    return "\n".join(
        ["", "What is wrong:", *(f"- {f.wrong or f'{f.claim}: {f.got}, expected {f.expected}'}" for f in wrong), ""]
    )


class Table:
    """Prints findings as they come, under titles."""

    def __init__(self) -> None:
        self.begun = False

    def __call__(self, found: "Finding") -> None:
        """One more row."""
        if not self.begun:
            print("\n".join([_row(_TITLES), "-" * width()]))
            self.begun = True
        cells = (found.claim, found.source, found.expected, found.got, "yes" if found.passed else "NO")
        print(_row(cells), flush=True)


def _row(cells: Sequence[str]) -> str:
    """Cells side by side, each wrapped within its share of the width."""
    spans = [max(int(share * (width() - 5)), 8) for share in _SHARES]
    columns = [textwrap.wrap(cell, span - 2) or [""] for cell, span in zip(cells[:-1], spans, strict=True)]
    lines = []
    for number in range(max(map(len, columns))):
        texts = [column[number] if number < len(column) else "" for column in columns]
        line = "".join(text.ljust(span) for text, span in zip(texts, spans, strict=True))
        lines.append((line + (cells[-1] if number == 0 else "")).rstrip())
    return "\n".join(lines)
