"""Go from some samples of a trained model to others."""

from dataclasses import asdict, dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """From where, to where, how, and where the rows go."""

    start: str = "0,2,4,6,8"
    """Samples by number, as 5 or 0,2 or 0..9; or an .npz of encode or invert; or pictures, if there is an encoder."""
    end: str = "1,3,5,7,9"
    """As many, or one."""
    steps: int = 9
    """Samples in a row, both ends included."""
    way: str = "auto"
    """linear, spherical, or auto: spherical for normal latents, linear for all others."""
    label: str = ""
    """Of a conditional model: classes, as 3 or 0..4, in turn for the rows, or attributes; the ends' own if left out."""
    label_to: str = ""
    """Where the label goes to, in a row."""
    seed: int = 0
    """Of the samples, as in `sample`."""
    out: str = "interpolation.png"
    """.png: a row for each pair; .npz: arrays `samples`, `latents`, `row`."""
    checkpoint: str | None = None
    """best, last or a round: as the model was then; as the run left it if left out."""
    force: bool = False
    """Write over what is there."""


def run(folder: str, flags: FLAGS, _: Flags) -> int:
    """Write the rows, and say where they are."""
    from ...products.files import write

    said = asdict(flags)
    said |= {"labels": said.pop("label") or None, "labels_to": said.pop("label_to") or None}
    answer = write(folder, "interpolate", **said)
    print(f"{answer.said()} in {flags.out} (seed {flags.seed}).")
    return 0
