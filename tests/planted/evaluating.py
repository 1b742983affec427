"""Defects in what numbers are measured on, and in the networks that samples are seen by."""

from .mutant import Mutant

EVALUATED, FEATURES = "contracts/test_evaluate.py::test_", "contracts/test_features.py::test_"

EVALUATING = (
    Mutant(
        "reported-on-the-selection-part",
        "studies/sample_sets.py",
        "places = reporting(data)",
        "places = torch.arange(len(reporting(data)))",
        (EVALUATED + "numbers_are_those_of_the_checkpoints_beside_held_out_data_that_nothing_was_chosen_by",),
        "other held-out samples than those that nothing was chosen by",
    ),
    Mutant(
        "checkpoint-not-taken",
        "studies/evaluate.py",
        "    load_checkpoint_weights(model, recipe, checkpoint, lambda: data)",
        "    pass",
        (EVALUATED + "numbers_are_those_of_the_checkpoints_beside_held_out_data_that_nothing_was_chosen_by",),
        "every checkpoint is measured as the run was left",
    ),
    Mutant(
        "floor-among-what-was-learned",
        "studies/sample_sets.py",
        "order[size : size + ",
        "order[: size + ",
        (EVALUATED + "the_floor_is_the_same_of_training_samples_that_nothing_else_uses",),
        "real samples stand beside themselves",
    ),
    Mutant(
        "self-test-without-a-direction",
        "studies/metric_specs.py",
        "not gap >= 0 or ",
        "",
        (EVALUATED + "a_metric_that_fails_its_self_test_has_no_number_printed",),
        "a metric with the wrong sign is printed",
    ),
    Mutant(
        "evaluating-draws",
        "studies/evaluate.py",
        "with torch.random.fork_rng(devices=[]):  #",
        "if True:  #",
        (EVALUATED + "evaluating_touches_nothing_but_its_own_file",),
        "whoever looks changes what is drawn next",
    ),
    Mutant(
        "means-over-padding",
        "evaluation/features/inception.py",
        "count_include_pad=False",
        "count_include_pad=True",
        (FEATURES + "inception_answers_what_the_network_of_2015_answers",),
        "a later Inception, whose distances nobody else has",
    ),
    Mutant(
        "last-pool-by-the-mean",
        "evaluation/features/inception.py",
        '_threes(2048, "max")',
        '_threes(2048, "mean")',
        (FEATURES + "inception_answers_what_the_network_of_2015_answers",),
        "the same without the slip of the published graph",
    ),
    Mutant(
        "pixels-by-their-middle",
        "evaluation/features/inception.py",
        "* (size / side)",
        "* (size / side) + (size / side - 1) / 2",
        (FEATURES + "places_between_pixels_are_those_of_tensorflow_1",),
        "resized as later libraries do",
    ),
    Mutant(
        "classifier-of-other-labels",
        "evaluation/features/classifier_training.py",
        "(data.x, data.held_out, data.y, data.held_out_y)",
        "(data.x, data.held_out)",
        (FEATURES + "different_data_have_different_classifiers",),
        "data with other labels are seen by the same classifier",
    ),
)
