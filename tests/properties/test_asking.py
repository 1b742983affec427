"""Laws of asking by label: what is meant, and what is refused in a sentence."""

import numpy as np
import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.data.dataset import Labels, Scale
from equilibria.models.conditions import encode_labels, label_text

DIGITS = Labels("class", tuple("0123456789"))
CLOTHES = Labels("class", ("T-shirt", "trouser", "ankle boot", "bags, others"))
YEARS = Labels("class", ("1", "2", "3"))
FACES = Labels("multi-hot", ("smiling", "young", "hat"))
PLACES = Labels("vector", ("0", "1"))
PEOPLE = Labels("vector", ("age", "1"), (Scale(50, 20, 18, 97), Scale(-1, 0.5, -2, 3)))


@pytest.mark.parametrize(
    ("labels", "asked", "places"),
    [
        (DIGITS, 7, [7]),
        (DIGITS, "7", [7]),
        (DIGITS, "0..9", list(range(10))),
        (DIGITS, "9..7", [9, 8, 7]),
        (DIGITS, "3,5..7, 0", [3, 5, 6, 7, 0]),
        (DIGITS, [0, 1, 2], [0, 1, 2]),
        (DIGITS, range(3), [0, 1, 2]),
        (DIGITS, np.array([2, 2, 1]), [2, 2, 1]),
        (DIGITS, torch.tensor([4, 0]), [4, 0]),
        (CLOTHES, "trouser", [1]),
        (CLOTHES, "Ankle Boot", [2]),
        (CLOTHES, "bags, others", [3]),
        (CLOTHES, "t-shirt..ankle boot", [0, 1, 2]),
        (CLOTHES, ["trouser", 0], [1, 0]),
        (CLOTHES, "0..3", [0, 1, 2, 3]),
        (YEARS, 1, [0]),
        (YEARS, "1..3", [0, 1, 2]),
    ],
)
def test_classes_are_meant_by_name_or_by_place(labels, asked, places):
    assert torch.equal(encode_labels(asked, labels), torch.eye(labels.size)[places])


@pytest.mark.parametrize(
    ("labels", "asked", "row"),
    [
        (FACES, "smiling,young", [1, 1, 0]),
        (FACES, "hat=0.5, smiling", [1, 0, 0.5]),
        (FACES, "smiling=0", [0, 0, 0]),
        (FACES, "none", [0, 0, 0]),
        (FACES, {"young": 1}, [0, 1, 0]),
        (FACES, [0, 0, 1], [0, 0, 1]),
        (PLACES, "0.25,-7", [0.25, -7]),
        (PLACES, "1=3, 0=2", [2, 3]),
        (PLACES, [0.5, 2], [0.5, 2]),
        (PLACES, {"0": 4, "1": 5}, [4, 5]),
        (Labels("vector", ("0",)), 0.5, [0.5]),
    ],
)
def test_attributes_and_numbers_are_one_condition(labels, asked, row):
    assert encode_labels(asked, labels).tolist() == [row]


@pytest.mark.parametrize(
    "asked", ["70,-0.5", "1=-0.5, age=70", [70, -0.5], {"age": 70, "1": -0.5}, np.array([70, -0.5])]
)
def test_numbers_are_asked_for_in_their_own_units_and_scaled_for_the_networks(asked):
    (row,) = encode_labels(asked, PEOPLE)
    torch.testing.assert_close(row, torch.tensor([1.0, 1.0]))
    assert label_text(row, PEOPLE) == "70, -0.5"
    assert torch.equal(encode_labels(row[None], PEOPLE)[0], row)


@pytest.mark.parametrize(
    "asked", ["5800,0", "-70,0", "50,8.5", np.array([[50, 0], [1000, 0]]), torch.tensor([[50.0, 0]])]
)
def test_numbers_far_outside_of_the_training_data_are_refused_with_its_range(asked):
    with pytest.raises(Refusal, match=r"(age|number 1) is \S+, far outside .* (18 to 97|-2 to 3)"):
        encode_labels(asked, PEOPLE)
    assert encode_labels("100,3.5", PEOPLE).shape == (1, 2)


def test_a_list_of_conditions_is_several():
    assert encode_labels([{"hat": 1}, "smiling"], FACES).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert encode_labels([[0.5, 1], [2, 3]], PLACES).tolist() == [[0.5, 1], [2, 3]]


@pytest.mark.parametrize("labels", [DIGITS, FACES, PLACES])
def test_arrays_of_conditions_are_taken_as_they_are(labels):
    given = torch.randn(5, labels.size, generator=torch.Generator().manual_seed(0))
    assert torch.equal(encode_labels(given, labels), given)
    assert torch.equal(encode_labels(given.numpy(), labels), given)
    assert torch.equal(encode_labels(given[0], labels), given[:1])


@pytest.mark.parametrize("labels", [DIGITS, CLOTHES, YEARS])
def test_every_class_answers_to_its_name(labels):
    for place, name in enumerate(labels.names):
        (row,) = encode_labels(name, labels)
        assert (int(row.argmax()), label_text(row, labels)) == (place, name)


@pytest.mark.parametrize(
    ("labels", "row", "said"),
    [
        (FACES, [1, 0, 0.5], "smiling, hat=0.5"),
        (FACES, [0, 0, 0], "none"),
        (PLACES, [0.2, 7], "0.2, 7"),
    ],
)
def test_other_conditions_are_spelled_as_they_are_asked_for(labels, row, said):
    assert label_text(torch.tensor(row), labels) == said
    assert torch.equal(encode_labels(said, labels)[0], torch.tensor(row, dtype=torch.float32))


@pytest.mark.parametrize(
    ("labels", "asked", "words"),
    [
        (DIGITS, 12, r"no class '12'. It knows 10 classes \(0, 1,"),
        (DIGITS, -1, "no class '-1'"),
        (DIGITS, "3,", r"A part of the label is empty: .* 10 classes"),
        (DIGITS, "0..", "A part of the label is empty"),
        (FACES, "smiling,,young", "A part of the label is empty: .* 3 attributes"),
        (DIGITS, "8..12", "no class '12'"),
        (DIGITS, 1.5, "no class '1.5'"),
        (DIGITS, [], "list of labels is empty"),
        (YEARS, 0, r"no class '0'. It knows 3 classes \(1, 2, 3\)\."),
        (CLOTHES, "trousers", r"Did you mean 'trouser'\? .*, or 0 to 3\."),
        (CLOTHES, 4, "no class '4'"),
        (FACES, "smilling", r"no attribute 'smilling'. Did you mean 'smiling'\? It knows 3 attributes"),
        (FACES, "smiling=2", "between 0 .absent. and 1"),
        (FACES, "smiling=very", "smiling is 'very': it must be a number"),
        (FACES, [1, 0], r"\(N, 3\)"),
        (FACES, None, "The label is None"),
        (PLACES, "0.2", "'0.2' says 1 of 2 numbers: say all"),
        (PLACES, "0=0.2", "1 has no value"),
        (PLACES, "nan,0", "it must be a number"),
        (PLACES, torch.ones(3, 1), r"shape \(3, 1\)"),
        (PLACES, torch.full((1, 2), torch.nan), "finite"),
    ],
)
def test_what_a_model_does_not_know_is_refused_in_a_sentence(labels, asked, words):
    with pytest.raises(Refusal, match=words) as refusal:
        encode_labels(asked, labels)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (Labels("class", ("cat", "dog")), "2 classes (cat, dog)"),
        (Labels("class", tuple(map(str, range(1000)))), "1,000 classes (0, 1, 2, ..., 999)"),
        (Labels("multi-hot", ("hat",)), "1 attribute (hat)"),
        (PLACES, "2 numbers"),
        (PEOPLE, "2 numbers (age from 18 to 97, number 1 from -2 to 3)"),
    ],
)
def test_labels_are_said_in_words(labels, words):
    assert str(labels) == words
