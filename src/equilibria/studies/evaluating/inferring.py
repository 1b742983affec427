"""How likely held-out data are to the model itself, where it has a likelihood and an encoder."""

import math

from ...core.errors import Refusal
from ...core.posteriors import Gaussian
from ...core.types import Batch
from ...evaluation.likelihood import importance_sampled
from ...evaluation.metrics.base import Figure
from ...recipes.model import Model


def inferred(model: Model, batch: Batch, *, k: int = 500, count: int = 1000) -> Figure:
    """Negative log-likelihood of held-out data, nats, by importance sampling; lower is better (Burda et al. 2016).

    `k` is how many draws of the encoder weigh each sample: an upper bound on average, the tighter the more. `count` is
    how many samples are asked about.
    """
    if k < 1 or count < 2:
        raise Refusal("The metric 'nll' needs k of at least 1, and a count of at least 2.")
    some = Batch(batch.x[:count], None if batch.y is None else batch.y[:count])
    nats = importance_sampled(model.networks, model.prior, some, k).double()
    return Figure(float(nats.mean()), float(nats.std()) / math.sqrt(len(nats)))


def infers(model: Model) -> bool:
    """Whether the model has a likelihood, and an encoder that is uncertain."""
    if not {"likelihood", "encoder"} <= set(model.networks):
        return False
    _, y = model.material(1, (0,))
    return isinstance(model.networks["encoder"](model.sample(1), y), Gaussian)
