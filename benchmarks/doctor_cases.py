"""Runs with one planted defect each, and healthy ones."""

from dataclasses import dataclass, field
from typing import Any

RING, GRID, DIGITS = "ring", "grid", "digits"
POINTS = {"generator": "dense", "critic": "dense", "generator.width": 64, "critic.width": 64, "prior.size": 8}
DENSE = {"generator": "dense", "critic": "dense", "generator.width": 128, "critic.width": 128, "prior.size": 32}
CODED = {"generator": "dense", "encoder": "dense", "generator.width": 128, "encoder.width": 128, "prior.size": 16}

COSINE = {"schedule": "cosine", "schedule.end": 0.05}  # r3gan's when docs/guides/doctor.md was counted
NOISY = {"likelihood.learned": False, "likelihood.noise": 5.0}


@dataclass(frozen=True)
class Case:
    """A recipe with its settings, and the finding that the doctor must report: none if it is healthy."""

    recipe: str
    data: Any
    rounds: int
    settings: dict[str, Any] = field(default_factory=dict)
    finding: str = ""


def _rates(critic: float, generator: float) -> dict[str, float]:
    return {"optimizers.critic.lr": critic, "optimizers.generator.lr": generator}


PLANTED = {
    "nonfinite": Case("wgan", RING, 300, POINTS | {"clip": None, "optimizer": "sgd", "lr": 1e5}, "nonfinite"),
    "collapse": Case("gan-ns", RING, 400, POINTS | _rates(1e-4, 3e-2), "collapse"),
    "oscillating": Case("gan-ns", RING, 300, POINTS | {"lr": 3e-3, "halflife": 5.0}, "oscillating"),
    "saturated": Case("gan", DIGITS, 300, DENSE | {"n_critic": 5} | _rates(1e-3, 1e-4), "saturated"),
    "posterior_collapse": Case("vae", DIGITS, 400, CODED | {"beta": 50.0}, "posterior_collapse"),
    "partial": Case("r3gan", DIGITS, 300, COSINE | DENSE | {"prior.size": 1}, "partial"),
    "missing": Case(
        "r3gan", GRID, 400, COSINE | POINTS | {"prior.size": 1, "generator.width": 4, "generator.depth": 1}, "missing"
    ),
    "weak": Case("gan-ns", RING, 500, POINTS | {"critic.width": 2, "critic.depth": 1}, "weak"),
    "crushed": Case("gan-ns", RING, 400, POINTS | {"penalty": "r1", "penalty.weight": 1e4}, "weak"),
    "critic_memorizes": Case(
        "r3gan", {"name": RING, "count": 32, "spread": 0.3}, 800, COSINE | POINTS | {"batch": 32}, "critic_memorizes"
    ),
    "generator_memorizes": Case(
        "r3gan",
        {"name": RING, "count": 16, "spread": 0.3},
        1000,
        COSINE | POINTS | {"batch": 16},
        "generator_memorizes",
    ),
    "fast_critic": Case("gan-ns", RING, 300, POINTS | _rates(1e-2, 1e-5), "imbalance"),
    "fast_generator": Case("wgan-gp", RING, 150, POINTS | _rates(1e-5, 1e-3), "imbalance"),
    "unconverged": Case("wgan-gp", RING, 400, POINTS | {"n_critic": 1, "lr": 2e-3}, "unconverged"),
    "slope": Case("wgan-gp", RING, 150, POINTS | {"penalty.weight": 1e-4}, "slope"),
    "coupled": Case("wgan-gp", RING, 100, POINTS | {"critic.norm": "batch", "allow_coupled_critic": True}, "coupled"),
    "penalty_off": Case("wgan-gp", DIGITS, 100, DENSE | {"penalty.weight": 0.0}, "inert_penalty"),
    "fast": Case("gan", DIGITS, 100, {"generator.width": 8, "critic.width": 8, "lr": 10.0}, "instability"),
    "noisy_decoder": Case("vae", DIGITS, 300, CODED | NOISY, "posterior_collapse"),
    "half_beta": Case("vae", DIGITS, 300, CODED | NOISY | {"beta": 0.5}, "posterior_collapse"),
    "pinned": Case("wgan", RING, 100, POINTS, "pinned"),
    "depth": Case("wgan", RING, 100, POINTS | {"critic.depth": 10}, "depth"),
    "momentum": Case("gan-ns", RING, 500, POINTS | {"optimizer.beta1": 0.999, "lr": 1e-3}, "momentum"),
    "disagreement": Case("bigan", DIGITS, 200, DENSE | {"encoder": "dense", "encoder.width": 8}, "disagreement"),
    "noise": Case("gan-ns", DIGITS, 40, DENSE, "unlike"),
    "blur": Case("vae", DIGITS, 60, CODED | {"lr": 1e-5}, "unlike"),
    "level": Case("gan-ns", DIGITS, 100, DENSE | {"lr": 1e-7}, "no_progress"),
    "past_best": Case("vae", "few.npz", 500, CODED | {"lr": 5e-3}, "past_best"),
    "slow_average": Case("gan-ns", RING, 200, POINTS | _rates(2e-5, 2e-3), "slow_average"),
    "short": Case("wgan-gp", DIGITS, 90, DENSE, "short"),
    "far": Case("r3gan", "far.npz", 150, COSINE | POINTS, "data_range"),
    "dark": Case("r3gan", "dark.npz", 150, COSINE | DENSE, "data_range"),
    "labels_unused": Case("r3gan", DIGITS, 150, COSINE | DENSE, "labels_unused"),
}
HEALTHY = {
    "r3gan-ring": Case("r3gan", RING, 800, COSINE | POINTS),
    "r3gan-grid": Case("r3gan", GRID, 800, COSINE | POINTS),
    "wgan-gp-ring": Case("wgan-gp", RING, 250, POINTS),
    "wgan-gp-grid": Case("wgan-gp", GRID, 250, POINTS),
    "gan-ns-r1-ring": Case(
        "gan-ns", RING, 700, POINTS | {"penalty": "r1", "penalty.weight": 0.1, "lr": 1e-3, "optimizer.beta1": 0.0}
    ),
    "wgan-div-ring": Case("wgan-div", RING, 250, POINTS),
    "r3gan-digits": Case("r3gan", DIGITS, 1500, COSINE | DENSE),
    "wgan-gp-digits": Case("wgan-gp", DIGITS, 200, DENSE),
    "vae-digits": Case("vae", DIGITS, 500, CODED),
    "iwae-digits": Case("iwae", DIGITS, 400, CODED),
    "wgan-div-grid": Case("wgan-div", GRID, 250, POINTS),
}
CASES = PLANTED | HEALTHY
