"""Measure a trained model on held-out data."""

from dataclasses import dataclass

from ..arguments import Flags
from ..text import paragraph, table


@dataclass(frozen=True)
class FLAGS:
    """What is measured, through what, on how much."""

    metrics: str = ""
    """Names between commas, with options as in frechet,kernel(degree=2); what suits the data if left out."""
    features: str = "auto"
    """classifier, inception, random, pixels or your own module:function; auto: points as they are, else classifier."""
    count: int = 0
    """Samples that are drawn; 0: as many as are held out to report on, at most 10,000."""
    checkpoints: str = "best,last"
    """Those that are measured: best, last, or numbers of rounds that are kept."""
    seed: int = 0
    """Of the samples that are drawn."""
    data_root: str | None = None
    """Folder with the original files of data sets; the run's, or EQUILIBRIA_DATA, if left out."""


def run(folder: str, flags: FLAGS, _: Flags) -> int:
    """Print the table, and on what its numbers were measured; they are kept beside the run."""
    from ...studies.evaluating import evaluate, words
    from ...studies.evaluating.wishes import parted

    def say(text: str) -> None:
        print(text, flush=True)

    checkpoints = parted(flags.checkpoints)
    found = evaluate(
        folder, parted(flags.metrics), flags.features, flags.count, checkpoints, flags.seed, flags.data_root, say
    )
    print(f"\n{table(words.table(found))}\n\n{paragraph(words.paragraph(found))}\n\nKept in {folder}/metrics.json.")
    return 0
