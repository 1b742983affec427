"""Defects in what is seen of a game while it is played."""

from .mutant import Mutant

SEEN = "evaluation/diagnostics/"
LAW, LOOK = "oracles/test_diagnostics.py::test_", "properties/test_watching.py::test_"

WATCHING = (
    Mutant(
        "cosine-with-the-gradient",
        "evaluation/diagnostics/gradients.py",
        "along = -sum(",
        "along = sum(",
        (LAW + "plain_descent_steps_along_its_gradient",),
        "descent seems to climb",
    ),
    Mutant(
        "what-does-not-turn-turns",
        "evaluation/diagnostics/rotation.py",
        "turning = [(along[p] - against[p]) / 2",
        "turning = [(along[p] + against[p]) / 2",
        (LAW + "a_bilinear_game_only_turns", LAW + "players_who_do_not_meet_never_turn"),
        "the symmetric part for the antisymmetric one",
    ),
    Mutant(
        "jacobian-transposed",
        "evaluation/diagnostics/rotation.py",
        "((along, everything, own), (against, own, everything))",
        "((along, own, everything), (against, everything, own))",
        (LAW + "products_are_those_of_the_jacobian",),
        "J^T u for J u",
    ),
    Mutant(
        "slopes-on-the-data",
        "evaluation/diagnostics/critic.py",
        "between(real, fake)",
        "real",
        (LAW + "slopes_are_measured_between_data_and_samples",),
        "nothing is seen of the way to the samples",
    ),
    Mutant(
        "ties-are-lost",
        "evaluation/diagnostics/critic.py",
        "return float((apart.mean() + 1) / 2)",
        "return float(apart.clamp(min=0).mean())",
        (LAW + "ties_count_half", LAW + "a_flat_critic_cannot_tell"),
        "a flat critic always seems wrong",
    ),
    Mutant(
        "negative-weights-are-not-clipped",
        "evaluation/diagnostics/critic.py",
        "values.abs() >",
        "values >",
        (LAW + "the_share_of_clipped_weights_is_that_of_the_planted_ones",),
        "half of the weights at the bound are not counted",
    ),
    Mutant(
        "pairs-with-oneself",
        "evaluation/diagnostics/sample_variety.py",
        "(len(x) * (len(x) - 1))",
        "len(x) ** 2",
        (LAW + "the_mean_distance_of_pairs_leaves_nobody_beside_himself",),
        "distances of zero to oneself make samples seem alike",
    ),
    Mutant(
        "bursts-without-the-constraint",
        "evaluation/diagnostics/critic.py",
        "        state.game.constrain(player)\n",
        "",
        (LAW + "the_estimate_of_a_critic_that_is_held_does_not_grow",),
        "the critic leaves its bounds, and its estimate grows",
    ),
    Mutant(
        "moments-of-a-burst-are-kept",
        "evaluation/diagnostics/base.py",
        "            optimizer.load_state_dict(moments)\n",
        "",
        (LOOK + "a_diagnostic_does_not_see_what_another_has_done",),
        "steps are those after the burst",
    ),
    Mutant(
        "memories-of-a-look-are-kept",
        "evaluation/diagnostics/base.py",
        "buffer.copy_(was)",
        "was.copy_(buffer)",
        (LOOK + "buffers_are_put_back_even_if_something_breaks",),
        "batch statistics and averages of scores follow the look",
    ),
    Mutant(
        "a-diagnosis-keeps-no-copy",
        "training/run.py",
        "before = copy.deepcopy(self.state_dict())",
        "before = self.state_dict()",
        (LOOK + "a_look_changes_nothing_and_sees_what_the_game_allows",),
        "steps that are only looked at change the run's moments",
    ),
    Mutant(
        "looks-draw-from-the-run",
        "runs/watch.py",
        "fork_rng(devices=",
        "fork_rng(enabled=False, devices=",
        (LOOK + "a_look_changes_nothing_and_sees_what_the_game_allows",),
        "the default generator moves on",
    ),
    Mutant(
        "seen-again-after-the-end",
        "runs/trainer.py",
        """    checkpointer.milestone(run)
    if diagnostics is not None:
        diagnostics.last(run)""",
        """    if diagnostics is not None:
        diagnostics.last(run)
    checkpointer.milestone(run)
    #""",
        (LOOK + "going_on_with_a_run_that_is_over_changes_no_event",),
        "resuming a finished run looks at its last round a second time",
    ),
    Mutant(
        "every-game-has-beta",
        "evaluation/doctor/collapse.py",
        'for name in ("beta", "kl") if name in names), None)',
        'for name in ("beta", "kl")), None)',
        ("oracles/test_doctor.py::test_recipes_have_the_options_that_their_advice_names",),
        "the advice on a posterior collapse names an option that the game does not have",
    ),
    Mutant(
        "said-as-soon-as-seen",
        "evaluation/doctor/__init__.py",
        "least = max(history.step / 4, history.rounds / 10)",
        "least = history.rounds / 10",
        ("oracles/test_doctor.py::test_what_is_said_of_a_playing_run_has_lasted_a_quarter_of_it",),
        "what passes again is said while the run plays",
    ),
)
