"""Learning classes from few labels: what the critic and the generator lose, and who sees which label."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import equilibria as eq
from equilibria.core.errors import Refusal
from equilibria.core.types import Batch
from equilibria.data import Labels, Stream, batches, labelled_subset, load_data
from equilibria.data.labels import label_remarks
from equilibria.games.play import Play
from equilibria.models.output import write
from equilibria.recipes.build import build
from equilibria.runs.selection import held_out_batch
from equilibria.runs.session import train
from equilibria.training.loop import run_rounds
from equilibria.training.step import draw
from games import points, run_of, small, weights
from sessions import Silent, events


def doubled(run):
    """A play of the run's first draw, and its game, in float64."""
    run.game.networks.double()
    play = draw(run)
    prior = SimpleNamespace(draw=lambda *_, **__: play.z.double())
    x, known = (Batch(*(part.double() for part in parts)) for parts in ((play.x,), play.labelled))
    return Play(run.game.networks, x, prior, 0, known)


def chances(critic, x):
    """Of the classes, and of "generated": (B, K + 1)."""
    return nn.functional.pad(critic.classify(x), (0, 1)).softmax(dim=1)


def test_the_critic_loses_what_a_softmax_over_classes_and_generated_says_is_unlikely():
    run = run_of("sgan")
    play, critic = doubled(run), run.game.networks["critic"]
    terms = run.game.players[0].loss(play)
    real, fake, labelled = (chances(critic, x) for x in (play.x, play.fake, play.labelled.x))
    unsupervised = -real[:, :-1].sum(dim=1).log().mean() - fake[:, -1].log().mean()
    said = (labelled[:, :-1] * play.labelled.y).sum(dim=1) / labelled[:, :-1].sum(dim=1)
    assert list(terms) == ["divergence", "class"]
    torch.testing.assert_close(terms["divergence"], unsupervised, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(terms["class"], -said.log().mean(), rtol=1e-12, atol=1e-12)


class Remembering(nn.Module):
    """Generates what it was made with, whatever the latent."""

    def __init__(self, x):
        super().__init__()
        self.x = nn.Parameter(x)

    def forward(self, z, y=None):
        return 1 * self.x


@pytest.mark.parametrize("apart", [0.0, 0.5])
def test_the_generator_is_pulled_exactly_where_the_means_of_features_differ(apart):
    run = run_of("sgan")
    play, critic, player = doubled(run), run.game.networks["critic"], run.game.players[1]
    run.game.networks["generator"] = Remembering(play.x.flip(0) + apart)
    game = dataclasses.replace(run.game)  # the parameters are looked up anew
    with game.only(player):
        (loss,) = player.loss(play).values()
        loss.backward()
    means = [critic.features(x).mean(dim=0) for x in (play.x, play.x + apart)]
    torch.testing.assert_close(loss, (means[0] - means[1]).square().sum(), rtol=1e-9, atol=1e-24)
    assert (game.networks["generator"].x.grad.abs().max() > 1e-6) == (apart > 0)
    assert all(p.grad is None for p in critic.parameters())


def test_labels_that_are_not_known_never_matter():
    data = points()
    run = run_of("sgan", labelled=10)
    unknown = torch.ones(len(data.x), dtype=torch.bool)
    unknown[run.stream.labelled_subset] = False
    for seed in range(99):  # until as many of each class come before the last label that is chosen
        y, order = data.y.clone(), torch.randperm(int(unknown.sum()), generator=torch.Generator().manual_seed(seed))
        y[unknown] = data.y[unknown][order]
        other = dataclasses.replace(data, y=y)
        if torch.equal(labelled_subset(other, 10, run.seed), run.stream.labelled_subset):
            break
    assert (y != data.y).sum() > 100
    again = build(small("sgan", labelled=10), other)
    assert torch.equal(weights(run_rounds(run, 4)), weights(run_rounds(again, 4)))
    assert run.statistics.read() == again.statistics.read()


def test_labels_that_are_known_do_matter():
    data = points()
    other = dataclasses.replace(data, y=1 - data.y)
    one, two = (run_rounds(build(small("sgan", labelled=10), each), 2) for each in (data, other))
    assert torch.equal(one.stream.labelled_subset, two.stream.labelled_subset)
    assert not torch.allclose(weights(one), weights(two))


def test_without_unlabelled_data_nothing_but_labelled_samples_teaches_the_critic():
    fields = {"labelled": 10, "game": {"name": "sgan", "unlabelled": False}}
    run = run_of("sgan", **fields)
    unknown = torch.ones(256, dtype=torch.bool)
    unknown[run.stream.labelled_subset] = False
    data = points()
    other = build(small("sgan", **fields), dataclasses.replace(data, x=torch.where(unknown[:, None], 9.0, data.x)))
    critics = [run_rounds(each, 3).game.networks["critic"].state_dict() for each in (run, other)]
    assert all(torch.equal(value, critics[1][name]) for name, value in critics[0].items())
    assert set(run.statistics.read()["critic"]) == {"class"}
    with pytest.raises(Refusal, match="leave them out"):
        run_of("sgan", penalties={"r1": {"name": "r1"}}, **fields)


def test_as_many_of_each_class_are_known_or_all_that_there_are():
    y = torch.tensor([0] * 50 + [1] * 4 + [2] * 46)
    data = dataclasses.replace(points(100), labels=Labels("class", ("a", "b", "c")), y=y)
    for count, expected in ((3, [1, 1, 1]), (9, [3, 3, 3]), (24, [10, 4, 10]), (100, [50, 4, 46])):
        places = labelled_subset(data, count, seed=1)
        assert y[places].bincount().tolist() == expected
        assert len(places.unique()) == count
        assert torch.equal(places, places.sort().values)
        assert torch.equal(places, labelled_subset(data, count, seed=1))
    assert sorted(y[labelled_subset(data, 4, seed=1)].bincount().tolist()) == [1, 1, 2]
    assert not torch.equal(labelled_subset(data, 9, seed=1), labelled_subset(data, 9, seed=2))


def partly_labeled(every=4):
    """Points of which each `every`-th has a label."""
    data = points()
    y, held_out_y = (torch.where(torch.arange(len(y)) % every == 0, y, -1) for y in (data.y, data.held_out_y))
    return dataclasses.replace(data, y=y, held_out_y=held_out_y)


def test_unknown_labels_are_learned_by_no_one_and_their_samples_are_learned_by_all():
    data = partly_labeled()
    run = build(small("sgan", labelled=30), data)
    assert (data.y[run.stream.labelled_subset] >= 0).all()
    assert run.game.networks["critic"].classify(data.x[:2]).shape == (2, 2)
    assert {tuple(x) for i in range(16) for x in run.stream.batch(i).x.tolist()} == {tuple(x) for x in data.x.tolist()}
    with pytest.raises(Refusal, match=r"2 classes and 64 labeled training samples: .*--labelled 20"):
        build(small("sgan", labelled=65), data)
    build(small("sgan", labelled=64), data)


@pytest.mark.parametrize("kind", ["class", "vector"])
def test_a_conditional_recipe_leaves_out_what_has_no_label(kind):
    data = partly_labeled()
    if kind == "vector":
        y, out = (torch.where(y[:, None] < 0, torch.nan, y[:, None].float()) for y in (data.y, data.held_out_y))
        data = dataclasses.replace(data, y=y, held_out_y=out, labels=Labels("vector", ("height",)).scaled(y))
    run = build(dataclasses.replace(small("cgan")), data)
    assert torch.equal(run.stream.data.x, data.x[::4])
    assert run.stream.batch(0).y.isfinite().all()
    assert any("192 training samples of 256 without a label" in remark for remark in label_remarks(data))


@pytest.mark.parametrize("count", [5, 16, 50])
def test_a_batch_of_known_ones_depends_on_the_draw_alone_and_shows_each_as_often(count):
    data = points()
    source = Stream(data, 16, seed=3, labelled_subset=labelled_subset(data, count, 3))
    for number in (0, 7):
        batch, again = (
            source.labelled_batch(number),
            Stream(data, 16, seed=3, labelled_subset=source.labelled_subset).labelled_batch(number),
        )
        assert torch.equal(batch.x, again.x)
        shown = (batch.x[:, None] == data.x[source.labelled_subset]).all(dim=2)
        assert shown.any(dim=1).all()
        times = shown.sum(dim=0)
        assert times.max() - times.min() <= 1
        assert torch.equal(batch.y.argmax(dim=1), data.y[source.labelled_subset][shown.int().argmax(dim=1)])
    assert not torch.equal(source.labelled_batch(0).x, source.labelled_batch(1).x)
    assert Stream(data, 16).labelled_batch(0) is None


def test_each_process_is_told_other_labels(monkeypatch):
    data, place = points(), SimpleNamespace(rank=0)
    monkeypatch.setattr(batches, "rank", lambda: place.rank)
    source, seen = Stream(data, 16, labelled_subset=labelled_subset(data, 100)), []
    for place.rank in range(2):
        seen.append(source.labelled_batch(0).x)
    assert not torch.equal(*seen)


def test_black_and_white_is_drawn_for_labelled_samples_too():
    data = load_data({"name": "digits"})
    assert set(
        Stream(data, 16, binary=True, labelled_subset=labelled_subset(data, 10)).labelled_batch(0).x.unique().tolist()
    ) == {
        -1.0,
        1.0,
    }


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"labelled": 0}, r"2 classes.*at least 2 and at most 256.*--labelled 20"),
        ({"labelled": 1}, "at least 2 and"),
        ({"labelled": 257}, "at most 256"),
        ({"conditional": True}, "leave out --conditional"),
    ],
)
def test_impossible_numbers_of_labels_are_refused(fields, sentence):
    with pytest.raises(Refusal, match=sentence):
        run_of("sgan", **fields)


@pytest.mark.parametrize("kind", [None, "multi-hot", "vector"])
def test_data_without_classes_are_refused(kind):
    y = None if kind is None else torch.zeros(256, 2)
    labels = None if kind is None else Labels(kind, ("a", "b"))
    with pytest.raises(Refusal, match="choose data whose labels are classes"):
        build(small("sgan"), dataclasses.replace(points(), labels=labels, y=y))


def test_games_that_see_all_labels_or_none_are_not_told_how_many():
    with pytest.raises(Refusal, match=r"'gan' does not learn from few labels.*use the recipe sgan"):
        run_of("gan-ns", labelled=10)


WISH = {"data": "ring", "labelled": 16, "batch": 16, "rounds": 3, "threads": 1, "matmul": "default"}


@pytest.mark.parametrize("norm", ["weight", "batch"])
def test_the_recorded_error_is_that_of_the_model_that_is_left(tmp_path, norm):
    words = {"critic": "dense", "generator": "dense", "critic.width": 16, "critic.norm": norm, "save_every": 3}
    folder = train("sgan", Silent(), name="run", runs=tmp_path, **WISH, **words).folder
    measures = [event["metrics"] for event in events(folder) if event["kind"] == "measure"]
    assert [next(iter(metrics)) for metrics in measures] == ["class_error"] * len(measures)
    model = eq.load(folder)
    x, y = held_out_batch(load_data({"name": "ring"}), 1024, labelled=True)
    said = model.classify(x)
    torch.testing.assert_close(said.sum(dim=1), torch.ones(len(x)))
    wrong = (said.argmax(dim=1) != y.argmax(dim=1)).double().mean()
    assert measures[-1]["class_error"] == pytest.approx(float(wrong), abs=2.5 / len(x))
    assert "16 of its labels were used" in (folder / "model" / "README.md").read_text()
    assert "accuracy" in write(folder, "classify", tmp_path / "classes.csv", source="ring")[0].summary()


def test_accuracy_is_that_of_samples_whose_labels_are_known(tmp_path):
    data = partly_labeled()
    y = torch.cat([data.y, data.held_out_y]).numpy()
    np.savez(tmp_path / "some.npz", samples=torch.cat([data.x, data.held_out]).numpy(), labels=y)
    words = WISH | {"data": str(tmp_path / "some.npz"), "critic": "dense", "critic.width": 16, "generator.width": 16}
    folder = train("sgan", Silent(), name="run", runs=tmp_path, **words).folder
    table = eq.load(folder).classify(str(tmp_path / "some.npz"))
    error = [event["metrics"] for event in events(folder) if event["kind"] == "measure"][-1]["class_error"]
    few = load_data(str(tmp_path / "some.npz")).labeled_part()
    x, labels = held_out_batch(few, max(1, len(few.held_out) // 2), labelled=True)
    wrong = eq.load(folder).classify(x).argmax(dim=1) != labels.argmax(dim=1)
    assert error == pytest.approx(float(wrong.double().mean()))
    right = (table.argmax(dim=1).numpy() == y)[y >= 0].mean()
    summary = write(folder, "classify", tmp_path / "classes.csv", source=str(tmp_path / "some.npz"))[0].summary()
    assert f"accuracy {100 * right:.2f} %, of the {(y >= 0).sum()} whose labels are known" in summary
