"""What `train` leaves alone, and how wishes become rounds."""

import base64
import copy
import dataclasses
import io
import json
import signal

import numpy as np
import PIL.Image
import pytest
import torch

import equilibria as eq
from equilibria.core.errors import Refusal
from equilibria.games.critic_player import bursts
from equilibria.recipes.build import build
from equilibria.recipes.options import Budget, read_budget
from equilibria.runs.plan import report_every, rounds_for, total_rounds
from equilibria.runs.session import resume, train
from equilibria.runs.trainer import snapshot
from equilibria.training.loop import run_rounds
from games import points, run_of, small
from sessions import TINY, Silent, assert_equal, assert_same_run, events, timeless

SHORT = TINY | {"rounds": 6}
SHORT_GAN = {key: value for key, value in SHORT.items() if key != "n_critic"}
OPEN = {key: value for key, value in TINY.items() if key != "rounds"}


def test_looking_more_often_does_not_change_a_run(tmp_path):
    wish = {"data": "digits", "generator.norm": "batch"}
    often, rarely = (
        train("gan-ns", Silent(), runs=tmp_path, **SHORT_GAN | wish | looks)
        for looks in ({"save_every": 1}, {"save_every": 6})
    )
    assert_equal(often.state_dict(), rarely.state_dict())
    reports = [[e for e in timeless(run.folder) if e["kind"] == "report"] for run in (often, rarely)]
    assert reports[0] == reports[1]


def test_looking_leaves_a_run_as_it_was():
    networks = {"generator": {"name": "dense", "norm": "batch"}, "critic": {"name": "dense", "norm": "spectral"}}
    recipe = small("gan-ns")
    recipe = dataclasses.replace(recipe, networks=networks)
    run = build(recipe, points())
    run_rounds(run, until=3)
    before = copy.deepcopy(run.state_dict())
    snapshot(run, recipe, points())
    assert_equal(before, run.state_dict())
    assert not any(network.training for network in run.average.networks.values())
    assert all(network.training for network in run.game.networks.values())


def test_training_leaves_the_process_as_it_was(tmp_path):
    def state():
        handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        return torch.get_num_threads(), torch.backends.mkldnn.matmul.fp32_precision, handlers

    before, random = state(), torch.random.get_rng_state()
    train("wgan-gp", Silent(), runs=tmp_path, **SHORT | {"threads": 2, "matmul": "bf16"})
    assert state() == before
    assert torch.equal(torch.random.get_rng_state(), random)


def test_stored_choices_are_reused(tmp_path):
    folder = train("wgan-gp", Silent(), runs=tmp_path, **SHORT).folder
    seen = []

    class Looks(Silent):
        def show(self, event):
            seen.append((torch.get_num_threads(), torch.backends.mkldnn.matmul.fp32_precision))

    path = folder / "summary.json"
    path.write_text(path.read_text().replace('"threads": 1', '"threads": 2').replace('"default"', '"bf16"'))
    resume(folder, Looks(), rounds=8)
    assert set(seen) == {(2, "bf16")}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """A run of six rounds, watched by a function that draws numbers and samples, and the rounds at which it was."""
    calls = []

    def watch(run):
        torch.rand(3)
        calls.append((run.step, run.history[-1]["round"], len(run.model.sample(3))))

    wish = SHORT_GAN | {"save_every": 4, "runs": tmp_path_factory.mktemp("runs")}
    return train("gan-ns", quiet=True, callbacks=[watch], **wish), calls, wish


def test_a_quiet_run_with_callbacks_says_nothing_and_is_the_same_run(quiet, capsys):
    run, calls, wish = quiet
    assert [call[:2] for call in calls] == [(i, i) for i in range(1, 7)]
    again = train("gan-ns", quiet=True, **wish)
    assert capsys.readouterr().out == ""
    assert_same_run(run.folder, again.folder)


def test_a_callback_ends_a_run_and_resume_goes_on_with_others(quiet, tmp_path):
    _, _, wish = quiet
    rounds = []
    run = train("gan-ns", quiet=True, callbacks=[lambda run: setattr(run, "stop", "interrupted")], **wish)
    assert run.step == 1
    resume(run, quiet=True, callbacks=[lambda run: rounds.append(run.step)])
    assert rounds == [2, 3, 4, 5, 6]


def test_a_run_is_short_to_read_and_stands_for_its_folder(quiet):
    run = quiet[0]
    assert repr(run) == f"Run({run.folder}, round 6, generator and critic)"
    assert_equal(dict(run.model.networks.state_dict()), dict(eq.load(run).networks.state_dict()))
    assert run.model.folder == run.folder / "model"
    built = build(small("gan-ns"), points())
    for use in (lambda: built.model, lambda: built.history):
        with pytest.raises(Refusal, match=r"built, not trained|not recorded"):
            use()


def test_the_history_has_a_row_of_numbers_for_each_report(quiet):
    rows = quiet[0].history
    assert [row["round"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert {"seconds", "images", "critic.divergence", "generator.divergence", "lr.critic"} <= rows[0].keys()
    assert ["sliced_wasserstein" in row for row in rows] == [row["round"] in (4, 6) for row in rows]
    assert all(isinstance(value, int | float) for row in rows for value in row.values())


def test_a_notebook_shows_the_newest_grid(quiet):
    run = quiet[0]
    grid = (run.folder / "samples" / "000006.png").read_bytes()
    assert run._repr_png_() == grid
    assert base64.b64encode(grid).decode() in run._repr_html_()
    assert PIL.Image.open(io.BytesIO(run.model._repr_png_())).size == (512, 512)


def test_a_run_is_heard_of_by_default(tmp_path, capsys):
    train("wgan-gp", runs=tmp_path, **SHORT)
    *opening, last = capsys.readouterr().out.splitlines()
    reports = [line for line in opening if line.startswith("round ")]
    assert opening[0].split()[:2] == ["data", "ring:"]
    assert [line.split()[1] for line in reports] == list("123456")
    assert all(" points" in line for line in reports)
    assert last.startswith("Finished all rounds: 6 rounds")


def test_a_recipe_can_be_a_file_or_an_object(tmp_path):
    folder = train("wgan-gp", Silent(), runs=tmp_path, **SHORT).folder
    again = train(folder / "recipe.json", Silent(), runs=tmp_path, threads=1, matmul="default").folder
    once_more = train(eq.Recipe.load(folder / "recipe.json"), Silent(), runs=tmp_path, threads=1, matmul="default")
    weights = [(f / "model" / "weights.safetensors").read_bytes() for f in (folder, again, once_more.folder)]
    assert weights[0] == weights[1] == weights[2]


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"recipe": "wgan-pg"}, "Did you mean 'wgan-gp'"),
        ({"data": "rin"}, "Did you mean"),
        ({"batch": 10**6}, "does not fit: .*at most 50,000"),
        ({"rounds": 0}, "rounds 0"),
        ({"rounds": "many"}, "rounds is 'many'"),
        ({"save_every": 0}, "save_every 0"),
        ({"budget": "five"}, "budget is 'five'"),
        ({"device": "tpu"}, "No device is called 'tpu'"),
        ({"lerning_rate": 1}, "lerning"),
        ({"recipe": "nowhere.json"}, "nowhere.json cannot be read"),
    ],
)
def test_what_cannot_be_played_is_refused_in_a_sentence(tmp_path, keywords, words):
    keywords = {"recipe": "wgan-gp", **SHORT, **keywords}
    with pytest.raises(Refusal, match=words):
        train(keywords.pop("recipe"), Silent(), runs=tmp_path / "runs", **keywords)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("choice", ["device", "matmul", "precision"])
def test_choices_that_cannot_be_had_here_are_refused(tmp_path, choice):
    folder = train("wgan-gp", Silent(), runs=tmp_path, **SHORT).folder
    summary = json.loads((folder / "summary.json").read_text())
    summary["choices"][choice] = "tpu"
    (folder / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(Refusal, match="only with the hardware settings"):
        resume(folder, Silent())


def test_other_data_are_noticed(tmp_path):
    x = torch.randint(0, 256, (200, 1, 8, 8), dtype=torch.uint8).numpy()
    np.save(tmp_path / "x.npy", x)
    folder = train("gan", Silent(), runs=tmp_path, **SHORT_GAN | {"data": str(tmp_path / "x.npy")}).folder
    resume(folder, display := Silent())
    assert not any("bit for bit" in text for text in display.said)
    np.save(tmp_path / "x.npy", 255 - x)
    resume(folder, display := Silent())
    assert any("not continue bit for bit" in text for text in display.said)


def test_a_stored_run_that_names_code_asks_for_trust(tmp_path):
    folder = train("wgan-gp", Silent(), runs=tmp_path, **SHORT).folder
    path = folder / "recipe.json"
    path.write_text(path.read_text().replace('"name": "wasserstein"', '"name": "os:getcwd"'))
    with pytest.raises(Refusal, match="--trust"):
        resume(folder, Silent(), rounds=8)


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("90s", Budget(seconds=90)),
        ("5m", Budget(seconds=300)),
        ("1.5h", Budget(seconds=5400)),
        ("200000images", Budget(images=200_000)),
        ("200,000 images", Budget(images=200_000)),
        (None, Budget()),
    ],
)
def test_a_budget_is_read(text, budget):
    assert read_budget(text) == budget


@pytest.mark.parametrize("text", ["", "5", "m", "-5m", "0s", "5 minutes", "1.5images", "1e3s"])
def test_a_budget_that_makes_no_sense_is_refused(text):
    with pytest.raises(Refusal, match="5m, 2h, 200000images"):
        read_budget(text)


@pytest.mark.parametrize("images", [1, 79, 80, 81, 1000])
def test_a_budget_of_images_is_the_first_round_that_shows_them(images):
    run = run_of("wgan-gp")  # five moves of 16
    assert rounds_for(run, images) == -(-images // 80)


def test_a_budget_of_images_counts_moves_that_vary():
    run = run_of("wgan-gp", game={"name": "gan", "n_critic": {"name": "bursts", "first": 2, "every": 4}})
    moves = [bursts(first=2, every=4)(step) for step in range(5)]
    assert moves == [100, 100, 5, 5, 100]
    assert rounds_for(run, 16 * 205) == 3
    assert rounds_for(run, 16 * 211) == 5


def test_what_comes_first_ends_a_run():
    run = run_of("wgan-gp")

    def wish(rounds, **budget):
        return total_rounds(run, rounds, Budget(**budget), 10_000, lambda rounds: rounds * 0.5)

    assert wish(None) == 10_000
    assert wish(30) == 30
    assert wish(None, seconds=60) == 120
    assert wish(30, seconds=60) == 30
    assert wish(300, seconds=60) == 300  # the clock decides
    assert wish(None, images=800) == 10
    assert wish(9, images=800) == 9
    assert wish(None, seconds=0.1) == 1


def test_a_budget_of_images_is_played(tmp_path):
    run = train("wgan-gp", Silent(), runs=tmp_path, budget="200images", **OPEN)
    assert run.step == 7  # of 2 moves of 16
    assert [e["images"] for e in events(run.folder) if e["kind"] == "report"][-1] == 224


def test_a_budget_of_time_is_in_all(tmp_path):
    run = train("wgan-gp", Silent(), runs=tmp_path, budget="0.3s", **OPEN)
    stop = events(run.folder)[-1]
    assert (run.stop, stop["reason"]) == ("budget", "budget")
    assert stop["elapsed"] >= 0.3
    before = timeless(run.folder)
    assert resume(run.folder, Silent()).step == run.step
    assert timeless(run.folder) == before
    assert resume(run.folder, Silent(), rounds=run.step + 2).step == run.step + 2
    assert events(run.folder)[-1]["reason"] == "done"


@pytest.mark.parametrize(("rounds", "every"), [(1, 1), (199, 1), (200, 2), (10_000, 100), (10**6, 100)])
def test_reports_come_a_hundred_times_and_at_least_every_hundredth_round(rounds, every):
    assert report_every(rounds) == every


def test_public_names_are_there():
    assert all(getattr(eq, name) is not None for name in eq.__all__)
    assert set(eq.__all__) <= set(dir(eq))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        eq.nothing  # noqa: B018
