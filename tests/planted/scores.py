"""Defects in losses that are written over scores."""

from .mutant import Mutant

CLASSIC, RELATIVISTIC = "terms/divergences/gan_losses.py", "terms/divergences/gan_losses.py"
TRANSPORT = "terms/divergences/gan_losses.py"
CONTRACT, ORACLE = "contracts/test_divergences.py::test_", "oracles/test_divergence_identities.py::test_"
BEST, BOTH = CONTRACT + "estimate_is_the_distance_at_the_best_critic", "oracles/test_relativistic.py::test_"
SIDES = CONTRACT + "critic_raises_real_and_lowers_fake_and_the_generator_raises_fake"

SCORES = (
    Mutant(
        "minimax-is-non-saturating",
        CLASSIC,
        "generator=lambda real, fake: -softplus(fake),",
        "generator=lambda real, fake: softplus(-fake),",
        (CONTRACT + "saturating_generator_starves_where_the_critic_is_sure_and_the_other_does_not",),
        "the saturating loss is the other one under its name",
    ),
    Mutant(
        "non-saturating-is-minimax",
        CLASSIC,
        "generator=lambda real, fake: softplus(-fake),",
        "generator=lambda real, fake: -softplus(fake),",
        (CONTRACT + "saturating_generator_starves_where_the_critic_is_sure_and_the_other_does_not",),
        "the usual loss starves",
    ),
    Mutant(
        "log-loss-sides-exchanged",
        CLASSIC,
        "return softplus(-real) + softplus(fake)",
        "return softplus(real) + softplus(-fake)",
        (SIDES,),
        "high scores are for fake",
    ),
    Mutant(
        "jensen-shannon-without-log-2",
        CLASSIC,
        "estimate=lambda loss: math.log(2) - loss / 2",
        "estimate=lambda loss: -loss / 2",
        (BEST,),
        "the estimate is off by log 2",
    ),
    Mutant(
        "jensen-shannon-doubled",
        CLASSIC,
        "estimate=lambda loss: math.log(2) - loss / 2",
        "estimate=lambda loss: 2 * math.log(2) - loss",
        (BEST,),
        "2 JSD is shown as JSD",
    ),
    Mutant(
        "hinge-without-margin",
        CLASSIC,
        "relu(1 - real) + relu(1 + fake)",
        "relu(-real) + relu(fake)",
        (BEST,),
        "the critic stops caring at zero",
    ),
    Mutant(
        "hinge-generator-has-a-margin",
        CLASSIC,
        "        critic=lambda real, fake: relu(1 - real) + relu(1 + fake),\n"
        "        generator=lambda real, fake: -fake,",
        "        critic=lambda real, fake: relu(1 - real) + relu(1 + fake),\n"
        "        generator=lambda real, fake: relu(1 - fake),",
        (ORACLE + "hinge_and_its_generator_meet_at_twice_the_total_variation",),
        "the generator stops caring, too",
    ),
    Mutant(
        "least-squares-codes-exchanged",
        CLASSIC,
        "((real - b) ** 2 + (fake - a) ** 2) / 2",
        "((real - a) ** 2 + (fake - b) ** 2) / 2",
        (SIDES,),
        "real is regressed to the code of fake",
    ),
    Mutant(
        "least-squares-generator-aims-at-fake",
        CLASSIC,
        "generator=lambda real, fake: (fake - c) ** 2 / 2",
        "generator=lambda real, fake: (fake - a) ** 2 / 2",
        (SIDES, CONTRACT + "least_squares_measures_pearson_with_the_codes_of_the_paper"),
        "its own code is forgotten",
    ),
    Mutant(
        "wasserstein-halved",
        TRANSPORT,
        "critic=lambda real, fake: fake - real,",
        "critic=lambda real, fake: 0.5 * (fake - real),",
        (BEST, "oracles/test_slopes.py::test_two_points_under_the_gradient_penalty"),
        "half of its terms: the penalty counts double",
    ),
    Mutant(
        "wasserstein-critic-upside-down",
        TRANSPORT,
        "critic=lambda real, fake: fake - real,",
        "critic=lambda real, fake: real - fake,",
        (SIDES,),
        "high scores are for fake",
    ),
    Mutant(
        "wasserstein-generator-upside-down",
        TRANSPORT,
        "critic=lambda real, fake: fake - real,\n        generator=lambda real, fake: -fake,",
        "critic=lambda real, fake: fake - real,\n        generator=lambda real, fake: fake,",
        (SIDES,),
        "the generator lowers its scores",
    ),
    Mutant(
        "relativistic-generator-plays-the-critic",
        RELATIVISTIC,
        "generator=lambda real, fake: softplus(real - fake),",
        "generator=lambda real, fake: softplus(fake - real),",
        (BOTH + "the_generator_plays_the_critic_s_game_with_sides_exchanged",),
        "sides are not exchanged",
    ),
    Mutant(
        "relativistic-average-generator-plays-the-critic",
        RELATIVISTIC,
        "generator=lambda real, fake: _against_means(fake, real),",
        "generator=lambda real, fake: _against_means(real, fake),",
        (BOTH + "the_generator_plays_the_critic_s_game_with_sides_exchanged",),
        "sides are not exchanged",
    ),
    Mutant(
        "relativistic-average-against-its-own-side",
        RELATIVISTIC,
        "softplus(all_reduce_mean(low) - high) + softplus(low - all_reduce_mean(high))",
        "softplus(all_reduce_mean(high) - high) + softplus(low - all_reduce_mean(low))",
        (BOTH + "average_is_the_paper_s_formula",),
        "each side is compared with itself",
    ),
    Mutant(
        "relativistic-average-detached",
        RELATIVISTIC,
        "softplus(all_reduce_mean(low) - high) + softplus(low - all_reduce_mean(high))",
        "softplus(all_reduce_mean(low.detach()) - high) + softplus(low - all_reduce_mean(high.detach()))",
        (BOTH + "average_is_the_paper_s_formula", CONTRACT + "gradients_agree_with_finite_differences_to_second_order"),
        "the means are constants to the gradient",
    ),
    Mutant(
        "relativistic-average-of-one-process",
        "core/distributed.py",
        "return values.mean() if world_size() == 1 else _Mean.apply(values.mean())",
        "return values.mean()",
        ("properties/test_processes_mean.py",),
        "each process has a mean of its own",
    ),
    Mutant(
        "relativistic-average-forgets-other-processes-pull",
        "core/distributed.py",
        "return _Mean.apply(gradient)",
        "return gradient / world_size()",
        ("properties/test_processes_mean.py",),
        "what the others' losses ask of a mean is lost",
    ),
)
