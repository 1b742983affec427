"""Means of every term since the last report, kept on the device and read once."""

import torch
from torch import Tensor

from ..core.types import Terms


class Statistics:
    """Sums of terms by player. Reading them is the only time the host waits for the device."""

    def __init__(self) -> None:
        self.names: dict[str, tuple[str, ...]] = {}
        self.sums: dict[str, Tensor] = {}  # by player, (terms,)
        self.counts: dict[str, int] = {}

    def add(self, player: str, terms: Terms) -> None:
        """Count one move's terms."""
        values = torch.stack([term.detach() for term in terms.values()])
        if player in self.sums:
            self.sums[player].add_(values)
        else:
            self.names[player], self.sums[player] = tuple(terms), values
        self.counts[player] = self.counts.get(player, 0) + 1

    def read(self) -> dict[str, dict[str, float]]:
        """The means since the last reading, by player and term; then start anew."""
        means = {
            player: dict(zip(self.names[player], (total / self.counts[player]).tolist(), strict=True))
            for player, total in self.sums.items()
        }
        self.sums, self.counts = {}, {}
        return means

    def state_dict(self) -> dict[str, object]:
        return {"names": {p: list(n) for p, n in self.names.items()}, "sums": dict(self.sums), "counts": self.counts}

    def load_state_dict(self, state: dict[str, dict[str, object]]) -> None:
        self.names = {player: tuple(names) for player, names in state["names"].items()}  # type: ignore[arg-type]
        self.sums, self.counts = dict(state["sums"]), dict(state["counts"])  # type: ignore[arg-type]
