"""Take what the hidden layers of a critic or an encoder say of samples."""

from dataclasses import asdict, dataclass

from ...core.errors import Refusal
from ..arguments import Flags
from ..text import table


@dataclass(frozen=True)
class FLAGS:
    """Which layers, of what, and where to."""

    layer: str = ""
    """Layers by name, as conv2 or conv1,conv2; their names are listed if left out."""
    of: str = "critic"
    """critic or encoder."""
    pooled: int = 0
    """Maps brought to so many by so many values by the largest of each part, layers side by side; 0: as they are."""
    label: str = ""
    """Of a conditional model: the class of all samples, where they have none of their own."""
    part: str = "held-out"
    """Of a data set by name: held-out, train or all."""
    out: str = "features.npz"
    """An array for each layer, `files`, and `labels` if there are any."""
    checkpoint: str | None = None
    """best, last or a round: as the networks were then; as the run left them if left out."""
    data_root: str | None = None
    """Folder with the original files of data sets; EQUILIBRIA_DATA if left out."""
    force: bool = False
    """Write over what is there."""


def run(folder: str, path: str, flags: FLAGS, _: Flags) -> int:
    """Write the arrays; without --layer or --pooled, list the layers."""
    from ...products.judging import Wish, feature_array, layer_table

    if not flags.layer and not flags.pooled:
        rows = [(name, " x ".join(map(str, shape))) for name, shape in layer_table(folder, flags.of).items()]
        print(f"Layers of the {flags.of}, for --layer:\n\n{table(rows)}")
        return 0
    if not path:
        raise Refusal("Something is missing: say `equilibria features RUN PATH --layer NAME`.")
    said = asdict(flags)
    layers, of, pooled, out = (said.pop(name) for name in ("layer", "of", "pooled", "out"))
    print("\n".join(feature_array(Wish(folder, path, **said), layers.split(",") if layers else (), of, pooled, out)))
    return 0
