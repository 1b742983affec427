"""Metrics against other people's code, on the same rows."""

import math

import numpy as np
import ot
import pytest
import scipy.linalg
import scipy.optimize
import scipy.spatial
import scipy.special
import scipy.stats
import torch
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from equilibria.core.seeding import generator
from equilibria.data import load_data
from equilibria.evaluation.metrics import METRICS
from equilibria.evaluation.metrics.base import SampleSets
from equilibria.evaluation.metrics.likelihood import log_densities
from equilibria.evaluation.metrics.mmd import Kernel, kernel_distance, unbiased
from equilibria.evaluation.metrics.wasserstein import frechet_distance, sliced_wasserstein, wasserstein_distance
from equilibria.evaluation.neighbors import centered_rows, nearest, radii


class Rows(torch.nn.Module):
    """A feature network for those who ask for one: what comes in is what goes out."""

    num_features = 12

    def forward(self, x):
        return x


def pair(size=12, count=400, other=300):
    place = generator(7)
    mix = torch.randn(size, size, generator=place, dtype=torch.float64)
    real = torch.randn(count, size, generator=place, dtype=torch.float64) @ mix
    fake = 1.3 * torch.randn(other, size, generator=place, dtype=torch.float64) @ mix + 0.5
    return real, fake


def close(value):
    return pytest.approx(float(value), rel=1e-6)


def test_frechet_is_torchmetrics():
    real, fake = pair()
    theirs = FrechetInceptionDistance(feature=Rows()).set_dtype(torch.float64)
    theirs.update(real, real=True)
    theirs.update(fake, real=False)
    assert frechet_distance(real, fake) == close(theirs.compute())


def test_frechet_is_scipys_root_and_pots_distance():
    real, fake = pair()
    mean, other = real.mean(dim=0).numpy(), fake.mean(dim=0).numpy()
    covariance, spread = np.cov(real.numpy().T), np.cov(fake.numpy().T)
    root = scipy.linalg.sqrtm(covariance @ spread).real
    assert frechet_distance(real, fake) == close(((mean - other) ** 2).sum() + np.trace(covariance + spread - 2 * root))
    assert frechet_distance(real, fake) == close(
        ot.gaussian.bures_wasserstein_distance(mean, other, covariance, spread) ** 2
    )


@pytest.mark.parametrize(("size", "count"), [(60, 20), (300, 25)])
def test_frechet_of_fewer_samples_than_features_is_exact(size, count):
    """Where scipy's root of the product is off by 1e-7: the trace is the nuclear norm of x y^T, of (n, n)."""
    real, fake = pair(size, count, count)
    x, y, apart = real - real.mean(dim=0), fake - fake.mean(dim=0), real.mean(dim=0) - fake.mean(dim=0)
    traces = (x.square().sum() + y.square().sum() - 2 * torch.linalg.matrix_norm(x @ y.T, "nuc")) / (count - 1)
    assert frechet_distance(real, fake) == pytest.approx(float(apart.square().sum() + traces), rel=1e-12)
    assert frechet_distance(real, real) == pytest.approx(0, abs=1e-12 * float(x.square().sum()))


@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance`")
@pytest.mark.parametrize("kernel", [Kernel(), Kernel(2, 0.5, 0.1), Kernel(1, 1.0, 0.3)])
def test_the_kernel_distance_is_torchmetrics(kernel):
    real, fake = (x[:200] for x in pair())
    theirs = KernelInceptionDistance(
        feature=Rows(), subsets=1, subset_size=200, degree=kernel.degree, gamma=kernel.gamma, coef=kernel.coef
    )
    theirs.update(real, real=True)
    theirs.update(fake, real=False)
    assert float(unbiased(real, fake, kernel)) == close(theirs.compute()[0])


def test_the_kernel_distance_by_parts_is_that_of_all_pairs():
    real, fake = pair()
    found = kernel_distance(real, fake, subsets=400, size=150)
    assert found.value == pytest.approx(float(unbiased(real, fake)), abs=3 * found.error / 2)


def test_sliced_wasserstein_is_pots():
    real, fake = pair()
    lines = torch.nn.functional.normalize(torch.randn(64, 12, generator=generator(3, 64)), dim=1).double()
    theirs = ot.sliced_wasserstein_distance(real.numpy(), fake.numpy(), projections=lines.numpy().T)
    assert sliced_wasserstein(real, fake, directions=64, seed=3) == close(theirs)


@pytest.mark.parametrize("order", [1, 2])
def test_exact_wasserstein_is_the_best_assignment(order):
    real, fake = (x[:150] for x in pair(3))
    price = scipy.spatial.distance.cdist(real, fake) ** order
    chosen = scipy.optimize.linear_sum_assignment(price)
    assert wasserstein_distance(real, fake, order) == close(price[chosen].mean() ** (1 / order))


def test_exact_wasserstein_in_one_dimension_is_scipys():
    real, fake = pair(1)
    theirs = scipy.stats.wasserstein_distance(real[:, 0].numpy(), fake[:, 0].numpy())
    assert wasserstein_distance(real, fake) == close(theirs)


@pytest.mark.parametrize("size", [2, 12, 60])
def test_neighbours_are_those_of_scipys_trees(size):
    real, fake = pair(size)
    x, y = centered_rows(real, fake)
    distances, places = scipy.spatial.KDTree(x.numpy()).query(y.numpy())
    assert nearest(y, x)[0].numpy() == pytest.approx(distances, rel=1e-6)
    assert (nearest(y, x)[1].numpy() == places).all()
    assert radii(x, 3).numpy() == pytest.approx(
        scipy.spatial.KDTree(x.numpy()).query(x.numpy(), k=4)[0][:, 3], rel=1e-6
    )


@pytest.mark.parametrize(("size", "k"), [(2, 3), (12, 5), (60, 1)])
def test_precision_recall_density_and_coverage_are_what_trees_count(size, k):
    real, fake = pair(size)
    within = scipy.spatial.distance.cdist(real, fake)
    ball, other = (scipy.spatial.KDTree(x.numpy()).query(x.numpy(), k=k + 1)[0][:, k] for x in (real, fake))
    wanted = {
        "precision": (within <= ball[:, None]).any(axis=0).mean(),
        "recall": (within <= other[None]).any(axis=1).mean(),
        "density": (within < ball[:, None]).sum(axis=0).mean() / k,
        "coverage": (within.min(axis=1) < ball).mean(),
    }
    data, sets = load_data({"name": "ring", "count": 5}), SampleSets(real, fake, real)
    found = METRICS["precision_recall"](data, k=k).measure(sets) | METRICS["density_coverage"](data, k=k).measure(sets)
    assert {name: figure.value for name, figure in found.items()} == pytest.approx(wanted, rel=1e-9)


def test_parzen_is_scipys_logarithm_of_a_sum():
    real, fake = pair(5)
    deviations = torch.tensor([0.3, 1.0], dtype=torch.float64)
    found = log_densities(real, fake, deviations)
    for row, deviation in zip(found, deviations, strict=True):
        each = scipy.stats.norm.logpdf(real[:, None].numpy(), fake[None].numpy(), float(deviation)).sum(axis=2)
        assert row.numpy() == pytest.approx(scipy.special.logsumexp(each, axis=1) - math.log(len(fake)), rel=1e-6)


def test_distances_are_the_same_some_at_a_time(monkeypatch):
    x, y = centered_rows(*pair())
    whole = nearest(x, y), radii(x, 3)
    monkeypatch.setattr("equilibria.evaluation.neighbors._DISTANCES", 20_000)
    parts = nearest(x, y), radii(x, 3)
    torch.testing.assert_close(parts, whole)
