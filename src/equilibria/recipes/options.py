"""What may be said of a run beside its recipe."""

import re
from dataclasses import dataclass

from ..core.errors import Refusal

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Options:
    """Where, how long and on what to train."""

    data: str | None = None
    """Data set, by name or path; the recipe's if left out."""
    data_root: str | None = None
    """Folder with the original files of data sets; EQUILIBRIA_DATA if left out."""
    rounds: int | None = None
    """Rounds to play in all; the recipe's if left out."""
    budget: str | None = None
    """Wall time or images to see in all: 90s, 5m, 2h, 200000images."""
    batch: int | None = None
    """Samples a batch; the recipe's if left out."""
    seed: int | None = None
    """Seed of everything that is drawn; the recipe's if left out."""
    name: str | None = None
    """Folder under runs; RECIPE-DATA if left out, then -2, -3, ..."""
    runs: str = "runs"
    """Folder in which runs are recorded."""
    save_every: int | None = None
    """Rounds between checkpoints, sheets and measures; a twentieth of all if left out."""
    watch: int | None = None
    """Rounds between looks at what losses do not say; chosen to cost little if left out, 0 for none."""
    stop_when: str | None = None
    """sick: stop when the doctor finds the run sick, and set it back to its best checkpoint."""
    tensorboard: bool = False
    """Write the run for TensorBoard, too, under RUN/tensorboard; needs the extra tensorboard."""
    device: str = "auto"
    """Where to compute: auto, cpu, cuda or mps."""
    threads: int | None = None
    """Processor threads; measured at the start if left out."""
    matmul: str = "auto"
    """How matrices are multiplied on processors: auto (measured), default or bf16 (oneDNN)."""
    precision: str = "fp32"
    """Of the networks: fp32 or bf16."""
    allow_coupled_critic: bool = False
    """Let a critic whose scores depend on the rest of the batch carry a penalty on its slope."""
    dry_run: bool = False
    """Stop after the opening paragraph, and write nothing."""

    def __post_init__(self) -> None:
        if self.save_every is not None and self.save_every < 1:
            raise Refusal(f"save_every is {self.save_every}: at least 1 is needed.")
        if self.watch is not None and self.watch < 0:
            raise Refusal(f"watch is {self.watch}: a number of rounds is needed; 0 means that nobody looks.")
        if self.stop_when not in (None, "sick"):
            raise Refusal(f"stop_when is {self.stop_when!r}: a run can be stopped when it is 'sick'.")
        if self.stop_when is not None and self.watch == 0:
            raise Refusal("stop_when is 'sick', and watch is 0: nobody would look. Leave out one of them.")


@dataclass(frozen=True)
class Budget:
    """How much may be spent in all; None where it does not matter."""

    seconds: float | None = None
    images: int | None = None


def read_budget(text: str | None) -> Budget:
    """The budget that is meant by 90s, 5m, 2h or 200000images."""
    if text is None:
        return Budget()
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|h|images)", text.strip().replace(",", "").replace("_", ""))
    amount, unit = (float(match[1]), match[2]) if match else (0.0, "")
    if amount <= 0 or (unit == "images" and amount != int(amount)):
        raise Refusal(
            f"budget is {text!r}: it must be a time or a number of images, such as 90s, 5m, 2h, 200000images."
        )
    return Budget(images=int(amount)) if unit == "images" else Budget(seconds=amount * _UNITS[unit])
