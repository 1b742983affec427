"""Verbs that say what there is."""

import sys
import textwrap
import time
from collections.abc import Sequence
from importlib import import_module
from itertools import zip_longest
from typing import TYPE_CHECKING

from ...core.errors import Refusal, nearest
from ...core.text import say, table, width
from ...recipes import DEFAULT, DEFAULT_FOR_FEW, DEFAULT_FOR_POINTS, RECIPES

if TYPE_CHECKING:
    from ...verify.claims import Verdict

TABLES = {  # what can be shown: (package, table)
    "recipes": ("recipes", "RECIPES"),
    "divergences": ("terms.divergences", "DIVERGENCES"),
    "penalties": ("terms.penalties", "PENALTIES"),
    "augmentations": ("terms.augmentations", "AUGMENTATIONS"),
    "likelihoods": ("terms.likelihoods", "LIKELIHOODS"),
    "generators": ("networks", "GENERATORS"),
    "critics": ("networks", "CRITICS"),
    "encoders": ("networks", "ENCODERS"),
    "prior_networks": ("networks", "PRIOR_NETWORKS"),
    "norms": ("networks.norms", "NORMS"),
    "conditionings": ("networks.conditioning", "CONDITIONINGS"),
    "priors": ("core.priors", "PRIORS"),
    "data": ("data", "DATASETS"),
    "games": ("games", "GAMES"),
    "turns": ("games.critic_player", "TURNS"),
    "rules": ("training.update_rules", "RULES"),
    "optimizers": ("training.optimizers", "OPTIMIZERS"),
    "schedules": ("training.optimizers", "SCHEDULES"),
    "metrics": ("evaluation.metrics", "METRICS"),
    "features": ("evaluation.features", "FEATURES"),
}
ALIASES = {"networks": ("generators", "critics", "encoders", "prior_networks")}
_SHARES = (0.46, 0.22, 0.16, 0.16)  # of the width: claim, source, expected, measured
_TITLES = ("claim", "source", "expected", "measured", "pass")


def recipes() -> int:
    """List the recipes that can be trained.

    Examples:
        equilibria recipes
    """
    print(table([(entry.name, entry.summary) for entry in RECIPES.describe()], indent=0))
    few = f"{DEFAULT_FOR_POINTS} for points and {DEFAULT_FOR_FEW} for few, colored or labeled images"
    print(f"\n`equilibria train` uses {DEFAULT} if no recipe is named, and {few}, with settings that suit the data.")
    return 0


def show(name: str, /) -> int:
    """Show a whole recipe, or a table: divergences, penalties, networks, ...

    Examples:
        equilibria show wgan-gp > mine.json
        equilibria show divergences
    """
    from ..help import catalogue_text, recipe_text

    key = name.replace("-", "_")
    if name in RECIPES or name.endswith(".json"):
        from ...runs.session import recipe_by_name

        say(recipe_text(recipe_by_name(name), meanings=sys.stdout.isatty()))
    elif names := ALIASES.get(key, (key,) if key in TABLES else ()):
        texts = []
        for each in names:
            package, attribute = TABLES[each]
            title = f"{each.replace('_', ' ')}:\n\n" if len(names) > 1 else ""
            texts.append(title + catalogue_text(getattr(import_module(f"equilibria.{package}"), attribute)))
        say("\n\n".join(texts))
    else:
        raise Refusal(f"No recipe or table is called {name!r}.{nearest(name, [*RECIPES, *ALIASES, *TABLES])}")
    return 0


def verify(name: str = "", /, *, threads: int = 1) -> int:
    """Verify the formulations against their papers, or your own divergence or penalty.

    Args:
        threads: CPU threads; small networks gain nothing from more.

    Examples:
        equilibria verify
        equilibria verify my_module:my_divergence
    """
    import torch

    from ...verify import verify

    torch.set_num_threads(threads)
    start, titles = time.perf_counter(), [_row(_TITLES), "-" * width()]

    def show(verdict: "Verdict") -> None:
        claim, mark = verdict.claim, "yes" if verdict.holds else "NO"
        print(*titles, _row((claim.sentence, claim.source, claim.expected, verdict.value, mark)), sep="\n", flush=True)
        titles.clear()

    verdicts = verify(name or None, show)
    wrong = [verdict for verdict in verdicts if not verdict.holds]
    if wrong:
        lines = (f"- {v.fault or f'{v.claim.sentence}: {v.value}, expected {v.claim.expected}'}" for v in wrong)
        say("\n".join(["", "What is wrong:", *lines]))
    seconds = time.perf_counter() - start
    print(f"\n{len(verdicts) - len(wrong)} of {len(verdicts)} claims hold ({seconds:.0f} s).")
    return (2 if ":" in name else 1) if wrong else 0


def completion(shell: str, /) -> int:
    """Print a script that completes verbs, flags, recipes and runs in your shell.

    Examples:
        equilibria completion bash >> ~/.bashrc
        equilibria completion zsh >> ~/.zshrc
        equilibria completion fish > ~/.config/fish/completions/equilibria.fish
    """
    from ..completion import SHELLS

    if shell not in SHELLS:
        raise Refusal(f"There is no completion for {shell!r}: name bash, zsh or fish.")
    print(SHELLS[shell]())
    return 0


def _row(cells: Sequence[str]) -> str:
    """Cells in columns, each wrapped within its share of the width."""
    spans = [*(max(int(share * (width() - 5)), 8) for share in _SHARES), 6]
    columns = [textwrap.wrap(cell, span - 2) for cell, span in zip(cells, spans, strict=True)]
    lines = zip_longest(*columns, fillvalue="")
    return "\n".join("".join(map(str.ljust, texts, spans)).rstrip() for texts in lines)
