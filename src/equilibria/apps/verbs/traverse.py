"""Move one number of a trained model's latent at a time."""

from dataclasses import asdict, dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """Which numbers, from where, how far, and where the rows go."""

    base: str = "0"
    """In the middle of each row: a sample by number, the latent in an .npz, or a picture, if there is an encoder."""
    coordinates: str | None = None
    """Which numbers of the latent, as 3 or 0,5 or 0..9; the ten that change the sample most if left out."""
    steps: int = 9
    """Samples in a row, an odd number."""
    reach: float | None = None
    """From minus this to this; 3 if left out, 1 for uniform latents."""
    label: str = ""
    """Of a conditional model: the class, or the attributes; the sample's own if left out."""
    seed: int = 0
    """Of the samples, as in `sample`."""
    out: str = "traversal.png"
    """.png: a row for each number; .npz: arrays `samples`, `latents`, `row`."""
    checkpoint: str | None = None
    """best, last or a round: as the model was then; as the run left it if left out."""
    force: bool = False
    """Write over what is there."""


def run(folder: str, flags: FLAGS, _: Flags) -> int:
    """Write the rows, and say where they are."""
    from ...products.files import write

    said = asdict(flags)
    answer = write(folder, "traverse", labels=said.pop("label") or None, **said)
    print(f"{answer.said()} in {flags.out} (seed {flags.seed}).")
    return 0
