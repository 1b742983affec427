"""Help lists what a verb takes, its examples can be typed, and shells complete it, without waiting for torch."""

import dataclasses
import inspect
import re
import shlex
import shutil
import subprocess
import sys
from importlib import import_module

import pytest

from equilibria.apps.cli import main
from equilibria.apps.completion import SHELLS
from equilibria.apps.flags import arguments, merge_flags, sections, split_words
from equilibria.apps.verbs import VERBS
from equilibria.recipes import RECIPES
from equilibria.recipes.parts import settings
from equilibria.recipes.settings import paths

COMPLETE = {  # what is typed: what must be among the completions, and what must not
    "equilibria ": (["train", "data", "completion"], ["check"]),
    "equilibria tr": (["train", "traverse"], ["sample"]),
    "equilibria train wgan": (["wgan-gp", "wgan-div"], ["vae"]),
    "equilibria train vae --bu": (["--budget"], ["--batch"]),
    "equilibria data ": (["check"], ["runs/one"]),
    "equilibria data check --": (["--data-root"], ["--json"]),
    "equilibria features ": (["train", "runs/one"], []),
    "equilibria features train --": (["--epochs"], ["--layer"]),
    "equilibria features runs/one --": (["--layer"], ["--epochs"]),
    "equilibria sample runs/o": (["runs/one"], ["runs/two"]),
    "equilibria show pen": (["penalties"], ["priors"]),
    "equilibria completion ": (["bash", "zsh", "fish"], []),
}
ASK = {  # the completions of a line, one a line
    "bash": 'source ./script; read -ra COMP_WORDS <<< "$1"; [[ "$1" == *" " ]] && COMP_WORDS+=(""); '
    "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _equilibria; printf '%s\\n' \"${COMPREPLY[@]}\"",
    "fish": 'source ./script; complete -C "$argv[1]"',
}


def printed(words, capsys):
    assert main(words) == 0
    return capsys.readouterr().out


def listed(text):
    """The flags of a help text."""
    return re.findall(r"^  --([\w-]+) ", text, re.MULTILINE)


def parameters(source):
    """The parameters of a function or the fields of a class, by importing it."""
    module, _, name = source.partition(":")
    thing = import_module(f"equilibria.{module}")
    for part in name.split("."):
        thing = getattr(thing, part)
    if hasattr(thing, "__dataclass_fields__"):
        return set(thing.__dataclass_fields__)
    thing = inspect.unwrap(thing)
    return set(thing.__code__.co_varnames[: thing.__code__.co_argcount + thing.__code__.co_kwonlyargcount])


@pytest.mark.parametrize("name", VERBS)
def test_help_lists_exactly_the_parameters_and_says_what_each_means(name, capsys):
    verb = VERBS[name]
    flags = verb.flags()
    shown = listed(printed([*name.split(), "--help"], capsys))
    assert shown == [flag.name.replace("_", "-") for flag in flags.values()]
    assert len(set(shown)) == len(shown)
    assert [flag.name for flag in flags.values() if not flag.help.strip()] == []
    own = f"{verb.call.__module__.removeprefix('equilibria.')}:{verb.call.__name__}"
    assert {flag.parameter for flag in flags.values()} <= set().union(*map(parameters, [*verb.sources, own]))


@pytest.mark.parametrize("source", sorted({source for verb in VERBS.values() for source in verb.sources}))
def test_what_is_read_from_source_code_is_what_python_sees(source):
    module, _, name = source.partition(":")
    thing = import_module(f"equilibria.{module}")
    for part in name.split("."):
        thing = getattr(thing, part)
    signature = inspect.signature(thing).parameters
    for flag in merge_flags(source).values():
        assert flag.default == signature[flag.parameter].default, flag.parameter


@pytest.mark.parametrize("name", VERBS)
def test_no_parameter_of_a_verb_is_left_without_a_flag(name):
    """What a source offers and no flag sets is a thing that no text can name."""
    unset = {"display", "source", "say", "path", "metrics", "run", "verb", "data", "name", "out", "model", "options"}
    unset |= {"callbacks", "parts"}  # of Python alone
    flags = {flag.parameter for flag in VERBS[name].flags().values()}
    for source in VERBS[name].sources:
        assert parameters(source) - flags <= unset | {"self", "folder", "folders"}, source


@pytest.mark.parametrize("name", VERBS)
def test_every_example_can_be_typed(name):
    examples = sections(VERBS[name].call.__doc__)["Examples"].splitlines()
    assert 1 <= len(examples) <= 3
    for example in examples:
        program, *tokens = shlex.split(example.partition(" >")[0])
        assert program == "equilibria"
        assert tokens[: len(name.split())] == name.split()
        flags = {flag.name: flag for flag in VERBS[name].flags().values()}
        rest = tokens[len(name.split()) :]
        words, values = split_words(rest, [flag.name for flag in flags.values() if flag.type is bool])
        least = sum(not word.startswith("[") for word in VERBS[name].words.split() if word != "...")
        assert len(words) >= least
        for key, value in values.items():
            if key in flags:
                flags[key].value(value)
            elif name == "lab":
                assert f"--{key.replace('_', '-')} " in VERBS[name].more(words[0])[1], example
            else:
                recipe = RECIPES[words[0] if words and words[0] in RECIPES else "gan-ns"]()
                recipe = dataclasses.replace(recipe, data={"name": "."})  # a folder
                assert VERBS[name].more
                assert paths(recipe, key)[0] in settings(recipe), example


def test_verbs_of_a_group_stand_together_and_every_verb_is_named(capsys):
    groups = [verb.group for verb in VERBS.values()]
    assert [group for group, before in zip(groups, [None, *groups], strict=False) if group != before] == [
        *dict.fromkeys(groups)
    ]
    text = printed(["--help"], capsys)
    for group in set(groups):
        assert f"\n{group}\n" in text
    assert all(f"\n  {name}" in text for name in VERBS)


def test_help_needs_no_torch():
    lines = [["--help"], *([*name.split(), "--help"] for name in VERBS)]
    check = f"import sys; from equilibria.apps.cli import main; print([x for x in {lines} if main(x) or 'torch' in "
    run = subprocess.run([sys.executable, "-c", f"{check}sys.modules])"], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


def test_help_is_quick_because_it_imports_little():
    check = "import sys; from equilibria.apps.cli import main; main(['invert', '--help']); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    modules = set(run.stdout.splitlines()[-1].split())
    assert modules.isdisjoint({"torch", "numpy", "matplotlib", "rich", "PIL", "scipy", "email", "asyncio"})
    assert len(modules) < 165  # 0.12 s of one processor


def test_a_section_of_arguments_is_read_with_its_continued_lines():
    text = """Do it.

    More words: no argument.

    Args:
        first: One line.
        second: Two
            lines, `a: b`.

    Examples:
        equilibria demo
    """
    assert arguments(text) == {"first": "One line.", "second": "Two lines, `a: b`."}
    assert sections(text)["Examples"] == "equilibria demo"
    assert arguments("Do it.") == {}


@pytest.fixture
def place(tmp_path):
    for name in ("one", "only"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize("line", COMPLETE, ids=str.strip)
@pytest.mark.parametrize("shell", ASK)
def test_a_shell_completes(shell, line, place):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (place / "script").write_text(SHELLS[shell]())
    command = [shell, "-c", ASK[shell], *(["-"] if shell == "bash" else []), line]
    run = subprocess.run(command, cwd=place, capture_output=True, text=True, check=True)
    assert not run.stderr
    words, (some, none) = {text.split("\t")[0].rstrip("/") for text in run.stdout.splitlines()}, COMPLETE[line]
    assert set(some) <= words
    assert not set(none) & words


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_of_completion_is_one_that_its_shell_reads(shell, place, capsys):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (place / "script").write_text(printed(["completion", shell], capsys))
    subprocess.run([shell, "-n", "script"], cwd=place, check=True)


def test_another_shell_is_refused(capsys):
    assert main(["completion", "powershell"]) == 2
    assert "name bash, zsh or fish" in capsys.readouterr().err
