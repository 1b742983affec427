"""Take a trained network elsewhere."""

from dataclasses import dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """What to export, and as what."""

    format: str = "onnx"
    """onnx: for its runtimes; torch-export: a .pt2 for torch.export.load; safetensors: weights, and how to rebuild."""
    part: str = "generator"
    """generator: z, y to samples; critic: x, y to scores; encoder: x, y to mean, log_variance; y if conditional."""
    out: str | None = None
    """The file; generator.onnx, critic.pt2 and so on if left out."""
    checkpoint: str | None = None
    """best, last or a round: as the model was then; as the run left it if left out."""
    force: bool = False
    """Write over what is there."""


def run(folder: str, flags: FLAGS, _: Flags) -> int:
    """Write the file, run it, and say what it takes and gives."""
    from ...products.trained import load

    print(load(folder, flags.checkpoint).export(flags.format, flags.part, flags.out, flags.force))
    return 0
