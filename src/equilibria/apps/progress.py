"""Where a run is, read from its events."""

from dataclasses import dataclass, field
from typing import Any

_ENDLESS = 1 << 40  # rounds: the clock decides


@dataclass
class Progress:
    """What the last events said."""

    seconds: float | None = None  # the time to play in all, where that is limited
    rounds: int = 0  # to play in all
    step: int = 0
    elapsed: float = 0.0
    speed: float | None = None  # real images shown to the critic, a second
    estimate: float | None = None
    measures: str = ""  # what the estimate bounds from below; after a comma its units
    terms: dict[str, dict[str, float]] = field(default_factory=dict)  # by player
    metrics: dict[str, float] = field(default_factory=dict)
    sheet: str | None = None
    _began: tuple[int, float] = (0, 0.0)  # round and time at which this sitting began
    _seen: tuple[int, float] | None = None  # images and time at the last report

    def take(self, event: dict[str, Any]) -> None:
        """Follow one event."""
        self.step, self.elapsed = event["step"], event["elapsed"]
        match event["kind"]:
            case "start":
                self.rounds, self._began = event["rounds"], (self.step, self.elapsed)
                self.measures = event.get("measures", "")
            case "report":
                self._report(event)
            case "measure":
                self.metrics = event["metrics"]
            case "sample":
                self.sheet = event["file"]

    def _report(self, event: dict[str, Any]) -> None:
        now = event["images"], event["elapsed"]
        if self._seen is not None and now[1] > self._seen[1]:
            self.speed = (now[0] - self._seen[0]) / (now[1] - self._seen[1])
        elif self._began[0] == 0 and now[1] > 0:
            self.speed = now[0] / now[1]
        self._seen, self.estimate, self.terms = now, event["estimate"], event["terms"]

    @property
    def share(self) -> float:
        """Of the way that is behind: 0 to 1."""
        by_rounds = self.step / self.rounds if 0 < self.rounds < _ENDLESS else 0.0
        return min(max(by_rounds, self.elapsed / self.seconds if self.seconds else 0.0), 1.0)

    @property
    def left(self) -> float | None:
        """Seconds to the end, as far as can be told."""
        rounds, seconds = self.step - self._began[0], self.elapsed - self._began[1]
        ends = [] if self.seconds is None else [self.seconds - self.elapsed]
        if rounds > 0 and self.rounds < _ENDLESS:
            ends.append(seconds / rounds * (self.rounds - self.step))
        return max(min(ends), 0.0) if ends else None

    @property
    def round(self) -> str:
        """Round x of y."""
        of = f" of {self.rounds:,}" if self.rounds < _ENDLESS and self.seconds is None else ""
        return f"round {self.step:,}{of}"

    @property
    def penalties(self) -> dict[str, float]:
        """What players pay beside their divergence."""
        return {name: value for terms in self.terms.values() for name, value in terms.items() if name != "divergence"}
