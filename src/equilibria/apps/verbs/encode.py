"""Ask an encoder where samples lie."""

from dataclasses import dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """What is encoded, and where the codes go."""

    label: str = ""
    """Of a conditional model: the class, or the attributes, of all samples, where they have none of their own."""
    part: str = "held-out"
    """Of a data set: held-out, train or all."""
    out: str = "codes.npz"
    """.npz: arrays `latents` (means), `deviations` (of Gaussian encoders), `files`; .csv: a line each."""
    checkpoint: str | None = None
    """best, last or a round: as the encoder was then; as the run left it if left out."""
    data_root: str | None = None
    """Folder with the original files of data sets; EQUILIBRIA_DATA if left out."""
    force: bool = False
    """Write over what is there."""


def run(folder: str, path: str, flags: FLAGS, _: Flags) -> int:
    """Write the codes, and say where they are."""
    from ...products.files import write
    from ...products.showing import Place

    source = Place(path or None, flags.part, flags.data_root)
    wish = {"source": source, "labels": flags.label or None}
    codes = write(folder, "encode", flags.out, flags.checkpoint, flags.force, **wish)
    print("\n".join([f"{codes.said()} in {flags.out}.", *codes.remarks]))
    return 0
