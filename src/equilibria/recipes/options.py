"""The options of a run that are not part of its recipe."""

import re
from dataclasses import dataclass

from ..core.errors import Refusal, at_least

MOST = 10**12  # rounds, images or seconds of one run
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Options:
    """Where, how long and on what to train: the keywords of `eq.train` that are no changes to the recipe.

    Example:
        >>> eq.Options(data="digits", budget="5m").runs
        'runs'
    """

    data: str | None = None
    """Data set, by name or path; default: the recipe's."""
    data_root: str | None = None
    """Folder with the original files of data sets; default: EQUILIBRIA_DATA."""
    from_: str | None = None
    """Run, model folder or hub model (owner/name) whose weights, recipe and data to start from."""
    rounds: int | None = None
    """Total number of rounds; default: the recipe's."""
    budget: str | None = None
    """Total wall time or number of images: 90s, 5m, 2h, 200000images."""
    batch: int | None = None
    """Batch size; default: the recipe's."""
    seed: int | None = None
    """Seed of every random draw; default: the recipe's."""
    name: str | None = None
    """Name of the run folder; default: RECIPE-DATA, then RECIPE-DATA-2, ..."""
    runs: str = "runs"
    """Folder of the runs."""
    save_every: int | None = None
    """Rounds between checkpoints, sample grids and measurements; default: a twentieth of all rounds."""
    watch: int | None = None
    """Rounds between diagnostics; default: as often as is cheap; 0: never."""
    stop_when: str | None = None
    """critical: stop at the first critical finding of the doctor and roll back to the best checkpoint."""
    tensorboard: bool = False
    """Also write TensorBoard logs to RUN/tensorboard; needs the extra tensorboard."""
    device: str = "auto"
    """Device: auto, cpu, cuda or mps."""
    threads: int | None = None
    """CPU threads; default: measured at the start."""
    matmul: str = "auto"
    """Matrix multiplication on CPUs: auto (measured), default or bf16 (oneDNN)."""
    precision: str = "auto"
    """Precision of the networks: fp32, bf16 or auto: bf16 where it is faster, for images in a time budget on a CPU."""
    allow_coupled_critic: bool = False
    """Allow a gradient penalty on a critic whose scores depend on the rest of the batch."""
    quiet: bool = False
    """Say nothing but errors."""
    dry_run: bool = False
    """Print the opening paragraph and stop; write nothing."""

    def __post_init__(self) -> None:
        for name in ("rounds", "save_every"):
            if (value := getattr(self, name)) is not None:
                at_least(1, "The run", MOST, **{name: value})
        if self.watch is not None and self.watch < 0:
            raise Refusal(f"watch is {self.watch}: it must be a number of rounds; 0 turns diagnostics off.")
        if self.stop_when not in (None, "critical", "sick"):
            raise Refusal(f"stop_when is {self.stop_when!r}: only 'critical' is possible.")
        if self.stop_when is not None and self.watch == 0:
            raise Refusal("stop_when is 'critical', and watch is 0, which turns diagnostics off: leave one out.")
        if self.stop_when == "sick":  # the name in earlier versions
            object.__setattr__(self, "stop_when", "critical")


@dataclass(frozen=True)
class Budget:
    """Limits of the total training time and of real images; None: no limit."""

    seconds: float | None = None
    images: int | None = None


def read_budget(text: str | None) -> Budget:
    """The budget written as 90s, 5m, 2h or 200000images. Raises Refusal for other text."""
    if text is None:
        return Budget()
    plain = text.strip().replace(",", "").replace("_", "")
    if clock := re.fullmatch(r"(\d+)h(\d+)m(?:(\d+)s)?|(\d+)m(\d+)s", plain):
        h, m, s, minutes, seconds = (float(part or 0) for part in clock.groups())
        plain = f"{3600 * h + 60 * (m + minutes) + s + seconds:.0f}s"
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|h|images)", plain)
    amount, unit = (float(match[1]), match[2]) if match else (0.0, "")
    if amount > MOST:
        raise Refusal(f"budget is {text!r}: at most {MOST:,} is possible.")
    if amount <= 0 or (unit == "images" and amount != int(amount)):
        raise Refusal(f"budget is {text!r}: it must be a time or a number of images, as in 90s, 5m, 2h, 200000images.")
    return Budget(images=int(amount)) if unit == "images" else Budget(seconds=amount * _UNITS[unit])
