"""The card that lies beside a model."""

import json
from dataclasses import asdict

from ..data import Data
from .recipe import Recipe

_CARD = """# {name} on {data}

A generator and a critic that played `{name}` for {rounds:,} rounds with `equilibria`. {about}

- **Draw from it**: `equilibria sample RUN --count 64`, or in Python `equilibria.load("RUN").sample(64)`.
- **Weights**: `weights.safetensors`; the generator is the moving average of the one that played, the critic is as it
  played. `config.json` holds the networks, the space of the samples and the prior.
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


def card(recipe: Recipe, data: Data, rounds: int) -> str:
    """What the model is, what it was made of, and what to mind."""
    return _CARD.format(
        name=recipe.name,
        about=recipe.about,
        rounds=rounds,
        data=data.name,
        train=len(data.x),
        held_out=len(data.held_out),
        labels="" if data.labels is None else " (its labels were not used)",
        recipe=json.dumps(asdict(recipe), indent=2),
    )
