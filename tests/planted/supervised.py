"""Defects in what is learned from few labels, and from whom."""

from .mutant import Mutant

CRITIC, GAME, KNOWN = "networks/roles.py", "games/sgan.py", "data/batches.py"
CRITICS, FEW = "contracts/test_networks_supervised.py::test_", "properties/test_few_labels.py::test_"
LOST = (FEW + "the_critic_loses_what_a_softmax_over_classes_and_generated_says_is_unlikely",)
PULLED = (FEW + "the_generator_is_pulled_exactly_where_the_means_of_features_differ",)
BALANCED = (FEW + "as_many_of_each_class_are_known_or_all_that_there_are",)

SUPERVISED = (
    Mutant(
        "score-is-the-largest-logit",
        CRITIC,
        "self.critic.head(self.features(*views, y=y)).logsumexp(dim=1)",
        "self.critic.head(self.features(*views, y=y)).amax(dim=1)",
        (CRITICS + "the_score_and_the_logits_are_one_softmax_over_classes_and_generated", *LOST),
        "the score is not log Z",
    ),
    Mutant(
        "class-among-the-unlabelled",
        GAME,
        "of_class(logits, _labelled(play)[1])",
        "of_class(logits, _labelled(play)[1].roll(1, 0))",
        LOST,
        "labels of other samples",
    ),
    Mutant(
        "features-matched-one-by-one",
        GAME,
        ".to(play.x.dtype).mean(dim=0)",
        ".to(play.x.dtype)",
        PULLED,
        "samples are to be the data, row by row",
    ),
    Mutant(
        "labels-as-they-come",
        KNOWN,
        "return order[rank_in_class.argsort(stable=True)[:count]]",
        "return order[:count]",
        BALANCED,
        "some classes may have no label",
    ),
    Mutant(
        "unlabelled-data-are-used-all-the-same",
        GAME,
        "    if unlabelled:\n",
        "    if True:\n",
        (FEW + "without_unlabelled_data_nothing_but_labelled_samples_teaches_the_critic",),
        "the baseline is none",
    ),
    Mutant(
        "labels-from-all-of-the-data",
        "data/batches.py",
        "torch.randperm(len(self.labelled_subset), generator=source)",
        "torch.randperm(len(self.data.x), generator=source)[: len(self.labelled_subset)]",
        (FEW + "a_batch_of_known_ones_depends_on_the_draw_alone_and_shows_each_as_often",),
        "another index than that of the known ones",
    ),
)
