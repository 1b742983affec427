"""Defects in what stands around the critic."""

from .mutant import Mutant

ADA, DRAWS, DIFFAUGMENT = (
    "terms/augmentations/ada.py",
    "terms/augmentations/base.py",
    "terms/augmentations/diffaugment.py",
)
ORACLE, CONTRACT = "oracles/test_ada.py::test_", "contracts/test_augmentations.py::test_"
FOLLOWS = (ORACLE + "the_probability_follows_the_mean_sign_of_the_real_scores",)

AUGMENTATIONS = (
    Mutant(
        "ada-controller-inverted",
        ADA,
        "(self.signs / self.moves - self.target).sign()",
        "(self.target - self.signs / self.moves).sign()",
        FOLLOWS,
        "the more overfitting, the less change",
    ),
    Mutant(
        "ada-counts-one-move",
        ADA,
        "images = self.moves * len(real_scores) * world_size()",
        "images = len(real_scores) * world_size()",
        (ORACLE + "the_probability_takes_speed_images_from_zero_to_one_and_stays_there", *FOLLOWS),
        "it is slower by its interval",
    ),
    Mutant(
        "ada-probability-unbounded",
        ADA,
        "self.probability + step, self.probability).clamp(0, 1))",
        "self.probability + step, self.probability))",
        (ORACLE + "the_probability_takes_speed_images_from_zero_to_one_and_stays_there",),
        "more than one",
    ),
    Mutant(
        "ada-watches-samples",
        "games/contest.py",
        "self.augmentation.watch(duel.scores[0])",
        "self.augmentation.watch(duel.scores[1])",
        (
            "properties/test_contest.py::"
            "test_an_augmentation_is_told_the_scores_of_the_data_in_each_move_of_the_critic_alone",
        ),
        "the scores of the generator's samples steer it",
    ),
    Mutant(
        "one-draw-for-the-batch",
        DRAWS,
        "return torch.rand(*count, len(images), dtype=images.dtype, device=images.device)",
        "return torch.rand(*count, 1, dtype=images.dtype, device=images.device).expand(*count, len(images))",
        ("oracles/test_diffaugment.py::test_brightness_shifts_an_image_by_one_number",),
        "all samples of a batch are changed alike",
    ),
    Mutant(
        "changes-happen-the-other-way-round",
        DRAWS,
        "device=amount.device) < probability",
        "device=amount.device) >= probability",
        (ORACLE + "a_probability_of_zero_changes_not_a_bit",),
        "with probability 1 - p",
    ),
    Mutant(
        "contrast-around-zero",
        DIFFAUGMENT,
        "images.mean(dim=(1, 2, 3), keepdim=True)",
        "0 * images.mean(dim=(1, 2, 3), keepdim=True)",
        ("oracles/test_diffaugment.py::test_contrast_scales_the_differences_from_the_images_mean",),
        "contrast changes brightness",
    ),
    Mutant(
        "contrast-around-the-batch",
        DIFFAUGMENT,
        "images.mean(dim=(1, 2, 3), keepdim=True)",
        "images.mean(dim=(0, 1, 2, 3), keepdim=True)",
        (CONTRACT + "a_sample_is_changed_without_regard_to_the_others",),
        "samples of a batch influence each other",
    ),
)
