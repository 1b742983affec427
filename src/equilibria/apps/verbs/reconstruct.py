"""Show samples beside what a model makes of their codes."""

from dataclasses import dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """What is reconstructed, and where the picture goes."""

    count: int = 32
    """How many, evenly spread over all that are there."""
    label: str = ""
    """Of a conditional model: the class, or the attributes, of all samples, where they have none of their own."""
    part: str = "held-out"
    """Of a data set: held-out, train or all."""
    out: str = "reconstruction.png"
    """.png: originals over reconstructions; .npz: arrays `originals`, `samples`, `latents`, `errors`, `files`."""
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
    pairs = write(folder, "reconstruct", flags.out, flags.checkpoint, flags.force, **wish)
    print("\n".join([pairs.said(), *pairs.remarks, f"They are in {flags.out}."]))
    return 0
