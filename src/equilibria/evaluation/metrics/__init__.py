"""Distances of samples (M, *sample) from data (N, *sample). The table is the registration."""

from ...core.catalogue import Catalogue
from ...data import Data
from ...data.spaces import Image
from .c2st import held_out_critic, two_samples
from .likelihood import parzen
from .mmd import kernel
from .modes import is_stacked, mode_coverage, stacked
from .precision_recall import density_coverage, memorization, precision_recall
from .wasserstein import frechet, sliced, wasserstein

__all__ = ["METRICS", "ON_INCEPTION", "default_metrics"]

METRICS = Catalogue(
    "metric",
    frechet=frechet,
    kernel=kernel,
    precision_recall=precision_recall,
    density_coverage=density_coverage,
    two_samples=two_samples,
    memorization=memorization,
    sliced_wasserstein=sliced,
    wasserstein=wasserstein,
    held_out_critic=held_out_critic,
    modes=mode_coverage,
    stacked_modes=stacked,
    parzen=parzen,
)

ON_INCEPTION = {"fid": "frechet", "kid": "kernel"}  # names of metrics on the features of Inception


def default_metrics(data: Data) -> tuple[str, ...]:
    """The names of the metrics that are computed by default, the most informative ones for this data first."""
    modes = (*(["modes"] if data.modes else []), *(["stacked_modes"] if is_stacked(data) else []))
    by_kind = ("frechet", "kernel") if isinstance(data.space, Image) else ("wasserstein", "kernel")
    rest = ("precision_recall", "density_coverage", "two_samples", "memorization", "sliced_wasserstein")
    return (*modes, *by_kind, *rest, "held_out_critic")
