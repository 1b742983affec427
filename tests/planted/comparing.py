"""Defects in what a comparison plays again, claims, and shows."""

from .mutant import Mutant

STATISTICS, TRIALS = "oracles/test_comparing_statistics.py::test_", "properties/test_comparing.py::test_"
REPORTS = "contracts/test_reports.py::test_"

COMPARING = (
    Mutant(
        "pairs-not-corrected",
        "studies/compare/statistics.py",
        "p_values = holm([welch(row.values[a], row.values[b]) for row, (a, b) in pairs])",
        "p_values = [welch(row.values[a], row.values[b]) for row, (a, b) in pairs]",
        (STATISTICS + "equal_recipes_are_ranked_in_at_most_one_comparison_of_twenty",),
        "of many equal recipes some pair is nearly always ranked",
    ),
    Mutant(
        "normal-in-place-of-student",
        "studies/compare/statistics.py",
        "half = float(stdtrit(n - 1, (1 + level) / 2))",
        "half = 1.959964",
        (STATISTICS + "intervals_of_normal_values_cover_the_mean_19_times_in_20",),
        "intervals of few seeds are too narrow",
    ),
    Mutant(
        "ranked-from-three-seeds",
        "studies/compare/statistics.py",
        "ENOUGH = 5",
        "ENOUGH = 3",
        (STATISTICS + "below_five_seeds_nothing_is_ranked",),
        "three seeds make a winner",
    ),
    Mutant(
        "survivors-ranked",
        "studies/compare/statistics.py",
        "- len(values)) > 0:",
        "- len(values)) > 99:",
        (STATISTICS + "a_recipe_of_which_seeds_failed_is_not_ranked",),
        "a recipe is judged by the seeds that did not break",
    ),
    Mutant(
        "higher-is-worse",
        "studies/compare/statistics.py",
        'better, worse = (high, low) if row.better == "higher" else (low, high)',
        "better, worse = (low, high)",
        (STATISTICS + "from_five_seeds_on_a_clear_difference_is_said",),
        "the lower coverage wins",
    ),
    Mutant(
        "budget-not-in-the-hash",
        "studies/compare/trial.py",
        "text = json.dumps([fields, dict(fingerprint), used], sort_keys=True)",
        "text = json.dumps([fields, dict(fingerprint)], sort_keys=True)",
        (TRIALS + "a_trial_is_identified_by_its_recipe_data_budget_and_options",),
        "a run of a minute stands in for one of an hour",
    ),
    Mutant(
        "finished-trials-again",
        "studies/compare/worker.py",
        "    if stop_reason(Tail(trial.folder).new_events()) in (None, *_UNFINISHED):",
        "    if True:",
        (TRIALS + "other_metrics_are_measured_without_playing_again",),
        "what is done is done again",
    ),
    Mutant(
        "unlike-numbers-in-one-column",
        "studies/compare/statistics.py",
        "        comparable(dict(zip(names, (value.provenance for _, value in values), strict=True)))",
        "        pass",
        (TRIALS + "runs_that_were_measured_differently_are_not_compared",),
        "numbers of different samples are compared",
    ),
    Mutant(
        "names-as-markup",
        "studies/html.py",
        "first, *rest = (escape(line) for line in text.split(",
        "first, *rest = (line for line in text.split(",
        (REPORTS + "what_users_name_is_text",),
        "a data set's name runs in the reader's browser",
    ),
    Mutant(
        "threads-misspelled",
        "studies/compare/pool.py",
        '"OMP_NUM_THREADS"',
        '"OMP_NUMTHREADS"',
        (TRIALS + "every_library_has_one_thread_whatever_was_said_before",),
        "trials that run side by side take each other's processor",
    ),
)
