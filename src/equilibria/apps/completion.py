"""Completion scripts for shells. All words are in the script: a key press starts no Python."""

import shlex
from collections.abc import Callable, Iterator

from ..core.catalogue import summary
from ..core.specs import dashed
from ..recipes import RECIPES
from .verbs import VERBS, Verb
from .verbs.info import ALIASES, TABLES

_BASH = """# completion of equilibria
_equilibria() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" verb="${{COMP_WORDS[1]}}" first=2 words="" word
    case "$verb ${{COMP_WORDS[2]}}" in
        {pairs}) [[ $COMP_CWORD -gt 2 ]] && verb="$verb ${{COMP_WORDS[2]}}" first=3 ;;
    esac
    if [[ $COMP_CWORD -eq 1 ]]; then
        words="{verbs}"
    elif [[ "$current" == -* ]]; then
        case "$verb" in
{flags}
        esac
    else
        case "$verb" in
{words}
        esac
        [[ $COMP_CWORD -gt $first && "$verb" != compare ]] && words=""
    fi
    COMPREPLY=()
    for word in $words; do
        [[ "$word" == "$current"* && "$word" != *"*"* ]] && COMPREPLY+=("${{word%/}}")
    done
}}
complete -o default -F _equilibria equilibria"""
_ZSH = "autoload -Uz compinit bashcompinit && compinit -u && bashcompinit\n"
_RUNS, _FISH_RUNS = "runs/*/", "(set -l runs runs/*/; string trim -r -c / $runs)"
_FISH = """# completion of equilibria
complete -c equilibria -e
complete -c equilibria -n __fish_use_subcommand -f"""


def bash() -> str:
    """The script for bash."""
    return _BASH.format(
        pairs="|".join(f'"{name}"' for name in VERBS if " " in name),
        verbs=" ".join(dict.fromkeys(name.split()[0] for name in VERBS)),
        flags="\n".join(_case(name, " ".join(map(dashed, verb.flags()))) for name, verb in VERBS.items()),
        words="\n".join(_case(name, " ".join(words)) for name, words in _following().items() if words),
    )


def zsh() -> str:
    """The script for zsh, which understands that of bash."""
    return _ZSH + bash()


def fish() -> str:
    """The script for fish, with a description of each word."""
    return "\n".join([_FISH, *_fish()])


def _fish() -> Iterator[str]:
    for first in dict.fromkeys(name.split()[0] for name in VERBS):
        about = summary(VERBS[first].call) if first in VERBS else ""
        yield f"complete -c equilibria -n __fish_use_subcommand -a {first} -d {shlex.quote(about)}"
    for name, words in _following().items():
        head = f"complete -c equilibria -n {shlex.quote(_fish_condition(name))}"
        if words:
            yield f"{head} -a {shlex.quote(' '.join(words).replace(_RUNS, _FISH_RUNS))}"
        for flag in VERBS[name].flags().values() if name in VERBS else ():
            value = "" if flag.type is bool else " -r"
            yield f"{head} -l {dashed(flag.name)[2:]}{value} -d {shlex.quote(flag.help)}"


def _fish_condition(name: str) -> str:
    """Whether this verb is typed."""
    first, *second = name.split()
    others = [other.split()[1] for other in VERBS if other.startswith(f"{first} ")]
    condition = f"__fish_seen_subcommand_from {first}"
    if second:
        return f"{condition}; and __fish_seen_subcommand_from {second[0]}"
    return condition + "".join(f"; and not __fish_seen_subcommand_from {other}" for other in others)


def _following() -> dict[str, list[str]]:
    """What can follow each verb: the second word of a verb, names, runs; files complete by themselves."""
    words = {name: _names(verb) for name, verb in VERBS.items()}
    for name in VERBS:
        first, *second = name.split()
        words[first] = words.get(first, []) + second
    return words


def _names(verb: Verb) -> list[str]:
    """Recipes, tables, runs and shells that the first arguments can name."""
    kinds = verb.words.strip("[] .").replace("|", " ").split()[:3]
    names = {"RECIPE": [*RECIPES], "TABLE": [*TABLES, *ALIASES], "RUN": [_RUNS]}
    shells = [kind for kind in kinds if kind in SHELLS]
    return [*shells, *(name for kind in kinds for name in names.get(kind, []))]


def _case(name: str, words: str) -> str:
    return f'            "{name}") words="{words}" ;;'


SHELLS: dict[str, Callable[[], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
