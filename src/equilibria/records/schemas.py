"""What the files of a run hold: the keys of the recipe, the summary and each kind of event, with their types."""

from typing import Any, NotRequired, TypedDict


class Part(TypedDict):
    """A part of a recipe; its options are further keys."""

    name: str


class _RecipeParts(TypedDict, total=False):
    about: str
    game: Part
    divergence: Part | None
    likelihood: Part | None
    augmentation: Part | None
    prior: Part
    rule: Part
    schedule: Part
    networks: dict[str, Part]
    penalties: dict[str, Part]
    optimizers: dict[str, Part]
    batch: int
    halflife: float
    halflife_share: float
    conditional: bool
    labelled: int
    binarize: bool
    format: int


class StoredRecipe(_RecipeParts):
    """A recipe in a file; what is missing has its default."""

    name: str
    data: NotRequired[Part]
    rounds: NotRequired[int]
    seed: NotRequired[int]


class RunRecipe(_RecipeParts):
    """The recipe of a run, which is complete."""

    name: str
    data: Part
    rounds: int
    seed: int


class _Hardware(TypedDict):
    device: str
    threads: int
    matmul: str
    precision: str
    reasons: NotRequired[list[str]]


class _Cadence(TypedDict):
    report: int
    save: int
    watch: NotRequired[int]


class _Data(TypedDict):
    name: str
    train: int
    held_out: int
    fingerprint: str
    label_scales: NotRequired[list[list[float]]]


class _End(TypedDict):
    rounds: int | None
    seconds: float | None
    when: NotRequired[str]


class _Source(TypedDict):
    folder: str
    step: int | None
    blake2b: str


class StoredSummary(TypedDict):
    """The summary of a run."""

    seed: int
    choices: _Hardware
    cadence: _Cadence
    data: _Data
    end: _End
    data_root: str | None
    allow_coupled_critic: bool
    sittings: list[dict[str, Any]]
    versions: dict[str, str | None]
    device: str
    format: int
    source: NotRequired[_Source | None]


class _Event(TypedDict):
    kind: str
    step: int
    elapsed: float


class _Values(TypedDict):
    shape: list[int]
    least: float
    most: float
    mean: float
    deviation: float


class _Start(_Event):
    format: int
    recipe: str
    data: str
    rounds: int
    until: NotRequired[int | None]
    labels: NotRequired[str | None]
    values: NotRequired[_Values | None]
    measures: NotRequired[str]
    parts: NotRequired[dict[str, Any]]


class _Report(_Event):
    since: int
    images: int
    terms: dict[str, dict[str, float]]
    estimate: float | None
    rates: NotRequired[dict[str, float]]


class _Sample(_Event):
    file: str


class _Measure(_Event):
    metrics: dict[str, float]
    split: NotRequired[str]
    count: NotRequired[int]
    change: NotRequired[str]
    real: NotRequired[dict[str, float]]


_Diagnosis = TypedDict(  # noqa: UP013 - the stored names are no names of ours
    "_Diagnosis", {"kind": str, "step": int, "elapsed": float, "seen": dict[str, Any], "unseen": dict[str, Any]}
)


class _Checkpoint(_Sample):
    best: bool


class _Stop(_Event):
    reason: str
    text: str


EVENTS: dict[str, Any] = {
    "start": _Start,
    "report": _Report,
    "sample": _Sample,
    "measure": _Measure,
    "diagnosis": _Diagnosis,
    "checkpoint": _Checkpoint,
    "stop": _Stop,
}
OTHER_EVENT = _Event  # of a kind that a later version writes
