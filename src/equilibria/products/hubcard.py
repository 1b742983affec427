"""The card of a model that is handed on: what the hub reads in front, then what people read."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..recipes.model import Model
from .origin import beside, config, measured, recipe_name

_FRONT = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)
_SECTION = re.compile(r"<!-- handed on -->.*?<!-- end: handed on -->\n+", re.DOTALL)
_PLAIN = "# {title}\n\nA model trained with `equilibria`.\n"
_USE = """<!-- handed on -->
![What it draws, not chosen](sheet.png)

```python
import equilibria as eq

model = eq.from_pretrained({name})
samples = model.sample(64, seed=1)  # (64, {shape}){values}
```

Weights are read by safetensors, and nothing in this folder is executed.
{figures}
<!-- end: handed on -->

"""
_FIGURES = """
| after {step:,} rounds, on {count:,} {split} samples | value |
| --- | --: |
{rows}
"""


def card(model: Model, place: Path | None, name: str, license: str) -> str:
    """Front matter, the sheet, how to load it by this name, the figures, and the card that the run wrote."""
    path = beside(place, "README.md")
    title = recipe_name(place) or "a model"
    body = _SECTION.sub("", _FRONT.sub("", path.read_text(encoding="utf-8"))) if path else _PLAIN.format(title=title)
    head, _, rest = body.partition("\n\n")
    figures = measured(place)
    shape = ", ".join(map(str, model.space.shape))
    used = _USE.format(
        name=json.dumps(name),
        shape=shape,
        values=" in [-1, 1]" if config(place)["space"]["name"] == "image" else "",
        figures=_table(figures) if figures else "",
    )
    return _front(model, title, head.removeprefix("# "), figures, license) + f"{head}\n\n{used}{rest}"


def _front(model: Model, recipe: str, title: str, figures: Mapping[str, Any], license: str) -> str:
    """What the hub reads, as YAML, of which JSON's strings and lists are a part."""
    image = len(model.space.shape) == 3
    task = {"type": "unconditional-image-generation" if image else "other", "name": "Generation"}
    kinds = ["gan"] if "critic" in model.networks else []
    kinds += ["conditional"] if model.conditions is not None else []
    lines: dict[str, Any] = {
        "library_name": "equilibria",
        "license": license,
        "tags": ["equilibria", "generative-model", recipe, *kinds],
        **({"pipeline_tag": "unconditional-image-generation"} if image else {}),
    }
    if figures:
        data = title.rpartition(" on ")[2]
        results = [
            {"type": key, "value": value, "name": key.replace("_", " ")} for key, value in figures["metrics"].items()
        ]
        dataset = {"type": data, "name": data}
        lines["model-index"] = [{"name": title, "results": [{"task": task, "dataset": dataset, "metrics": results}]}]
    return "---\n" + "".join(f"{key}: {json.dumps(value)}\n" for key, value in lines.items()) + "---\n\n"


def _table(figures: Mapping[str, Any]) -> str:
    rows = [f"| {key.replace('_', ' ')} | {value:.4g} |" for key, value in figures["metrics"].items()]
    split = str(figures["split"]).replace("_", " ")
    return _FIGURES.format(step=figures["step"], count=figures["count"], split=split, rows="\n".join(rows)).rstrip()
