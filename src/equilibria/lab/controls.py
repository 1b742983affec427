"""The controls of an experiment: the values of its settings, from a request."""

from collections.abc import Mapping
from typing import Any

from ..core.errors import Refusal, nearest
from ..core.specs import dashed, parse
from .experiment import Experiment, Setting, Settings, Value

MOST_SEED = 2**31 - 1


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
