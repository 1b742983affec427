"""Stacked digits against the digits that they are made of."""

import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.data import DATASETS, load_data


@pytest.fixture(scope="module")
def few(data_root):
    return load_data({"name": "stacked_mnist", "count": 300}, data_root)


def test_each_channel_is_the_digit_that_the_class_spells(few, data_root):
    single = load_data("mnist", data_root)
    for stacked, spelled, digits, classes in (
        (few.x, few.y, single.x, single.y),
        (few.held_out, few.held_out_y, single.held_out, single.held_out_y),
    ):
        known = {digit.numpy().tobytes(): int(kind) for digit, kind in zip(digits, classes, strict=True)}
        told = [[known[channel.numpy().tobytes()] for channel in image] for image in stacked]
        assert [few.labels.names[place] for place in spelled] == ["".join(map(str, three)) for three in told]


def test_a_fifth_is_held_out(few):
    assert (len(few.x), len(few.held_out)) == (300, 60)


def test_digits_are_drawn_alike_and_apart(few):
    hundreds, ones = few.y // 100, few.y % 10
    assert float((hundreds == ones).double().mean()) == pytest.approx(0.1, abs=0.06)


def test_no_digits_cannot_be_stacked():
    with pytest.raises(Refusal, match="count 0"):
        DATASETS["stacked_mnist"](None, count=0)


def test_a_sample_keeps_its_place_in_a_larger_set(few, data_root):
    """A fixed set: what `count` says is how much of it."""
    more = load_data({"name": "stacked_mnist", "count": 400}, data_root)
    assert torch.equal(more.x[:300], few.x)
