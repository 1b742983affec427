"""Find the latents of samples by search."""

from dataclasses import dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """What is looked for, how, and where the picture goes."""

    count: int = 16
    """How many samples, evenly spread over all that are there."""
    starts: int = 8
    """Searches for each, from draws of the prior, and the code where there is an encoder; the nearest end is kept."""
    steps: int = 300
    """Of Adam, in each search."""
    lr: float = 0.1
    """Adam's rate at the first step; it falls to 0."""
    distance: str = "squared"
    """squared differences of samples, or of the critic's features."""
    label: str = ""
    """Of a conditional model: the class, or the attributes, of all samples, where they have none of their own."""
    part: str = "held-out"
    """Of a data set: held-out, train or all."""
    seed: int = 0
    """Of the starts."""
    out: str = "inversion.png"
    """.png: originals over what was found; .npz: arrays `originals`, `samples`, `latents`, `errors`, `files`."""
    checkpoint: str | None = None
    """best, last or a round: as the model was then; as the run left it if left out."""
    data_root: str | None = None
    """Folder with the original files of data sets; EQUILIBRIA_DATA if left out."""
    force: bool = False
    """Write over what is there."""


def run(folder: str, path: str, flags: FLAGS, _: Flags) -> int:
    """Write the pairs; say how far they are apart, and where they are."""
    from ...products.files import write
    from ...products.showing import Place

    source = Place(path or None, flags.part, flags.data_root)
    wish = {"source": source, "count": flags.count, "labels": flags.label or None}
    wish |= {name: getattr(flags, name) for name in ("starts", "steps", "lr", "distance", "seed")}
    pairs = write(folder, "invert", flags.out, flags.checkpoint, flags.force, **wish)
    print("\n".join([pairs.said(), *pairs.remarks, f"They are in {flags.out}."]))
    return 0
