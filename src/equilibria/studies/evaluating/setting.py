"""What all numbers of an evaluation share, and what each of them says of itself."""

from dataclasses import dataclass
from pathlib import Path

from ...data import Data
from ...data.digest import digest
from ...evaluation.cards import Card
from ...evaluation.features import Features
from ...recipes.recipe import Recipe
from ...records.events import Tail
from .material import Material, Say, Seen
from .wishes import Wanted

UNSEEN = "none"  # instead of a network: samples as they are


@dataclass(frozen=True)
class Setting:
    """A run, what its samples are compared with, and through what."""

    run: Path
    recipe: Recipe
    data: Data
    material: Material
    network: Features | None  # None where no metric sees features
    seed: int
    say: Say
    real: Seen
    floor: Seen
    train: Seen

    def card(self, checkpoint: str, metric: str, network: Features | None, real: int, generated: int) -> Card:
        """What a number was measured on."""
        return Card(
            metric=metric,
            data=f"{self.data.name}, black or white" if self.recipe.binarize else self.data.name,
            fingerprint=digest(self.data),
            split=self.material.split,
            real=real,
            generated=generated,
            features=UNSEEN if network is None else network.name,
            digest=UNSEEN if network is None else network.digest,
            resizing=UNSEEN if network is None else network.resizing,
            seed=self.seed,
            checkpoint=checkpoint,
            rule=rule(self.run, checkpoint),
            averaged=self.recipe.halflife > 0,
        )

    def seen_by(self, wanted: Wanted) -> Features | None:
        """The network that decides a metric's figures: what it sees by, or what it asks; None for samples alone."""
        return self.network if wanted.metric.sees == "features" else wanted.classifier


def rule(run: Path, checkpoint: str) -> str:
    """By what a checkpoint was chosen: the first measure of the held-out samples that runs are chosen by."""
    if checkpoint == "last":
        return "the last round"
    if checkpoint != "best":
        return f"round {checkpoint}, named"
    event = next((event for event in Tail(run).news() if event["kind"] == "measure"), None)
    if event is None:
        return "nothing was measured"
    by = f"{next(iter(event['metrics']))} of {event['count']:,} held-out samples, the selection part"
    return f"the newest within chance of the lowest {by}"
