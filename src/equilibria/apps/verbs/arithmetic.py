"""Reckon with the latents of a trained model."""

from dataclasses import asdict, dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """What is reckoned, and where the picture goes."""

    a: str = "0,1,2"
    """Samples by number, to be averaged; or an .npz of encode or invert; or pictures, if there is an encoder."""
    b: str = "3,4,5"
    """Those that are taken away: look at `sample`'s sheet, where they are counted from 0, row after row."""
    c: str = "6,7,8"
    """Those that are added."""
    noise: float = 0.25
    """Eight answers more have uniform noise within +- this on their latents."""
    label: str = ""
    """Of a conditional model: the class, or the attributes, of all; if left out, labels are reckoned with, too."""
    seed: int = 0
    """Of the samples, as in `sample`."""
    out: str = "arithmetic.png"
    """.png: samples, averages and answers; .npz: arrays `samples` (the answers), `latents`, `means`, `mean_latents`."""
    checkpoint: str | None = None
    """best, last or a round: as the model was then; as the run left it if left out."""
    force: bool = False
    """Write over what is there."""


def run(folder: str, flags: FLAGS, _: Flags) -> int:
    """Write the answer, and say where it is."""
    from ...products.files import write

    said = asdict(flags)
    answer = write(folder, "arithmetic", labels=said.pop("label") or None, **said)
    print(f"{answer.said()} in {flags.out} (seed {flags.seed}).")
    return 0
