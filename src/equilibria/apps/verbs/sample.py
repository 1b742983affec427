"""Draw from a trained model."""

from dataclasses import asdict, dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """What to draw, and where to."""

    count: int = 64
    """How many samples; the first 64 of 1,000 are the 64."""
    seed: int = 0
    """Sample i depends on the seed and i alone."""
    out: str = "sheet.png"
    """sheet.png: one picture; folder/: a picture each; file.npz: an array `samples`."""
    checkpoint: str | None = None
    """best, last or a round: as the model was then; as the run left it if left out."""
    force: bool = False
    """Write over what is there."""


def run(folder: str, flags: FLAGS, _: Flags) -> int:
    """Write the samples, and say where they are."""
    from ...products.sampling import sample

    path = sample(folder, **asdict(flags))
    many = "1 sample is" if flags.count == 1 else f"{flags.count:,} samples are"
    print(f"{many} in {path} (seed {flags.seed}).")
    return 0
