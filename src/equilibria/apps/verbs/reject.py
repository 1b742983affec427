"""Draw from a trained model what its own critic lets pass."""

from dataclasses import dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """What to draw, how strictly, and where to."""

    count: int | None = None
    """How many samples are kept (64), of each label if several are asked for (8)."""
    label: str = ""
    """Of a conditional model: classes by name or number, 7 or 3,5 or 0..9; attributes as smiling,young=0.5."""
    percentile: float | None = 80.0
    """Of the logits, taken for gamma: higher keeps less; none: exact rejection, which may keep next to nothing."""
    burn_in: int = 10_000
    """Draws that the greatest ratio, and gamma, are found with."""
    seed: int = 0
    """The same seed keeps the same samples; the first 64 of 1,000 are the 64."""
    out: str = "sheet.png"
    """sheet.png: one picture; folder/: a picture each, by class; file.npz: arrays `samples` and, if any, `labels`."""
    force: bool = False
    """Write over what is there."""


def run(folder: str, flags: FLAGS, _: Flags) -> int:
    """Write what passed; say how much did, and what that assumes."""
    from ...products.rejecting import reject

    labels = flags.label or None
    said = reject(folder, flags.count, flags.seed, flags.out, labels, flags.force, flags.percentile, flags.burn_in)
    print("\n".join(said))
    return 0
