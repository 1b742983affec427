"""Mathematical defects, as tables: where each is planted, and the tests that are meant to catch it."""

from .augmentations import AUGMENTATIONS
from .comparing import COMPARING
from .contests import CONTESTS
from .distances import DISTANCES
from .divergences import DIVERGENCES
from .evaluating import EVALUATING
from .inferring import INFERRING
from .lab import LAB
from .measures import MEASURES
from .mutant import Mutant
from .networks import NETWORKS
from .penalties import PENALTIES
from .playing import PLAYING
from .remembering import REMEMBERING
from .scores import SCORES
from .studio import STUDIO
from .supervised import SUPERVISED
from .watching import WATCHING

__all__ = ["MUTANTS", "Mutant"]

MUTANTS: tuple[Mutant, ...] = (
    *SCORES,
    *DIVERGENCES,
    *PENALTIES,
    *CONTESTS,
    *AUGMENTATIONS,
    *PLAYING,
    *REMEMBERING,
    *NETWORKS,
    *MEASURES,
    *DISTANCES,
    *EVALUATING,
    *COMPARING,
    *INFERRING,
    *SUPERVISED,
    *WATCHING,
    *LAB,
    *STUDIO,
)
