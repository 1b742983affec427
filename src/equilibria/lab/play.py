"""Plays an experiment: settings, seed and one thread in; a record with its claims out."""

import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ..core.errors import Refusal, nearest
from ..core.specs import dashed, parse
from .contents import CONTENTS
from .experiment import NOBODY, Experiment, Setting, Settings, Value, Watch
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
    from importlib.metadata import version

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
        version=version("equilibria"),
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


def settings_for(slug: str, experiment: Experiment, options: Mapping[str, Any], full: bool = False) -> Settings:
    """The quick or the full values, changed by `options`. Raises Refusal for what is not a setting, or out of range."""
    by_name = {setting.name: setting for setting in experiment.settings}
    values: dict[str, Value] = {
        name: setting.full if full and setting.full is not None else setting.quick for name, setting in by_name.items()
    }
    for name, value in options.items():
        if name not in by_name:
            raise Refusal(f"{dashed(name)} is not a setting of {slug}.{nearest(name, by_name)}")
        values[name] = _checked(by_name[name], value)
    return Settings(**values)


def _checked(setting: Setting, value: Any) -> Value:
    """A value of the setting's type and within its range."""
    kind = type(setting.quick)
    flag = dashed(setting.name)
    if kind is tuple:
        value = parse(value if isinstance(value, str) else ",".join(map(str, _several(value))), tuple[float, ...], flag)
    elif kind is not str or not isinstance(value, str):
        value = parse(str(value).lower() if isinstance(value, bool) else str(value), kind, flag)
    if setting.choices and value not in setting.choices:
        raise Refusal(f"{flag} is {value!r}: it is one of {', '.join(setting.choices)}.")
    for number in _several(value):
        if not isinstance(number, str) and not setting.low <= number <= setting.high:
            raise Refusal(f"{flag} is {number:g}: it lies between {setting.low:g} and {setting.high:g}.")
    return value


def _several(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)
