"""Write the tables of the README and the docs anew from the catalogues: `python docs/tables.py`."""

import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from equilibria.core.catalogue import Catalogue, Entry
from equilibria.core.priors import PRIORS
from equilibria.data import DATASETS
from equilibria.evaluation.diagnostics import DIAGNOSTICS
from equilibria.games import GAMES
from equilibria.networks import CRITICS, ENCODERS, GENERATORS, PRIOR_NETWORKS
from equilibria.networks.conditioning import CONDITIONINGS
from equilibria.recipes import RECIPES
from equilibria.terms.augmentations import AUGMENTATIONS
from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.likelihoods import LIKELIHOODS
from equilibria.terms.penalties import PENALTIES
from equilibria.training.optimizers import OPTIMIZERS
from equilibria.training.rules import RULES

TABLES: Mapping[str, Catalogue] = {
    "recipes": RECIPES,
    "divergences": DIVERGENCES,
    "penalties": PENALTIES,
    "games": GAMES,
    "likelihoods": LIKELIHOODS,
    "augmentations": AUGMENTATIONS,
    "rules": RULES,
    "optimizers": OPTIMIZERS,
    "conditionings": CONDITIONINGS,
    "generators": GENERATORS,
    "critics": CRITICS,
    "encoders": ENCODERS,
    "prior networks": PRIOR_NETWORKS,
    "priors": PRIORS,
    "data sets": DATASETS,
}
TEXTS: Mapping[str, Catalogue] = {"diagnostics": DIAGNOSTICS}
PAGES = ("README.md", "docs/formulations.md", "docs/diagnostics.md")


def table(catalogue: Catalogue) -> str:
    """A catalogue as Markdown: name, first docstring line, options with their defaults."""
    rows = catalogue.describe()
    head, line = ("| name | what it is |", "| --- | --- |")
    if any(row.options for row in rows):
        head, line = ("| name | what it is | options |", "| --- | --- | --- |")
    return "\n".join([head, line, *(_row(row, any(r.options for r in rows)) for row in rows)])


def texts(catalogue: Catalogue) -> str:
    """A catalogue as Markdown: a section for each name, with its whole docstring."""
    return "\n\n".join(f"### `{name}`\n\n{inspect.getdoc(catalogue[name])}" for name in catalogue)


def renewed(page: str) -> str:
    """The page's text with every table and text between its marks written anew."""
    for name, catalogue in TABLES.items():
        page = _between(page, f"<!-- table: {name} -->", f"<!-- end: {name} -->", lambda c=catalogue: table(c))
    for name, catalogue in TEXTS.items():
        page = _between(page, f"<!-- texts: {name} -->", f"<!-- end: {name} -->", lambda c=catalogue: texts(c))
    return page


def _row(entry: Entry, with_options: bool) -> str:
    chosen = ", ".join(f"`{name}={p.default!r}`" for name, p in entry.options.items())
    summary = entry.summary.replace("|", "\\|")
    return f"| `{entry.name}` | {summary} |" + (f" {chosen} |" if with_options else "")


def _between(page: str, start: str, end: str, write: Callable[[], str]) -> str:
    if start not in page:
        return page
    before, rest = page.split(start, 1)
    return f"{before}{start}\n{write()}\n{end}{rest.split(end, 1)[1]}"


if __name__ == "__main__":
    root = Path(__file__).parents[1]
    for path in (root / name for name in PAGES):
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
        print(f"wrote the tables of {path.relative_to(root)}", file=sys.stderr)
