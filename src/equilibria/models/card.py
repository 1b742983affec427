"""Model cards."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..data import Data
from ..recipes.recipe import Recipe
from .conditions import MAX_ROWS
from .model_folder import CARD, find_file, last_metrics, read_config, read_recipe

if TYPE_CHECKING:
    from .model import Model

_CARD = """# {name} on {data}

A generator and a critic trained by `{name}` for {rounds:,} rounds with `equilibria`. {about}

- **Draw samples**: `equilibria sample RUN --count 64`, or in Python `equilibria.load("RUN").sample(64)`.
{usage}- **Weights**: `weights.safetensors`; the generator is the moving average of the trained one, the critic is
  {critic}. `config.json` describes the networks, the space of the samples and the prior.
- **Data**: {data}, {train:,} training samples and {held_out:,} held out{labels}.
- **License**: the weights were computed from the data. Whether you may share them, or samples of them, depends on the
  license of the data; nothing here grants it.
- **Memorization**: a generator can reproduce training samples, more so on small data sets. Compare samples with their
  nearest training samples before you publish them, and do not share a model of personal data without a legal basis.

## Recipe

```json
{recipe}
```
"""

_LABELS = """- **Draw by label**: it knows {labels}.
  {how}.
  Without a label, labels are drawn as often as in the training data{rows}.
"""
_CLASSES = """- **Classify samples**: its critic predicts {labels}.
  `equilibria classify RUN PICTURES`, in Python `equilibria.load("RUN").classify(x)`.
"""
_ROWS = """; `config.json` stores {rows} labels of
  training samples for that, without the samples: if they describe people, they are shared with the model"""
_FLAGS = {
    "class": ("--label", ""),
    "multi-hot": ("--attributes", " (the others are absent)"),
    "vector": ("--attributes", ""),
}


def card(recipe: Recipe, data: Data, rounds: int) -> str:
    """The card of a run's model: its use, its data, its recipe and its risks."""
    return _CARD.format(
        name=recipe.name,
        usage=_usage(recipe, data),
        critic="an average, too" if recipe.labelled else "the last one",
        about=recipe.about,
        rounds=rounds,
        labels=_use_of_labels(recipe, data),
        recipe=json.dumps(asdict(recipe), indent=2),
        data=data.name,
        train=len(data.x),
        held_out=len(data.held_out),
    )


def _use_of_labels(recipe: Recipe, data: Data) -> str:
    """The use of the training data's labels in an unconditional model."""
    if data.labels is None or recipe.conditional:
        return ""
    return f" ({recipe.labelled:,} of its labels were used)" if recipe.labelled else " (its labels were not used)"


def _usage(recipe: Recipe, data: Data) -> str:
    """How to classify, or how to draw by label and what the model stores of the labels."""
    labels = data.labels
    if recipe.labelled:
        return _CLASSES.format(labels=labels)
    if labels is None or not recipe.conditional:
        return ""
    flag, rest = _FLAGS[labels.kind]
    one = labels.example if labels.kind == "vector" else labels.names[-1]
    command, python = f'equilibria sample RUN {flag} "{one}"', f'equilibria.load("RUN").sample(64, labels="{one}")'
    how = f"`{command}`{rest}, in Python `{python}`"
    rows = "" if labels.kind == "class" else _ROWS.format(rows=min(MAX_ROWS, len(data.x)))
    return _LABELS.format(labels=labels, how=how, rows=rows)


_FRONT = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)
_SECTION = re.compile(r"<!-- handed on -->.*?<!-- end: handed on -->\n+", re.DOTALL)
_PLAIN = "# {title}\n\nA model trained with `equilibria`.\n"
_USE = """<!-- handed on -->
![Random samples, not selected](sheet.png)

```python
import equilibria as eq

model = eq.from_pretrained({name})
samples = model.sample(64, seed=1)  # (64, {shape}){values}
```

Weights are read by safetensors, and nothing in this folder is executed.
{metrics}
<!-- end: handed on -->

"""
_METRICS = """
| after {step:,} rounds, on {count:,} {split} samples | value |
| --- | --: |
{rows}
"""


def hub_card(model: "Model", name: str, license: str) -> str:
    """Front matter, a sample grid, how to load the model by this name, its metrics, and the card that the run wrote."""
    path = find_file(model.folder, CARD)
    title = str(read_recipe(model.folder).get("name", "")) or "a model"
    body = _SECTION.sub("", _FRONT.sub("", path.read_text(encoding="utf-8"))) if path else _PLAIN.format(title=title)
    head, _, rest = body.partition("\n\n")
    metrics = last_metrics(model.folder)
    shape = ", ".join(map(str, model.space.shape))
    used = _USE.format(
        name=json.dumps(name),
        shape=shape,
        values=" in [-1, 1]" if read_config(model.folder)["space"]["name"] == "image" else "",
        metrics=_table(metrics) if metrics else "",
    )
    return _front(model, title, head.removeprefix("# "), metrics, license) + f"{head}\n\n{used}{rest}"


def _front(model: "Model", recipe: str, title: str, metrics: Mapping[str, Any], license: str) -> str:
    """The front matter that the hub reads, as YAML, which includes JSON's strings and lists."""
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
    if metrics:
        data = title.rpartition(" on ")[2]
        results = [
            {"type": key, "value": value, "name": key.replace("_", " ")} for key, value in metrics["metrics"].items()
        ]
        dataset = {"type": data, "name": data}
        lines["model-index"] = [{"name": title, "results": [{"task": task, "dataset": dataset, "metrics": results}]}]
    return "---\n" + "".join(f"{key}: {json.dumps(value)}\n" for key, value in lines.items()) + "---\n\n"


def _table(metrics: Mapping[str, Any]) -> str:
    rows = [f"| {key.replace('_', ' ')} | {value:.4g} |" for key, value in metrics["metrics"].items()]
    split = str(metrics["split"]).replace("_", " ")
    return _METRICS.format(step=metrics["step"], count=metrics["count"], split=split, rows="\n".join(rows)).rstrip()
