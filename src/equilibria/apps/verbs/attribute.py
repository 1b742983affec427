"""Find directions among latents in which labels change."""

from dataclasses import asdict, dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """How the directions are shown, and where they go."""

    base: int = 0
    """The number of the sample that is moved, as in `sample`."""
    steps: int = 9
    """Samples in a row."""
    away: float = 2.0
    """From minus so many times the direction to so many; 1 is the difference between having a label and not."""
    label: str = ""
    """Of a conditional model: the class, or the attributes, of all; their own if left out."""
    part: str = "held-out"
    """Of a data set: held-out, train or all."""
    seed: int = 0
    """Of the samples, as in `sample`."""
    out: str = "directions.npz"
    """Arrays `directions` and `names`; the sheet goes beside it, directions.png."""
    checkpoint: str | None = None
    """best, last or a round: as the model was then; as the run left it if left out."""
    data_root: str | None = None
    """Folder with the original files of data sets; EQUILIBRIA_DATA if left out."""
    force: bool = False
    """Write over what is there."""


def run(folder: str, path: str, flags: FLAGS, _: Flags) -> int:
    """Write the directions and the sheet, and say where they are."""
    from pathlib import Path

    from ...products.files import write
    from ...products.showing import Place

    said = asdict(flags)
    place = Place(path or None, said.pop("part"), said.pop("data_root"))
    said |= {"source": path if Path(path).suffix.lower() == ".csv" else place, "labels": said.pop("label") or None}
    found = write(folder, "attribute", **said)
    print(f"{found.said()} in {flags.out}; {Path(flags.out).with_suffix('.png')} moves along them.")
    return 0
