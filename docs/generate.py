"""Write the reference pages from the command line, the catalogues and the signatures.

Sphinx calls `write` before it reads the pages (docs/conf.py); the pages are not kept in the repository. Everything that
can be had from the public surface is taken from there: `equilibria --help`, `equilibria show TABLE` and `eq.__all__`.
"""

import contextlib
import inspect
import io
import os
import re
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import equilibria as eq

# The only names from inside the package:
from equilibria.apps.cli import main
from equilibria.evaluation.diagnostics import DIAGNOSTICS
from equilibria.evaluation.doctor import FINDINGS

TABLES = {  # what `equilibria show` lists: its title on the page
    "games": "Games",
    "divergences": "Divergences",
    "penalties": "Penalties on the critic",
    "likelihoods": "Likelihoods of a sample given its latent",
    "augmentations": "Augmentations",
    "rules": "Update rules",
    "optimizers": "Optimizers",
    "schedules": "Learning-rate schedules",
    "turns": "Schedules of critic steps",
    "generators": "Generators",
    "critics": "Critics",
    "encoders": "Encoders",
    "prior_networks": "Prior networks",
    "norms": "Norms",
    "conditionings": "Conditionings",
    "priors": "Priors",
    "data": "Data sets",
    "metrics": "Metrics",
    "features": "Feature networks",
}


class Option(NamedTuple):
    """One option of a part, as `equilibria show` prints it."""

    name: str
    kind: str
    value: str
    help: str


class Part(NamedTuple):
    """One entry of a catalogue."""

    name: str
    summary: str
    options: list[Option]


def write(folder: Path) -> None:
    """Every page into the folder; a page that has not changed is left alone, so that Sphinx does not read it again."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        path = folder / f"{name}.md"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def pages() -> Mapping[str, str]:
    """The text of each page by its name."""
    return {
        "verbs": verbs_page(),
        "recipes": recipes_page(),
        "parts": parts_page(),
        "findings": findings_page(),
        "diagnostics": diagnostics_page(),
        "api": api_page(),
    }


# The command line


def printed(*words: str) -> str:
    """What `equilibria WORDS` prints, in lines that fit a page."""
    width = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "88"
    try:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            code = main(list(words))
    finally:
        os.environ.pop("COLUMNS") if width is None else os.environ.update(COLUMNS=width)
    if code:
        raise RuntimeError(f"`equilibria {' '.join(words)}` ended with exit code {code}")
    return out.getvalue().rstrip()


def verbs() -> list[str]:
    """The verbs that the overview lists."""
    listed = re.findall(r"^ {2,4}([a-z]+(?: [a-z]+)?)(?= |$)", printed("--help"), flags=re.MULTILINE)
    return list(dict.fromkeys(listed))


def verbs_page() -> str:
    sections = [f"## `{verb}`\n\n{fence(printed(*verb.split(), '--help'))}" for verb in verbs()]
    return page(
        "Verbs", "What `equilibria --help` and `equilibria VERB --help` print.", fence(printed("--help")), *sections
    )


# Catalogues


def parts(table: str) -> list[Part]:
    """A catalogue, read from what `equilibria show TABLE` prints."""
    found: list[Part] = []
    for line in printed("show", table).splitlines():
        match len(line) - len(line.lstrip()), re.split(r" {2,}", line.strip()):
            case _, [""]:
                pass
            case 0, [name, *rest]:
                found.append(Part(name, " ".join(rest), []))
            case 4, [name, kind, value, *rest] if found:
                found[-1].options.append(Option(name, kind, value, " ".join(rest)))
            case _, [*words]:  # a wrapped line goes on with the last column
                text, part = " ".join(words), found[-1]
                if part.options:
                    part.options[-1] = part.options[-1]._replace(help=f"{part.options[-1].help} {text}")
                else:
                    found[-1] = part._replace(summary=f"{part.summary} {text}")
    return found


def parts_page() -> str:
    about = (
        "What a recipe is put together from, as `equilibria show TABLE` prints it. Every name can be given on the "
        "command line (`--divergence hinge`), every option, too (`--penalty.weight 5`), and `my_module:my_function` "
        "stands wherever a name does."
    )
    return page("Parts", about, *(f"## {title}\n\n{catalogue(parts(table))}" for table, title in TABLES.items()))


def catalogue(rows: list[Part]) -> str:
    """A table of names and summaries; then one of each entry's options."""
    names = grid(("name", "what it is"), [(f"`{part.name}`", cell(part.summary)) for part in rows])
    options = [
        grid(
            (f"options of `{part.name}`", "type", "default", "meaning"),
            [
                (f"`{o.name}`", cell(o.kind), f"`{o.value}`" if o.value != "-" else "", cell(o.help))
                for o in part.options
            ],
        )
        for part in rows
        if part.options
    ]
    return "\n\n".join([names, *options])


def recipes_page() -> str:
    about = (
        "A recipe is a complete description of a training run. `equilibria recipes` lists them, `equilibria show "
        "RECIPE` prints one with every value, `equilibria train RECIPE --help` lists every flag that changes one."
    )
    rows = parts("recipes")
    listed = grid(("recipe", "what it is"), [(f"[`{p.name}`](#{p.name})", cell(p.summary)) for p in rows])
    return page("Recipes", about, listed, *(f"## `{p.name}`\n\n{recipe(p)}" for p in rows))


def recipe(part: Part) -> str:
    return f"{escaped(part.summary)}\n\n{fence(printed('show', part.name), 'json')}"


def findings_page() -> str:
    about = "What the [doctor](../guides/doctor.md) looks for: how severe it is, what it means and why it happens."
    return page("Findings of the doctor", about, *(finding(entry.name, entry.summary) for entry in FINDINGS.describe()))


def finding(name: str, summary: str) -> str:
    symptom = FINDINGS[name]
    return f"## `{name}` ({symptom.severity})\n\n{escaped(summary)} {escaped(symptom.why)}"


def diagnostics_page() -> str:
    about = (
        "The fields of each diagnostic that is measured while a run trains and written into `events.jsonl`. What is "
        "healthy and what it costs is on the page [Diagnostics](../guides/diagnostics.md)."
    )
    return page("Diagnostics", about, *(f"## `{name}`\n\n{doc(DIAGNOSTICS[name])}" for name in DIAGNOSTICS))


# Python


def api_page() -> str:
    about = "What `import equilibria as eq` offers. Other modules can be imported by path, but may change."
    names = [name for name in eq.__all__ if not name.startswith("_")]
    parts = [name for name in names if inspect.ismodule(getattr(eq, name))]
    calls = [name for name in names if callable(getattr(eq, name))]
    tables = [name for name in names if name not in (*calls, *parts)]
    model = typing.get_type_hints(eq.load)["return"]
    return page(
        "Python",
        about,
        *(f"## `eq.{name}`\n\n{signature(name, getattr(eq, name))}\n\n{doc(getattr(eq, name))}" for name in calls),
        *(module_section(name) for name in parts),
        f"## The model\n\n`eq.load` returns it.\n\n{doc(model)}",
        *(f"### `model.{name}`\n\n{signature(name, method)}\n\n{doc(method)}" for name, method in methods(model)),
        "## Catalogues\n\n"
        + grid(("name", "entries"), [(f"`eq.{name}`", names_of(getattr(eq, name))) for name in tables]),
    )


def module_section(name: str) -> str:
    """A module of the surface, and its functions and records."""
    module = getattr(eq, name)
    calls = [each for each in module.__all__ if callable(getattr(module, each))]
    texts = (f"### `eq.{name}.{each}`\n\n{signature(each, getattr(module, each))}" for each in calls)
    docs = (doc(getattr(module, each)) for each in calls)
    head = f"## `eq.{name}`\n\n{doc(module)}"
    return "\n\n".join([head, *(f"{text}\n\n{about}" for text, about in zip(texts, docs, strict=True))])


def methods(kind: type) -> Iterator[tuple[str, Any]]:
    """The public methods of a class, inherited ones too, by name."""
    for name, value in inspect.getmembers(kind, callable):
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("equilibria"):
            yield name, value


def names_of(table: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name}`" for name in table)


def signature(name: str, thing: Any) -> str:
    """How it is called, an argument on each line where one line does not hold them."""
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return fence(f"raise {name}(text)", "python")
    full = inspect.signature(thing)
    arguments = [str(p) for p in full.parameters.values() if p.name not in ("self", "model")]
    result = f" -> {inspect.formatannotation(full.return_annotation)}"
    if inspect.isclass(thing) or full.return_annotation is full.empty:
        result = ""
    line, broken = f"({', '.join(arguments)})", "(\n" + "".join(f"    {each},\n" for each in arguments) + ")"
    return fence(name + plain((line if len(name + plain(line + result)) <= 88 else broken) + result), "python")


def plain(text: str) -> str:
    """A signature without the paths of modules and without addresses."""
    text = re.sub(r"<built-in function (\w+)>", r"\1", text.replace("<factory>", "..."))
    return re.sub(r"\b(?:equilibria|pathlib|collections|torch|typing)(?:\.\w+)*\.(?=\w)", "", text)


# Markdown


def page(title: str, *blocks: str) -> str:
    """A page under its title, with a note for readers of the source."""
    return "\n\n".join([f"<!-- written by docs/generate.py -->\n# {title}", *filter(None, blocks)]) + "\n"


def grid(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fence(text: str, language: str = "text") -> str:
    return f"```{language}\n{text}\n```"


def doc(thing: Any) -> str:
    """A docstring as Markdown: prose by paragraphs, examples (`>>>`) and indented parts as code."""
    blocks = []
    for block in re.split(r"\n\s*\n", inspect.getdoc(thing) or ""):
        if block.startswith(("Example:\n", ">>>")):
            blocks.append(fence(inspect.cleandoc(block.removeprefix("Example:\n")), "pycon"))
        elif all(line.startswith("    ") for line in block.splitlines()):
            blocks.append(fence(inspect.cleandoc(block), "text"))
        else:
            blocks.append(escaped(block))
    return "\n\n".join(blocks)


def escaped(text: str) -> str:
    """Prose with Markdown's own characters made plain, outside of code in backticks."""
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(p if p.startswith("`") else re.sub(r"([*_<>\[\]#|])", r"\\\1", p) for p in pieces)


def cell(text: str) -> str:
    return escaped(text)


if __name__ == "__main__":
    write(Path(__file__).parent / "reference")
