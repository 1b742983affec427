"""Model cards."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..data import Data
from ..recipes.recipe import Recipe
from .conditions import KEPT
from .inputs import beside, config, measured, recipe_name
from .sampler import Sampler

_CARD = """# {name} on {data}

A generator and a critic that played `{name}` for {rounds:,} rounds with `equilibria`. {about}

- **Draw from it**: `equilibria sample RUN --count 64`, or in Python `equilibria.load("RUN").sample(64)`.
{asking}- **Weights**: `weights.safetensors`; the generator is the moving average of the one that played, the critic is
  {critic}. `config.json` holds the networks, the space of the samples and the prior.
- **Data**: {data}, {train:,} training samples and {held_out:,} held out{labels}.
- **Licence**: the weights were made from the data. Whether you may share them, or what is drawn from them, depends on
  the licence of the data; nothing here grants it.
- **Memorization**: a generator can reproduce training samples, more so on small data sets. Compare draws with their
  nearest training samples before you publish them, and do not share a model of personal data without a legal basis.

## Recipe

```json
{recipe}
```
"""

_ASKING = """- **Ask for labels**: it knows {labels}.
  {how}.
  Draws that ask for nothing have labels as often as the training data do{kept}.
"""
_CLASSIFYING = """- **Classify with it**: its critic tells {labels}.
  `equilibria classify RUN PICTURES`, in Python `equilibria.load("RUN").classify(x)`.
"""
_KEPT = """; `config.json` keeps {rows} labels of
  training samples for that, without the samples: if they tell of people, mind that they travel with the model"""
_FLAGS = {
    "class": ("--label", ""),
    "multi-hot": ("--attributes", " (the others are absent)"),
    "vector": ("--attributes", ""),
}


def card(recipe: Recipe, data: Data, rounds: int) -> str:
    """What the model is, what it was made of, and what to mind."""
    return _CARD.format(
        name=recipe.name,
        asking=_classifying(recipe, data) or _asking(recipe, data),
        critic="one, too" if recipe.labelled else "as it played",
        about=recipe.about,
        rounds=rounds,
        data=data.name,
        train=len(data.x),
        held_out=len(data.held_out),
        labels=_used(recipe, data),
        recipe=json.dumps(asdict(recipe), indent=2),
    )


def _used(recipe: Recipe, data: Data) -> str:
    """What the training data's labels were for, where nobody can ask for them."""
    if data.labels is None or recipe.conditional:
        return ""
    return f" ({recipe.labelled:,} of its labels were used)" if recipe.labelled else " (its labels were not used)"


def _classifying(recipe: Recipe, data: Data) -> str:
    """What the critic tells of samples, if it learned that from few labels."""
    return _CLASSIFYING.format(labels=data.labels) if recipe.labelled else ""


def _asking(recipe: Recipe, data: Data) -> str:
    """How to draw by label, and what the model keeps of the labels."""
    labels = data.labels
    if labels is None or not recipe.conditional:
        return ""
    flag, rest = _FLAGS[labels.kind]
    one = ",".join(["0"] * labels.size) if labels.kind == "vector" else labels.names[-1]
    command, python = f'equilibria sample RUN {flag} "{one}"', f'equilibria.load("RUN").sample(64, labels="{one}")'
    how = f"`{command}`{rest}, in Python `{python}`"
    kept = "" if labels.kind == "class" else _KEPT.format(rows=min(KEPT, len(data.x)))
    return _ASKING.format(labels=labels, how=how, kept=kept)


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


def hub_card(model: Sampler, place: Path | None, name: str, license: str) -> str:
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


def _front(model: Sampler, recipe: str, title: str, figures: Mapping[str, Any], license: str) -> str:
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
