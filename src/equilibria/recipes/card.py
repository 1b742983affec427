"""The card that lies beside a model."""

import json
from dataclasses import asdict

from ..data import Data
from .conditions import KEPT
from .recipe import Recipe

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
