"""Write the tables and figures of docs/guides/comparisons.md.

`python benchmarks/comparison_page.py NAME FOLDER` takes the folder that `equilibria compare ... --out FOLDER` has
filled: its report.csv is kept as docs/comparisons/NAME.csv, and the last sample grids of seed 0 become a picture.
Without arguments the tables and the figure are made again from the .csv files alone.
"""

import argparse
import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import PIL.Image
import PIL.ImageDraw
from matplotlib.figure import Figure

matplotlib.use("Agg")
from matplotlib import pyplot

DOCS = Path(__file__).parents[1] / "docs"
PAGE, TABLES, PICTURES = DOCS / "guides" / "comparisons.md", DOCS / "comparisons", DOCS / "pictures"
TITLES = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST", "digits": "Digits"}  # in the page's order
BETTER = {"lower": "lower is better", "higher": "higher is better", "neither": "no direction"}
SIDE, CAPTION = 232, 16
Row = dict[str, str]


def main() -> None:
    """Take in a comparison, if one is named; then write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", help="of the data set: " + ", ".join(TITLES))
    parser.add_argument("folder", nargs="?", type=Path, help="of the comparison")
    options = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    if options.folder:
        shutil.copy(options.folder / "report.csv", TABLES / f"{options.name}.csv")
        montage(options.folder, options.name).save(PICTURES / f"comparison-{options.name}.png", optimize=True)
        page = between(page, f"rounds: {options.name}", rounds(options.folder, options.name))
    for name in TITLES:
        page = between(page, f"numbers: {name}", table(rows(name)))
    figure().savefig(PICTURES / "comparisons.svg", metadata={"Date": None}, bbox_inches="tight")
    PAGE.write_text(page, encoding="utf-8")


def rows(name: str) -> list[Row]:
    """The lines of a comparison's .csv."""
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def table(lines: list[Row]) -> str:
    """Metrics and checkpoints by recipes: mean and interval, and the floor."""
    recipes = list(dict.fromkeys(line["recipe"] for line in lines))
    head = f"| metric | checkpoint | {' | '.join(f'`{name}`' for name in recipes)} | real samples |"
    cells: dict[tuple[str, str, str], dict[str, str]] = {}
    floors: dict[tuple[str, str, str], str] = {}
    for line in lines:
        key = (line["metric"], BETTER[line["better"]], line["checkpoint"])
        low, high = short(line["low"]), short(line["high"])
        cells.setdefault(key, {})[line["recipe"]] = f"{short(line['mean'])} ({low} to {high})"
        floors[key] = short(line["floor"])
    body = [
        f"| `{key[0]}`, {key[1]} | {key[2]} | {' | '.join(by.get(name, '') for name in recipes)} | {floors[key]} |"
        for key, by in cells.items()
    ]
    return "\n".join([head, f"| --- | --- |{' --: |' * (len(recipes) + 1)}", *body])


def short(number: str) -> str:
    """Three significant digits."""
    return f"{float(number):.3g}" if number else ""


def figure() -> Figure:
    """The Frechet distance of each recipe, a panel for each data set: mean, interval, seeds and floor."""
    pyplot.rcParams.update({"font.size": 9, "svg.hashsalt": "equilibria", "svg.fonttype": "path"})
    whole, panels = pyplot.subplots(1, len(TITLES), figsize=(10, 2.6))
    for panel, (name, title) in zip(panels, TITLES.items(), strict=True):
        lines = [line for line in rows(name) if line["metric"] == "frechet"]
        recipes = list(dict.fromkeys(line["recipe"] for line in lines))[::-1]
        for line in lines:
            last = line["checkpoint"] == "last"
            place = recipes.index(line["recipe"]) + (-0.14 if last else 0.14)
            color = "tab:blue" if last else "tab:orange"
            panel.plot([max(float(line["low"]), 1e-2), float(line["high"])], [place, place], color=color, linewidth=1.5)
            values = [float(value) for value in line["values"].split()]
            panel.plot(values, [place] * len(values), "|", color=color, markersize=7)
            panel.plot(float(line["mean"]), place, "o", color=color, markersize=4, label=line["checkpoint"])
        panel.axvline(float(lines[0]["floor"]), color="gray", linestyle=":", label="real samples")
        wide = max(float(line["mean"]) for line in lines) > 20 * float(lines[0]["floor"])
        panel.set(title=title, xscale="log" if wide else "linear", yticks=range(len(recipes)), yticklabels=recipes)
        if wide:
            panel.xaxis.set_major_formatter("{x:g}")
        panel.set_xlabel("Frechet distance, lower is better")
    labels = dict(zip(*reversed(panels[0].get_legend_handles_labels()), strict=True))
    whole.legend(
        labels.values(), labels.keys(), loc="lower center", ncols=3, bbox_to_anchor=(0.5, -0.16), frameon=False
    )
    whole.tight_layout()
    return whole


def cells(folder: Path, name: str) -> Iterator[tuple[str, int, Path]]:
    """The runs of a comparison: recipe, seed, folder."""
    lines = rows(name)
    for recipe in dict.fromkeys(line["recipe"] for line in lines):
        for seed in lines[0]["of_seeds"].split():
            for path in sorted((folder / "cells").glob(f"{recipe}-{name}-{seed}-*/recipe.json")):
                yield recipe, int(seed), path.parent


def montage(folder: Path, name: str) -> PIL.Image.Image:
    """The last sample grid of each recipe's run of seed 0, side by side."""
    last = {recipe: max((run / "samples").glob("*.png")) for recipe, seed, run in cells(folder, name) if seed == 0}
    return side_by_side({recipe: PIL.Image.open(path) for recipe, path in last.items()})


def side_by_side(pictures: dict[str, PIL.Image.Image]) -> PIL.Image.Image:
    """Pictures in a row, each under its name."""
    whole = PIL.Image.new("L", (len(pictures) * (SIDE + 4) - 4, SIDE + CAPTION), 255)
    for place, (name, picture) in enumerate(pictures.items()):
        whole.paste(
            picture.convert("L").resize((SIDE, SIDE), PIL.Image.Resampling.LANCZOS), (place * (SIDE + 4), CAPTION)
        )
        PIL.ImageDraw.Draw(whole).text((place * (SIDE + 4), 2), name, fill=0)
    return whole.quantize(32)


def rounds(folder: Path, name: str) -> str:
    """How many rounds each run had, by recipe and seed."""
    counts: dict[str, list[str]] = {}
    for recipe, _, run in cells(folder, name):
        ends = [json.loads(line) for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines()]
        counts.setdefault(recipe, []).append(f"{ends[-1]['step']:,}")
    return "\n".join(
        ["| recipe | rounds by seed |", "| --- | --- |", *(f"| `{n}` | {'; '.join(c)} |" for n, c in counts.items())]
    )


def between(page: str, mark: str, text: str) -> str:
    """The page with what stands between two marks replaced."""
    before, rest = page.split(f"<!-- {mark} -->", 1)
    after = rest.split(f"<!-- end: {mark} -->", 1)[1]
    return f"{before}<!-- {mark} -->\n{text}\n<!-- end: {mark} -->{after}"


if __name__ == "__main__":
    main()
