"""Defects in data whose truth is known, and in what is measured against it."""

from .mutant import Mutant

MODES = "evaluation/metrics/modes.py"
LAW = "oracles/test_metrics.py::test_"

MEASURES = (
    Mutant(
        "ring-counts-one-mode-twice",
        "data/datasets/toy.py",
        "angles = torch.arange(modes) * (2 * math.pi / modes)",
        "angles = torch.linspace(0, 2 * math.pi, modes)",
        ("oracles/test_data_points.py::test_no_two_modes_of_the_ring_coincide",),
        "seven modes for eight: both ends of the circle",
    ),
    Mutant(
        "high-quality-within-two-deviations",
        MODES,
        "_NEAR = 3.0",
        "_NEAR = 2.0",
        (LAW + "true_samples_are_of_high_quality_and_reach_every_mode",),
        "true samples score 86 % for 98.89 %",
    ),
    Mutant(
        "high-quality-in-a-square",
        MODES,
        "good = distance <= _NEAR * std",
        "good = ((samples.float() - centers.float()[nearest]).abs() <= _NEAR * std).all(dim=1)",
        (LAW + "true_samples_are_of_high_quality_and_reach_every_mode",),
        "axis by axis: 99.46 % for 98.89 %",
    ),
    Mutant(
        "modes-of-bad-samples",
        MODES,
        "torch.bincount(nearest[good],",
        "torch.bincount(nearest,",
        (LAW + "noise_is_of_no_quality",),
        "a mode is captured by anything",
    ),
    Mutant(
        "sliced-distance-squared",
        "evaluation/metrics/wasserstein.py",
        "return float(torch.cat(squares).mean().sqrt())",
        "return float(torch.cat(squares).mean())",
        (LAW + "a_scale_scales_it",),
        "the root is missing",
    ),
)
