"""One sheet for each run with what its model makes: `python benchmarks/sheets.py runs/NAME ... --data-root DATA`.

Samples, reconstructions of held-out data where there is an encoder (of a code alone, what the code does), and
interpolations, beside one another. They are written to docs/pictures/games/NAME.png.
"""

import argparse
from pathlib import Path

import PIL.Image
import torch

import equilibria as eq
from equilibria.data import load_data
from equilibria.recipes import Recipe
from equilibria.runs.selection import held_out_batch

PICTURES = Path(__file__).parents[1] / "docs" / "pictures" / "games"
GAP = 24  # pixels between pictures
SHOWN = 24  # samples, and reconstructions


def main() -> None:
    """Draw each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data-root", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    PICTURES.mkdir(parents=True, exist_ok=True)
    for folder in asked.runs:
        path = PICTURES / f"{folder.name}.png"
        beside(pictures(folder, asked.data_root)).quantize(128).save(path, optimize=True)
        print(path, flush=True)


def pictures(folder: Path, root: Path | None) -> list[PIL.Image.Image]:
    """Samples, reconstructions if there can be any or what the code does, interpolations."""
    recipe = Recipe.load(folder / "recipe.json")
    model, data = eq.load(folder), load_data(recipe.data, root)
    points, known = len(data.space.shape) == 1, model.conditions is not None
    batch = held_out_batch(data, 1024 if points else SHOWN, known, recipe.binarize)
    drawn = model.sample(len(batch.x), seed=1)
    found = [data.space.sample_grid(drawn, 6, real=batch.x if points else None)]
    if model.encoder_output == "code":
        found.append(model.traverse(coordinates=range(12), steps=9).picture())
    elif "encoder" in model.networks:
        found.append(model.reconstruct(batch.x, count=len(batch.x), labels=batch.y).picture())
    return [*found, model.interpolate(seed=1).picture()]


def beside(drawn: list[PIL.Image.Image]) -> PIL.Image.Image:
    """Pictures of one height, one after another."""
    height = max(picture.height for picture in drawn)
    scaled = [p.resize((p.width * height // p.height, height), PIL.Image.Resampling.NEAREST) for p in drawn]
    sheet = PIL.Image.new("RGB", (sum(p.width + GAP for p in scaled) - GAP, height), "white")
    left = 0
    for picture in scaled:
        sheet.paste(picture, (left, 0))
        left += picture.width + GAP
    return sheet


if __name__ == "__main__":
    main()
