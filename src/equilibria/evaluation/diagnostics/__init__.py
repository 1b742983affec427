"""What can be seen of a game while it is played. The table is the registration."""

from ...core.catalogue import Catalogue
from .average import average
from .base import Diagnostic, Scene, Seen
from .clipped import clipped
from .diversity import diversity
from .gradients import gradients
from .looking import Looked, looked
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
    diversity=diversity,
    steps=steps,
    strides=strides,
    weights=weights,
    average=average,
)
