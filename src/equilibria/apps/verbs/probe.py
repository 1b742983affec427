"""Ask what a trained network knows of classes."""

from dataclasses import dataclass

from ..arguments import Flags
from ..text import paragraph, table


@dataclass(frozen=True)
class FLAGS:
    """What is probed, and on how much."""

    of: str = "critic"
    """critic or encoder."""
    layer: str = ""
    """Layers by name, side by side: conv1,conv2 (`equilibria features RUN` lists them); the last hidden if left out."""
    pooled: int = 0
    """Maps of all layers, or of --layer, brought to so many by so many values by the largest of each part; DCGAN: 4."""
    data: str = ""
    """A data set with classes, by name or path; the run's own if left out."""
    train: int = 10_000
    """Samples of the training part that are learned from, at most."""
    test: int = 10_000
    """Held-out samples that are asked for, at most."""
    checkpoint: str | None = None
    """best, last or a round: as the networks were then; as the run left them if left out."""
    device: str = "cpu"
    """cpu or cuda."""
    data_root: str | None = None
    """Folder with the original files of data sets; EQUILIBRIA_DATA if left out."""


def run(folder: str, flags: FLAGS, _: Flags) -> int:
    """Print the three rows: raw pixels, the untrained network, the trained one."""
    from ...products import probed
    from ...products.probing import Question

    layers = tuple(flags.layer.split(",")) if flags.layer else ()
    question = Question(flags.of, layers, flags.pooled, flags.train, flags.test)
    setting = probed.Setting(flags.data, flags.data_root, flags.checkpoint, flags.device)
    told, report = probed.probe_run(folder, question, setting)
    print(f"{table(probed.table(report))}\n\n{paragraph(told)}")
    return 0
