"""Measurements of a run in training beyond its losses. The table is the registration."""

from ...core.catalogue import Catalogue
from .base import Diagnosis, Diagnostic, GameState, Values, diagnose
from .critic import burst, clipped, gradient_norms, scores
from .encoder import agreement, posterior
from .gradients import average, gradients, steps, strides, weights
from .rotation import rotation
from .sample_variety import coverage, diversity, likeness, nearest_neighbors

__all__ = ["DIAGNOSTICS", "Diagnosis", "Diagnostic", "GameState", "Values", "diagnose"]

DIAGNOSTICS = Catalogue(
    "diagnostic",
    scores=scores,
    gradients=gradients,
    clipped=clipped,
    slopes=gradient_norms,
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
    neighbours=nearest_neighbors,
    likeness=likeness,
)
