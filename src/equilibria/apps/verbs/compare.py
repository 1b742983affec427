"""Play recipes side by side, or show runs so, and say what the numbers support."""

from dataclasses import asdict
from typing import Any

from ...studies.comparing.wishes import Wishes
from ..text import paragraph, table

FLAGS = Wishes
_MORE = (
    "Every other flag goes to all runs, as in `equilibria train`: --batch 64, --lr 1e-4. A recipe may have changes of "
    "its own: `equilibria compare wgan wgan:clip=0.1 wgan-gp:n_critic=1,lr=1e-4 --data ring --budget 1m`. Finished "
    "runs are not played again: the same command goes on where it was stopped. Folders of runs in place of recipes are "
    "compared as they were measured: `equilibria compare runs/ONE runs/OTHER`."
)


def run(*said: Any) -> int:
    """Words, then flags, then what goes to all runs."""
    *words, flags, changes = said
    from ..cells import watching

    with watching() as watch:
        from ...studies.comparing.comparing import compare

        told = {name: value for name, value in asdict(flags).items() if value != getattr(Wishes, name)}
        found = compare(words, watch, **told, **changes)
    if found.study is not None:
        from ...studies.comparing.report import rows

        for data in found.study.sets:
            head, body = rows(found.study, data)
            if not body:
                continue
            print(f"\n{data}\n\n{table([*_lines(head), *(line for row in body for line in _lines(row))], indent=2)}")
        print("\n" + "\n\n".join(map(paragraph, found.study.conclusions)))
    return 0


def more(word: str | None = None) -> tuple[dict[str, Any], str]:
    """What else may be said."""
    return {}, paragraph(_MORE)


def _lines(row: list[str]) -> list[list[str]]:
    """A row of cells of several lines as rows of one, short ones filled up below."""
    cells = [cell.split("\n") for cell in row]
    height = max(map(len, cells))
    return [[cell[i] if i < len(cell) else "" for cell in cells] for i in range(height)]
