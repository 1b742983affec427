"""What can be seen of a game while it is played. The table is the registration."""

from ...core.catalogue import Catalogue
from .base import Diagnostic, Looked, Scene, Seen, looked
from .critic import burst, clipped, scores, slopes
from .encoder import agreement, posterior
from .gradients import average, gradients, steps, strides, weights
from .rotation import rotation
from .sample_variety import coverage, diversity, neighbours

__all__ = ["DIAGNOSTICS", "Diagnostic", "Looked", "Scene", "Seen", "looked"]

DIAGNOSTICS = Catalogue(
    "diagnostic",
    scores=scores,
    gradients=gradients,
    clipped=clipped,
    slopes=slopes,
    burst=burst,
    diversity=diversity,
    coverage=coverage,
    steps=steps,
    strides=strides,
    weights=weights,
    average=average,
    rotation=rotation,
    posterior=posterior,
    agreement=agreement,
    neighbours=neighbours,
)
