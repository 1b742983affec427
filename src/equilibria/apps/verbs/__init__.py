"""The verbs of the command line. A verb is a function: its flags are its signature, its help is its docstring.

A function that takes `**options` has the flags of its sources, too: the library's functions and records that it calls.
They are read from source code: help imports neither them nor torch.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from ...core.errors import Refusal, nearest
from ...core.specs import dashed
from ..flags import Flag, merge_flags, split_words
from ..help import manual
from . import info, lab, models, studio, study, train


class Verb(NamedTuple):
    """A verb with its function and help."""

    group: str
    words: str  # the arguments after it
    call: Callable[..., int]
    sources: tuple[str, ...] = ()  # module:function or module:Class with the flags of `**options`
    more: Callable[..., tuple[dict[str, Any], str]] | None = None  # describes flags without a signature
    synonyms: Mapping[str, str] = MappingProxyType({})  # flags that people try, each with the one that exists

    def flags(self) -> dict[str, Flag]:
        """By name, those of the first source first."""
        own = f"{self.call.__module__.partition('.')[2]}:{self.call.__name__}"
        flags = merge_flags(*reversed(self.sources), own)
        return {name: flags[name] for name in merge_flags(*self.sources[:1], own, *self.sources[1:])}


TRAIN, LOOK, USE = "Train", "Look at data and runs", "Use a trained model"
SHARE, LEARN = "Share a model", "Learn what there is"
_COMPARISON = "studies.compare.grid:ComparisonOptions"
_WRITE, _SOURCE = "models.output:write", "models.inputs:SampleSource"
VERBS = {
    "demo": Verb(TRAIN, "", train.demo),
    "train": Verb(TRAIN, "[RECIPE|FILE.json]", train.train, ("recipes.options:Options",), train.settings_of),
    "resume": Verb(TRAIN, "RUN", train.resume, ("runs.session:resume",)),
    "compare": Verb(TRAIN, "RECIPE|RUN ...", train.compare, (_COMPARISON,), train.settings_of_all),
    "data check": Verb(LOOK, "PATH|NAME", study.check, (), study.settings_of_data),
    "studio": Verb(LOOK, "[RUNS]", studio.studio),
    "doctor": Verb(LOOK, "RUN", study.doctor),
    "report": Verb(LOOK, "RUN", study.report, ("studies.run_page:report",)),
    "evaluate": Verb(LOOK, "RUN|SAMPLES", study.evaluate, ("studies.evaluate:evaluate",), None, {"data": "against"}),
    "features train": Verb(LOOK, "DATA", study.train_features, ("evaluation.features.classifier:train_features",)),
    "sample": Verb(USE, "RUN", models.sample, ("models.output:sample",)),
    "film": Verb(USE, "RUN", models.film, ("models.film:film",)),
    "reject": Verb(USE, "RUN", models.reject, ("models.output:reject",)),
    "interpolate": Verb(USE, "RUN", models.interpolate, ("models.interpolation:interpolate", _WRITE)),
    "arithmetic": Verb(USE, "RUN", models.arithmetic, ("models.latent_directions:arithmetic", _WRITE)),
    "traverse": Verb(USE, "RUN", models.traverse, ("models.interpolation:traverse", _WRITE)),
    "attribute": Verb(USE, "RUN [PATH]", models.attribute, ("models.latent_directions:attribute", _SOURCE, _WRITE)),
    "encode": Verb(USE, "RUN [PATH]", models.encode, ("models.encoding:encode", _SOURCE, _WRITE)),
    "reconstruct": Verb(USE, "RUN [PATH]", models.reconstruct, ("models.encoding:reconstruct", _SOURCE, _WRITE)),
    "invert": Verb(USE, "RUN [PATH]", models.invert, ("models.inversion:invert", _SOURCE, _WRITE)),
    "score": Verb(USE, "RUN PATH", models.score, ("models.critic_outputs:score_table", _SOURCE, _WRITE)),
    "classify": Verb(USE, "RUN PATH", models.classify, ("models.critic_outputs:class_table", _SOURCE, _WRITE)),
    "features": Verb(USE, "RUN [PATH]", models.features, ("models.features:feature_arrays", _SOURCE, _WRITE)),
    "probe": Verb(USE, "RUN", models.probe, ("models.probe:ProbeOptions", "models.output:probe_run")),
    "export": Verb(SHARE, "RUN", models.export, ("models.export:export", _WRITE)),
    "publish": Verb(SHARE, "RUN OWNER/NAME", models.publish, ("models.output:publish",)),
    "recipes": Verb(LEARN, "", info.recipes),
    "show": Verb(LEARN, "RECIPE|TABLE", info.show),
    "lab": Verb(LEARN, "[EXPERIMENT|all]", lab.lab, (), lab.settings_of),
    "verify": Verb(LEARN, "[NAME|MODULE:FUNCTION]", info.verify),
    "completion": Verb(LEARN, "bash|zsh|fish", info.completion),
}
HELP = ("--help", "-h")


def run(tokens: list[str]) -> int:
    """Run a command line. Returns the exit code."""
    name, rest = _verb(tokens)
    verb, flags = VERBS[name], VERBS[name].flags()
    switches = [name for name, flag in flags.items() if flag.type is bool]
    words, values = split_words([token for token in rest if token not in HELP], switches)
    if not set(HELP).isdisjoint(rest):
        print(manual(name, verb, words))
        return 0
    options = {flags[key].parameter: flags[key].value(values.pop(key)) for key in list(values) if key in flags}
    if values and verb.more is None:
        unknown = dashed(next(iter(values)))
        if (other := verb.synonyms.get(next(iter(values)))) is not None:
            raise Refusal(f"{unknown} is not a flag of `equilibria {name}`: write {dashed(other)}.")
        raise Refusal(f"{unknown} is not a flag of `equilibria {name}`.{nearest(unknown, map(dashed, flags))}")
    return verb.call(*_following(name, words), **options, **values)


def _verb(tokens: list[str]) -> tuple[str, list[str]]:
    """The verb, of one word or two, and what follows it."""
    for length in (2, 1):
        if (name := " ".join(tokens[:length])) in VERBS:
            return name, tokens[length:]
    if tokens[0].startswith("-"):
        hint = nearest(tokens[0], ["--help", "--version"])
        raise Refusal(f"A verb comes first, as in `equilibria train wgan-gp`.{hint}")
    if tokens[0] == "data":
        raise Refusal("Write `equilibria data check PATH|NAME`.")
    raise Refusal(f"There is no verb {tokens[0]!r}.{nearest(tokens[0], VERBS)}")


def _following(name: str, words: list[str]) -> list[str]:
    """The words that follow the verb. Raises Refusal if there are too few or too many."""
    expected = VERBS[name].words.split()
    if expected[-1:] == ["..."]:  # the last one any number of times
        expected = [*expected[:-1], *[expected[-2]] * (len(words) - len(expected) + 1)]
    if len(words) < sum(not word.startswith("[") for word in expected):
        raise Refusal(f"Something is missing: write `equilibria {name} {VERBS[name].words}`.")
    if surplus := words[len(expected) :]:
        raise Refusal(f"{surplus[0]!r} is one word too many: write `equilibria {' '.join([name, *expected])}`.")
    return words
