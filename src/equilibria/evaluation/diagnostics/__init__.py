"""What can be seen of a game while it is played. The table is the registration."""

from ...core.catalogue import Catalogue
from .agreement import agreement
from .average import average
from .base import Diagnostic, Scene, Seen
from .burst import burst
from .clipped import clipped
from .coverage import coverage
from .diversity import diversity
from .gradients import gradients
from .looking import Looked, looked
from .neighbours import neighbours
from .posterior import posterior
from .rotation import rotation
from .scores import scores
from .slopes import slopes
from .steps import steps, strides
from .weights import weights

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
