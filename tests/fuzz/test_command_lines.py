"""Whatever is typed is answered: by a result, or by one sentence and an exit code; never by a traceback."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equilibria.apps.flags import dashed
from equilibria.apps.verbs import VERBS
from fuzz.folders import answer

NUMBERS = [
    "0",
    "1",
    "2",
    "-1",
    "3",
    "1.5",
    "-0.0",
    "1e-320",
    "1e400",
    "nan",
    "inf",
    "-inf",
    "1_0",
    "0x10",
    "٣",
    "9" * 20,
    "9" * 5000,
]
TEXTS = [
    "",
    " ",
    "x",
    "none",
    "true",
    "auto",
    ",",
    "..",
    "0..4",
    "4..0",
    "0,1",
    "a=b",
    "=",
    ":",
    "a:b",
    "os:system",
    "json:loads",
    "'",
    '"',
    "%s",
    "{}",
]
TEXTS += [
    "[" * 3000,
    '{"name":' * 500,
    '{"name": "dense"}',
    '{"name": 1}',
    "[1, 2]",
    "\x1b[31m",
    "‮",
    "\udcff",
    "é",
    "数据",
    "a" * 300,
    "\n",
]
PATHS = [
    "runs/gan",
    "runs/vae",
    "runs/both",
    "runs",
    "images",
    "images.npy",
    "images.npz",
    "table.csv",
    "gan.safetensors",
]
PATHS += [
    "runs/gan/model",
    "runs/gan/recipe.json",
    "runs/gan/checkpoints/000004.pt",
    "runs/none",
    "/",
    "/dev/null",
    "/proc/self/status",
    "~nobody/x",
]
PATHS += [
    "a" * 300,
    "x/" * 3000,
    "runs/gan/recipe.json/x",
    "out.png",
    "out.npz",
    "out.csv",
    "out.html",
    "ring",
    "digits",
    "owner/name",
]
RUNS, SOURCES = ["runs/gan", "runs/vae"], ["images", "images.npy", "images.npz", "table.csv", "digits", "ring"]
RECIPES = ["gan", "vae", "cgan", "bigan", "wgan-gp", "r3gan"]
SETTINGS = [
    "lr",
    "batch",
    "generator",
    "generator.width",
    "critic.depth",
    "data",
    "data.size",
    "penalty",
    "penalty.weight",
    "prior.size",
    "rule",
]
SETTINGS += [
    "divergence",
    "n_critic",
    "optimizer",
    "optimizer.betas",
    "schedule",
    "halflife",
    "conditional",
    "augmentation",
    "clip",
    "n.o.p.e",
    "-",
    "",
]
COSTLY = {"demo", "features train", "verify", "publish"}  # not cheap with any flags
SHORT = [
    "--rounds",
    "1",
    "--threads",
    "1",
    "--matmul",
    "default",
    "--device",
    "cpu",
    "--watch",
    "0",
]  # what training is kept to

anything = st.sampled_from([*NUMBERS, *TEXTS, *PATHS, *RECIPES])


@st.composite
def command_lines(draw):
    """A verb, mostly with the words that it takes, and flags, mostly its own."""
    name = draw(st.sampled_from([verb for verb in VERBS if verb not in COSTLY]))
    verb, flags = VERBS[name], VERBS[name].flags()
    likely = draw(st.integers(0, 9)) > 2  # words that lead somewhere, so that flags are read
    words = [
        draw(_word(word, likely))
        for word in verb.words.split()
        if word != "..." and (word[0] != "[" or draw(st.booleans()))
    ]
    names = st.sampled_from([*flags, *flags, *(SETTINGS if verb.more else []), "nonsense"])
    line = [*name.split(), *words]
    for flag in draw(st.lists(names, max_size=3, unique=True)):
        line += [dashed(flag)] + ([draw(anything)] if draw(st.integers(0, 9)) else [])
    line += draw(st.lists(anything, max_size=1)) if draw(st.integers(0, 9)) == 0 else []
    if name in ("train", "resume", "compare"):
        line += [token for pair in zip(SHORT[::2], SHORT[1::2], strict=True) if pair[0] not in line for token in pair]
        line += ["--seeds", "1"] if name == "compare" and "--seeds" not in line else []
    return line


def _word(word, likely):
    if not likely:
        return anything
    return st.sampled_from(RECIPES if "RECIPE" in word else SOURCES if "PATH" in word else RUNS)


def _answered(line):
    got = answer(line)
    assert not got.fault, f"equilibria {' '.join(repr(token[:80]) for token in line)}\n{got.fault}"


_FREE = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


@pytest.mark.usefixtures("folders")
@given(command_lines())
@settings(max_examples=15, derandomize=True, **_FREE)
def test_a_command_line_is_answered_by_a_result_or_a_sentence(line):
    _answered(line)


@pytest.mark.long
@pytest.mark.usefixtures("all_folders")
@given(command_lines())
@settings(max_examples=2000, **_FREE)
def test_two_thousand_command_lines_are_answered_by_a_result_or_a_sentence(line):
    _answered(line)
