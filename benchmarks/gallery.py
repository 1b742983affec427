"""Every divergence and penalty played side by side: `python benchmarks/gallery.py --data-root DATA`, half an hour.

Each is played on the ring and on MNIST by the command that the page shows under it. The pictures go to docs/pictures/,
the tables into docs/guides/formulations.md, between the marks. A run that does not stay finite is said to.
"""

import argparse
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import PIL.Image
import PIL.ImageDraw
import torch
from gallery_notes import NOTES

import equilibria as eq
from equilibria.core.errors import Failure
from equilibria.data.datasets.toy import MODES
from equilibria.evaluation.metrics.modes import modes
from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.penalties import PENALTIES

ROOT = Path(__file__).parents[1]
PAGE, PICTURES = ROOT / "docs" / "guides" / "formulations.md", ROOT / "docs" / "pictures"
PLAYED: dict[str, dict[str, Any]] = {"ring": {"rounds": 10_000}, "mnist": {"rounds": 500}}
COUNT, SIDE, TITLE, ACROSS = 2_500, 232, 16, 4
Changes = dict[str, Any]


class Silence:
    """Nobody watches."""

    def say(self, text: str) -> None:
        """Nothing."""

    def show(self, event: dict[str, Any]) -> None:
        """Nothing."""


def main() -> None:
    """Play, draw, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--only", nargs="*", help="names of divergences and penalties; all if left out")
    asked = parser.parse_args()
    for group, catalogue in (("divergences", DIVERGENCES), ("penalties", PENALTIES)):
        names = [name for name in catalogue if not asked.only or name in asked.only]
        cells, rows = [], ["| name | on the ring | on MNIST | when to use it, and the command |", "|---|---|---|---|"]
        for name in names:
            told, pictures = zip(*(played(name, data, asked.data_root) for data in PLAYED), strict=True)
            cells.append(cell(name, pictures))
            rows.append(f"| `{name}` | {told[0]} | {told[1]} | {NOTES[name]}<br>`{command(name, 'DATA')}` |")
            print(rows[-1], flush=True)
        if asked.only:
            continue
        montage(cells).quantize(128).save(PICTURES / f"gallery-{group}.png", optimize=True)
        write(group, "\n".join(rows))


def changes(name: str) -> tuple[str, Changes]:
    """The recipe that plays an entry, and what is changed in it."""
    if name == "wasserstein":
        return "wgan", {"lr": 5e-4}
    if name in PENALTIES:
        return "gan-ns", {"penalty": name}
    return "gan", {"divergence": name}


def command(name: str, data: str) -> str:
    """What plays it on the command line."""
    recipe, said = changes(name)
    flags = [f"--{flag} {value}" for flag, value in said.items()]
    return " ".join(["equilibria train", recipe, f"--data {data}", *flags])


def played(name: str, data: str, root: Path | None) -> tuple[str, PIL.Image.Image]:
    """What came of it, in words, and a picture."""
    recipe, said = changes(name)
    with tempfile.TemporaryDirectory() as runs:
        where = {"data": data, "data_root": root, "save_every": 20_000, "threads": 1, "runs": runs}
        try:
            run = eq.train(recipe, Silence(), **where, **{**PLAYED[data], **said})
        except Failure as failure:
            print(f"{name} on {data}: {failure}", flush=True)
            return "not finite", PIL.Image.new("RGB", (SIDE, SIDE), "grey")
        assert run.folder is not None
        events = [json.loads(line) for line in (run.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
        model = eq.load(run.folder)
    return told(data, model, events), picture(data, model)


def told(data: str, model: Any, events: list[Mapping[str, Any]]) -> str:
    """Modes on the ring; elsewhere the estimate that was reported last."""
    if data in MODES:
        found = modes(model.sample(COUNT), *eq.DATASETS[data](count=1).modes)
        return f"{found['modes']:.0f} modes, {found['high_quality']:.0%} near one"
    estimates = [event["estimate"] for event in events if event["kind"] == "report" and event["estimate"] is not None]
    return f"finite; estimate {estimates[-1]:.3g}" if estimates else "finite"


def picture(data: str, model: Any) -> PIL.Image.Image:
    """Points over the true ones, or 64 images."""
    real = eq.DATASETS[data]().held_out[:COUNT] if data in MODES else None
    sheet = model.space.sample_grid(model.sample(1024 if data in MODES else 64), real=real)
    return sheet.convert("RGB").resize((SIDE, SIDE), PIL.Image.Resampling.LANCZOS)


def cell(name: str, pictures: tuple[PIL.Image.Image, ...]) -> PIL.Image.Image:
    """An entry's pictures under its name."""
    canvas = PIL.Image.new("RGB", (2 * SIDE + 12, SIDE + TITLE + 8), "white")
    PIL.ImageDraw.Draw(canvas).text((2, 2), name, fill="black")
    for i, image in enumerate(pictures):
        canvas.paste(image, (i * (SIDE + 4), TITLE))
    return canvas


def montage(cells: list[PIL.Image.Image]) -> PIL.Image.Image:
    """All of them, two in a row."""
    width, height = cells[0].size
    canvas = PIL.Image.new("RGB", (2 * width, -(-len(cells) // 2) * height), "white")
    for i, one in enumerate(cells):
        canvas.paste(one, (i % 2 * width, i // 2 * height))
    return canvas


def write(group: str, table: str) -> None:
    """The page with this table between its marks."""
    start, end = f"<!-- gallery: {group} -->", f"<!-- end gallery: {group} -->"
    before, rest = PAGE.read_text(encoding="utf-8").split(start, 1)
    PAGE.write_text(f"{before}{start}\n{table}\n{end}{rest.split(end, 1)[1]}", encoding="utf-8")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
