"""Ask a critic with a class head what samples are."""

from dataclasses import asdict, dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """What is classified, and where the answer goes."""

    label: str = ""
    """What all samples truly are, where they have no labels of their own: a class by name or number."""
    part: str = "held-out"
    """Of a data set by name: held-out, train or all."""
    out: str = "classes.csv"
    """The table: each file's label, if known, the class it is taken for, and the probability of every class."""
    checkpoint: str | None = None
    """best, last or a round: as the critic was then; as the run left it if left out."""
    data_root: str | None = None
    """Folder with the original files of data sets; EQUILIBRIA_DATA if left out."""
    force: bool = False
    """Write over what is there."""


def run(folder: str, path: str, flags: FLAGS, _: Flags) -> int:
    """Write the table, and say how often the class head is right."""
    from ...products.judging import Wish, class_table

    said = asdict(flags)
    out = said.pop("out")
    print("\n".join(class_table(Wish(folder, path, **said), out)))
    return 0
