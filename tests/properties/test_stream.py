"""Batches are a function of a counter."""

from types import SimpleNamespace

import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.data import Data, Labels, Stream
from equilibria.data import batches as stream
from equilibria.data.spaces import Image, Plane


def numbered(count: int, **more) -> Data:
    """Points whose first coordinate is their number."""
    x = torch.stack([torch.arange(count), torch.zeros(count)], dim=1)
    return Data("numbered", Plane(), x, x[:1], **more)


def drawn(stream: Stream, draws) -> list[list[int]]:
    return [stream.batch(draw).x[:, 0].int().tolist() for draw in draws]


def test_a_batch_depends_on_the_seed_and_the_draw_alone():
    data = numbered(103)
    forward = drawn(Stream(data, 10, seed=4), range(35))
    assert [drawn(Stream(data, 10, seed=4), [draw])[0] for draw in range(35)] == forward
    assert drawn(Stream(data, 10, seed=4), reversed(range(35)))[::-1] == forward
    assert drawn(Stream(data, 10, seed=5), range(35)) != forward


@pytest.mark.parametrize(("count", "size"), [(100, 10), (103, 10), (64, 64), (127, 64), (7, 1)])
def test_an_epoch_shows_each_sample_at_most_once_and_all_but_a_partial_batch(count, size):
    stream = Stream(numbered(count), size)
    batches = count // size
    for epoch in range(3):
        seen = [i for batch in drawn(stream, range(epoch * batches, (epoch + 1) * batches)) for i in batch]
        assert len(seen) == count - count % size
        assert len(set(seen)) == len(seen)


def test_epochs_are_shuffled_anew():
    stream = Stream(numbered(100), 100)
    first, second = drawn(stream, [0, 1])
    assert sorted(first) == sorted(second)
    assert first != second
    assert first != sorted(first)


def test_a_partial_batch_is_not_always_made_of_the_same_samples():
    stream = Stream(numbered(15), 10)
    assert set().union(*drawn(stream, range(20))) == set(range(15))


@pytest.mark.parametrize("world", [2, 3])
def test_processes_share_an_epoch_without_overlap(monkeypatch, world):
    place = SimpleNamespace(rank=0)
    monkeypatch.setattr(stream, "world_size", lambda: world)
    monkeypatch.setattr(stream, "rank", lambda: place.rank)
    seen = []
    for place.rank in range(world):
        share = Stream(numbered(100), 10)
        seen += [i for batch in drawn(share, range(100 // world // 10)) for i in batch]
    assert len(set(seen)) == len(seen) == world * (100 // world // 10) * 10


def test_labels_are_shown_only_when_asked_for():
    y = torch.arange(12) % 3
    data = numbered(12, labels=Labels("class", ("a", "b", "c")), y=y, held_out_y=y[:1])
    assert Stream(data, 4).batch(0).y is None
    batch = Stream(data, 4, labelled=True).batch(0)
    assert batch.y.shape == (4, 3)
    assert torch.equal(batch.y.argmax(dim=1), y[batch.x[:, 0].long()])


@pytest.mark.parametrize("kind", ["multi-hot", "vector"])
def test_labels_of_every_kind_follow_their_samples(kind):
    y = torch.rand(12, 2).round(decimals=1) if kind == "vector" else (torch.rand(12, 2) < 0.5).float()
    data = numbered(12, labels=Labels(kind, ("a", "b")), y=y, held_out_y=y[:1])
    batch = Stream(data, 5, labelled=True).batch(1)
    assert torch.equal(batch.y, y[batch.x[:, 0].long()])


def test_a_conditional_game_without_labels_is_refused():
    with pytest.raises(Refusal, match="no labels"):
        Stream(numbered(12), 4, labelled=True)


@pytest.mark.parametrize(("count", "size"), [(3, 4), (0, 1)])
def test_fewer_samples_than_a_batch_are_refused_with_what_to_do(count, size):
    with pytest.raises(Refusal, match=rf"{count} training samples.*--batch"):
        Stream(numbered(count), size)


def test_pixels_become_x_over_127_5_minus_1_exactly_rounded():
    x = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    encoded = Image(1, 16, 16).encode(x)
    expected = x.double() / 127.5 - 1
    assert (encoded.double() - expected).abs().max() < 3e-8
    assert (encoded.min(), encoded.max()) == (-1, 1)


def test_encoding_leaves_the_data_alone():
    x = torch.randint(0, 256, (20, 1, 8, 8), dtype=torch.uint8)
    data, before = Data("d", Image(1, 8, 8), x, x[:1]), x.clone()
    Stream(data, 4).batch(0).x.zero_()
    points = Stream(numbered(12), 4)
    points.batch(0).x.fill_(-1)
    assert torch.equal(x, before)
    assert drawn(points, [0])[0] == drawn(Stream(numbered(12), 4), [0])[0]
