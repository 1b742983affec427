"""Plays an experiment: settings, seed and one thread in; a record with its claims out."""

import time
from collections.abc import Mapping
from importlib import import_module, metadata
from typing import Any

from ..core.errors import Refusal, nearest
from .contents import CONTENTS
from .controls import settings_for
from .experiment import NOBODY, Experiment, Watch
from .record import Record


def experiment(slug: str) -> Experiment:
    """The experiment of this name. Raises Refusal if there is none."""
    if slug not in CONTENTS:
        raise Refusal(f"No experiment is called {slug!r}.{nearest(slug, CONTENTS)}")
    module: Any = import_module(f".experiments.{slug.replace('-', '_')}", __package__)
    return module.EXPERIMENT


def run(slug: str, *, full: bool = False, seed: int = 0, watch: Watch = NOBODY, **settings: Any) -> Record:
    """Play an experiment of the laboratory.

    Args:
        slug: its name, as `equilibria lab` lists it.
        full: the long form: up to ten minutes.
        seed: of all that is random; the same seed gives the same numbers on the same machine.
        watch: receives the share that is done, and may stop.
        settings: values of the experiment's own settings, such as theta=0.5.

    Returns a record: numbers, frames with figures, claims with the values of theory and of this machine. In a notebook
    it shows its figure. Raises Refusal for an unknown experiment, an unknown setting, or a value out of range.

    Example:
        >>> record = eq.lab.run("reparametrization", draws=2_000)
        >>> record.claims[0].sentence.en
        'Variance of the reparametrized gradient, d = 1'
    """
    import torch

    from ..core.seeding import key
    from ..training.hardware import apply_hardware, choose_hardware

    played = experiment(slug)
    values = settings_for(slug, played, settings, full)
    start = time.perf_counter()
    with apply_hardware(choose_hardware(device="cpu", threads=1)), torch.random.fork_rng(devices=[]):
        torch.manual_seed(key(seed, *map(ord, slug)))
        values.seed = seed
        result = played.play(values, watch)
    return Record(
        slug=slug,
        settings={name: value for name, value in vars(values).items() if name != "seed"},
        full=full,
        seed=seed,
        seconds=round(time.perf_counter() - start, 2),
        version=metadata.version("equilibria"),
        numbers=_plain(result.numbers),
        frames=tuple(result.frames),
        opens=result.opens,
        claims=tuple(played.claims(values, result.numbers)),
    )


def _plain(value: Any) -> Any:
    """Numbers as JSON has them."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | bool | int) else float(value)
