"""Train the classifier that samples of a data set are compared by."""

from dataclasses import dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """How it is trained."""

    epochs: int = 0
    """How often every training sample is shown; 0: as often as is usual, less the more there are."""
    seed: int = 0
    """Where its weights start."""
    data_root: str | None = None
    """Folder with the original files of data sets; EQUILIBRIA_DATA if left out."""
    force: bool = False
    """Train another in the place of one that is kept."""


def run(data: str, flags: FLAGS, _: Flags) -> int:
    """Show how it learns, and how often it is right."""
    from dataclasses import asdict

    from ...studies.teaching import train_features

    train_features(data, **asdict(flags), say=lambda text: print(text, flush=True))
    return 0
