"""Ask a critic how real samples look."""

from dataclasses import asdict, dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """What is judged, and where the answer goes."""

    label: str = ""
    """Of a conditional model: the class of all samples, where they have none of their own."""
    part: str = "held-out"
    """Of a data set by name: held-out, train or all."""
    count: int = 16
    """How many of the lowest and of the highest are shown in the picture."""
    out: str = "scores.csv"
    """The table, the lowest score first; the picture goes beside it, scores.png."""
    checkpoint: str | None = None
    """best, last or a round: as the critic was then; as the run left it if left out."""
    data_root: str | None = None
    """Folder with the original files of data sets; EQUILIBRIA_DATA if left out."""
    force: bool = False
    """Write over what is there."""


def run(folder: str, path: str, flags: FLAGS, _: Flags) -> int:
    """Write the table and the picture, and say what is in them."""
    from ...products.judging import Wish, score_table

    said = asdict(flags)
    out, count = said.pop("out"), said.pop("count")
    print("\n".join(score_table(Wish(folder, path, **said), out, count)))
    return 0
