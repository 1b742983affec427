"""Defects in networks that belong to a formulation."""

from .mutant import Mutant

NORMS, CONDITIONS = "networks/norms.py", "networks/conditioning/"
LAW = "contracts/test_networks_norms.py::test_"
TOLD = "contracts/test_networks_conditioning.py::test_"

NETWORKS = (
    Mutant(
        "spectral-norm-missing",
        NORMS,
        "return Norm(around=spectral_norm)",
        "return Norm()",
        (LAW + "spectral_norm_makes_every_layer_of_a_critic_a_contraction",),
        "the critic's slope is unbounded",
    ),
    Mutant(
        "batch-norm-momentum-as-epsilon",
        NORMS,
        "nn.BatchNorm2d(channels) if",
        "nn.BatchNorm2d(channels, 0.8) if",
        (LAW + "norms_after_a_layer_subtract_their_mean_and_divide_by_their_deviation",),
        "0.8 is added to every variance",
    ),
    Mutant(
        "a-penalized-critic-with-batch-norm",
        "recipes/build.py",
        'options = options | {"norm": "none"}',
        'options = options | {"norm": "batch"}',
        ("contracts/test_networks_auto.py",),
        "slopes are those of a batch, not of a sample",
    ),
    Mutant(
        "projection-ignores-the-condition",
        "networks/conditioning.py",
        "return (self.embedding(features) * y).sum(dim=1)",
        "return self.embedding(features).sum(dim=1)",
        (TOLD + "projection_is_the_head_and_the_inner_product_with_the_embedded_condition",),
        "any label gets one score",
    ),
    Mutant(
        "film-starts-at-nothing",
        "networks/conditioning.py",
        "return self.plain(h) * (1 + gamma) + beta",
        "return self.plain(h) * gamma + beta",
        (TOLD + "film_starts_as_the_plain_norm",),
        "scales without their one",
    ),
    Mutant(
        "minibatch-variance",
        "networks/blocks.py",
        "+ _EPSILON).sqrt().mean(dim=1)",
        "+ _EPSILON).mean(dim=1)",
        (
            "contracts/test_networks_minibatch.py::test_it_is_the_mean_deviation_of_the_largest_group_that_divides_the_batch",
        ),
        "squares for deviations",
    ),
    Mutant(
        "a-critic-of-pairs-that-adds",
        "networks/blocks.py",
        "Chain(*dense_layer(2 * units, units, style))",
        "Chain(*dense_layer(2 * units, units, style)[:2])",
        ("contracts/test_networks_pairs.py::test_a_score_is_no_sum_of_one_for_the_sample_and_one_for_the_latent",),
        "sample and latent are judged apart",
    ),
    Mutant(
        "variances-for-means",
        "networks/roles.py",
        "Gaussian(*outputs.chunk(2, dim=1))",
        "Gaussian(*reversed(outputs.chunk(2, dim=1)))",
        ("contracts/test_networks_encoders.py::test_a_code_is_read_from_one_linear_layer_on_the_features",),
        "the halves of the last layer exchanged",
    ),
    Mutant(
        "a-prior-network-that-starts-anywhere",
        "networks/dense.py",
        "nn.init.zeros_(last.weight)",
        "nn.init.normal_(last.weight)",
        (
            "contracts/test_networks_roles.py::"
            "test_a_prior_network_starts_at_the_standard_normal_and_learns_to_follow_the_condition",
        ),
        "it is not the standard normal",
    ),
)
