"""What the command line promises: sentences, exit codes, files, and no traceback."""

import errno
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import numpy as np
import PIL.Image
import pytest
import torch

import equilibria
from equilibria.apps.cli import main
from equilibria.apps.verbs.train import DEMO
from equilibria.core.errors import Refusal, os_error
from equilibria.core.specs import parse
from equilibria.data.datasets import DATASETS
from equilibria.data.resolve import data_builder
from equilibria.models.load import load
from equilibria.recipes import DEFAULT, DEFAULT_FOR_FEW, DEFAULT_FOR_POINTS, RECIPES, Recipe
from equilibria.recipes.options import read_budget
from equilibria.recipes.settings import settings, short
from equilibria.training.hardware import Hardware, choose_hardware, choose_precision, choose_threads
from sessions import Silent

SMALL = ["--threads", "1", "--matmul", "default", "--device", "cpu", "--batch", "8"]
TINY = [*SMALL, "--generator.width", "8", "--critic.width", "8"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EQUILIBRIA_DEBUG", raising=False)


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    """A run on points."""
    runs = tmp_path_factory.mktemp("runs")
    assert (
        main(["train", "gan", "--data", "ring", "--rounds", "4", "--runs", str(runs), "--name", "points", *TINY]) == 0
    )
    return runs / "points"


def test_the_estimate_is_reported_as_a_lower_bound_in_its_own_units(capsys):
    assert main(["train", "gan", "--data", "ring", "--rounds", "2", "--divergence", "kl", *TINY]) == 0
    assert re.search(r"KL\(data \|\| model\) at least -?[\d.e-]+ \(in nats\)", capsys.readouterr().out)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A run on pictures, whose generator has batch norm."""
    runs = tmp_path_factory.mktemp("runs")
    said = ["--rounds", "6", "--save-every", "2", "--runs", str(runs), "--name", "pictures"]
    assert main(["train", "gan-ns", *said, *TINY]) == 0
    return runs / "pictures"


WRONG = [
    (["trian"], "There is no verb 'trian'. Did you mean 'train'?"),
    (["--clip", "1"], "A verb comes first"),
    (["data"], "equilibria data check PATH|NAME"),
    (["resume"], "write `equilibria resume RUN`"),
    (["train", "wgan-pg"], "Did you mean 'wgan-gp'?"),
    (["train", "WGAN-GP"], "Did you mean 'wgan-gp'?"),
    (["train", "wgan-gp", "--epochs", "5"], "Write --rounds 1000, or --budget 5m."),
    (["train", "wgan-gp", "--image-size", "64"], "Write --data.size 64."),
    (["train", "wgan-gp", "--gpu"], "Write --device cuda."),
    (["train", "wgan-gp", "--fp16"], "Write --precision bf16."),
    (["train", "wgan-gp", "digits"], "'digits' is one word too many"),
    (["train", "wgan-gp", "--clpi", "1"], "Did you mean 'clip'?"),
    (["train", "wgan-gp", "--bugdet", "5m"], "Did you mean 'budget'?"),
    (["train", "wgan-gp", "--clip"], "--clip needs a value: a number or none."),
    (["train", "wgan-gp", "--rounds"], "--rounds needs a value"),
    (["train", "wgan-gp", "--batch", "many"], "--batch is 'many': it must be a whole number"),
    (["train", "wgan-gp", "--penalties.gradient_penalty.wieght", "5"], "Did you mean 'weight'?"),
    (["train", "wgan-gp", "--seed", "1", "--seed=2"], "--seed is given twice"),
    (["train", "wgan-gp", "-s", "1"], "-s is not a flag"),
    (["train", "wgan-gp", "--budget", "5x"], "budget is '5x'"),
    (["train", "wgan-gp", "--data", "nowhere"], "nothing is at"),
    (["train", "missing.json"], "missing.json cannot be read"),
    (["resume", "runs/none"], "There is no run in"),
    (["resume", "runs/none", "--turst"], "--turst is not a flag of `equilibria resume`. Did you mean '--trust'?"),
    (["sample", "runs/none"], "There is no model in"),
    (["sample", "runs/none", "--count", "0"], "count is 0"),
    (["sample", "runs/none", "--out", "sheet.jpg"], "end it in .png"),
    (["show", "penaltys"], "Did you mean 'penalties'?"),
    (["recipes", "all"], "one word too many"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_words_are_answered_in_a_sentence(words, sentence, capsys):
    assert main(words) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.err.startswith("equilibria: ")
    assert said.err.count("\n") == 1
    assert not said.out


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("--halflife", "-1", "halflife is -1.0"),
        ("--n-critic", "0", "The game has n_critic 0: at least 1 is needed."),
        ("--lr", "-1", "An optimizer has lr -1: a finite number above 0 is needed."),
        ("--optimizers.generator.beta1", "2", "An optimizer has beta1 2: a finite number of at least 0 and below 1"),
        ("--divergence", "json:loads", "A divergence takes the scores (real, fake), and loads takes s."),
        ("--critic.norm", "bach", "Did you mean 'batch'?"),
        ("--batch", "50000000", "at most 50,000 (the training samples). Use --batch 50000."),
        ("--threads", "0", "threads is 0"),
    ],
)
def test_values_that_cannot_be_played_are_refused(setting, value, sentence, tmp_path, capsys):
    words = [word for pair in zip(TINY[::2], TINY[1::2], strict=True) if pair[0] != setting for word in pair]
    assert main(["train", "gan", "--data", "ring", "--rounds", "1", *words, setting, value]) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_help_says_how_a_recipe_without_penalties_gets_one(capsys):
    assert main(["train", "gan", "--help"]) == 0
    assert "--penalty NAME" in capsys.readouterr().out


@pytest.mark.parametrize(("data", "recipe"), [("digits", DEFAULT_FOR_FEW), ("ring", DEFAULT_FOR_POINTS)])
def test_without_a_recipe_what_suits_the_data_is_played(tmp_path, data, recipe):
    assert main(["train", "--data", data, "--rounds", "1", *TINY]) == 0
    assert json.loads((tmp_path / f"runs/{recipe}-{data}/recipe.json").read_text())["name"] == recipe


def test_what_is_changed_is_a_setting_of_what_is_played(tmp_path, capsys):
    assert main(["train", "--data", "ring", "--rounds", "1", "--penalties.r1.weight", "0.5", *TINY]) == 0
    run = equilibria.train(display=Silent(), data={"name": "ring", "count": 64}, rounds=1, runs=tmp_path, batch=8)
    assert json.loads((run.folder / "recipe.json").read_text())["name"] == DEFAULT_FOR_POINTS


def test_help_names_the_default(capsys):
    assert main(["train", "--help"]) == 0
    assert f"({DEFAULT} if none is named" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_help_names_every_verb(words, capsys):
    assert main(words) == 0
    said = capsys.readouterr().out
    assert all(verb in said for verb in ("demo", "train", "resume", "sample", "recipes", "show", "data check"))


@pytest.mark.parametrize("verb", ["demo", "train", "resume", "sample", "recipes", "show", "data check"])
def test_every_flag_of_a_verb_has_help(verb, capsys):
    assert main([*verb.split(), "--help"]) == 0
    flags = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  --")]
    assert all(len(line.split(None, 3)) == 4 for line in flags)


@pytest.mark.parametrize("recipe", RECIPES)
def test_help_of_a_recipe_lists_every_setting(recipe, capsys):
    assert main(["train", recipe, "--help"]) == 0
    flags = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  --")]
    assert len(flags) == len(set(flags))
    expected = {short(RECIPES[recipe](), path) for path in settings(RECIPES[recipe]())}
    assert expected <= {flag.strip("-").replace("-", "_") for flag in flags}


def test_the_version_is_said(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"equilibria {equilibria.__version__}\n"


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["recipes"], ["resume", "--help"], ["train", "--help"], ["lab"]]
)
def test_help_does_not_wait_for_torch(words):
    looking = f"import sys; from equilibria.apps.cli import main; main({words}); print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", looking], capture_output=True, text=True, check=True)
    assert run.stdout.endswith("False\n")


def test_recipes_lists_all(capsys):
    assert main(["recipes"]) == 0
    listed, default, *_ = capsys.readouterr().out.split("\n\n")
    assert {line.split()[0] for line in listed.splitlines() if line[0] != " "} == set(RECIPES)
    assert f"uses {DEFAULT} if no recipe is named, and {DEFAULT_FOR_POINTS} for points" in default


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_shown_recipe_can_be_trained_from(recipe, capsys):
    assert main(["show", recipe]) == 0
    shown = Recipe.from_json(capsys.readouterr().out, "what was shown")
    values, original = ({p: s.value for p, s in settings(r).items()} for r in (shown, RECIPES[recipe]()))
    assert values == original


@pytest.mark.parametrize("table", ["divergences", "penalties", "networks", "priors", "data", "optimizers", "norms"])
def test_a_table_is_shown(table, capsys):
    assert main(["show", table]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 2


def test_flags_change_the_recipe_that_is_stored(tmp_path):
    words = [
        "--penalty.weight",
        "5",
        "--penalty.one-sided",
        "--n-critic=2",
        "--clip",
        "0.5",
        "--prior",
        "uniform",
        "--lr",
        "3e-4",
    ]
    assert main(["train", "wgan-gp", "--data", "grid", "--rounds", "2", *TINY, *words]) == 0
    stored = json.loads((tmp_path / "runs" / "wgan-gp-grid" / "recipe.json").read_text())
    assert stored["penalties"]["gradient_penalty"] == {"name": "gradient_penalty", "weight": 5.0, "one_sided": True}
    assert (stored["game"]["n_critic"], stored["game"]["clip"], stored["prior"]["name"]) == (2, 0.5, "uniform")
    assert {spec["lr"] for spec in stored["optimizers"].values()} == {3e-4}
    assert stored["networks"]["generator"]["width"] == 8


def test_a_recipe_in_a_file_can_be_trained(tmp_path, capsys):
    main(["show", "gan"])
    (tmp_path / "mine.json").write_text(capsys.readouterr().out)
    assert main(["train", "mine.json", "--data", "ring", "--dry-run", *TINY]) == 0
    assert re.search(r"data +ring: .*\n(.*\n)* +recipe +gan\b", capsys.readouterr().out)
    assert not (tmp_path / "runs").exists()


def test_a_part_of_ones_own_may_be_typed_but_not_stored(tmp_path, monkeypatch, capsys):
    (tmp_path / "my_own_divergence.py").write_text(
        "from equilibria.terms.divergences import DIVERGENCES\n\ndef mine():\n    return DIVERGENCES['hinge']()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    words = ["--divergence", "my_own_divergence:mine", "--data", "ring", "--name", "own", "--rounds", "1", *TINY]
    assert main(["train", "gan", *words]) == 0
    assert main(["resume", "runs/own", "--rounds", "2"]) == 2
    assert "--trust" in capsys.readouterr().err
    assert main(["resume", "runs/own", "--rounds", "2", "--trust"]) == 0
    assert main(["train", "runs/own/recipe.json"]) == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["train", "WGAN-GP", "--data", "ring"], "called 'WGAN-GP'. Did you mean 'wgan-gp'?\n"),
        (["sample", "runs/some", "-n", "5"], "such as --count 5"),
    ],
)
def test_words_from_elsewhere_are_answered_briefly(words, sentence, capsys):
    assert main(words) == 2
    assert sentence in capsys.readouterr().err


def test_a_run_is_reported_in_few_lines(capsys):
    assert main(["train", "gan", "--data", "ring", "--rounds", "120", *TINY]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 20 <= len([line for line in lines if line.startswith("round ")]) <= 30
    assert len(lines) <= 45
    assert not any("\x1b" in line for line in lines)


def test_resume_goes_on(points, capsys):
    assert main(["resume", str(points), "--rounds", "5"]) == 0
    assert "round 5 of 5" in capsys.readouterr().out


def test_a_taken_name_is_refused(points, capsys):
    assert main(["train", "gan", "--data", "ring", "--runs", str(points.parent), "--name", "points", *TINY]) == 2
    assert "resume" in capsys.readouterr().err


def test_the_demonstration_can_be_repeated(tmp_path, capsys, monkeypatch):
    for name, value in {"threads": 1, "matmul": "default", "batch": 8}.items():
        monkeypatch.setitem(DEMO, name, value)
    for name in ("demo", "demo-2"):
        assert main(["demo", "--rounds", "1"]) == 0
        said = capsys.readouterr().out
        assert said.count(f"runs/{name}/live.png") == 1
        assert f"runs/{name}/samples/000001.png" in said
        lines = [shlex.split(line) for line in said.partition("What next?")[2].splitlines() if line.startswith("  ")]
        assert [len(line) for line in lines if shutil.which(line[0])] == [7, 4, 6] or sys.executable in lines[0]
        assert main(lines[0][lines[0].index("sample") :]) == 0
        assert (tmp_path / "runs" / name / "samples" / "000001.png").is_file()


def test_the_demonstration_keeps_to_its_budget_and_its_picture_is_live(tmp_path, capsys, monkeypatch):
    for name, value in {"threads": 1, "matmul": "default", "batch": 8, "save_every": 1}.items():
        monkeypatch.setitem(DEMO, name, value)
    assert main(["demo", "--budget", "1s"]) == 0
    folder, said = tmp_path / "runs" / "demo", capsys.readouterr().out
    sheets = sorted((folder / "samples").glob("*.png"))
    assert sheets
    assert said.index("live.png") < said.index("Time budget reached")
    assert (folder / "live.png").read_bytes() == sheets[-1].read_bytes()


def test_data_check_tells_the_usable_from_the_unusable(tmp_path, capsys):
    assert main(["data", "check", "digits"]) == 0
    assert "1,797" in capsys.readouterr().out
    (tmp_path / "empty").mkdir()
    assert main(["data", "check", "empty"]) == 2
    assert "not usable" in capsys.readouterr().out


def test_samples_are_the_same_in_every_form(pictures, tmp_path):
    expected = load(pictures).sample(100, seed=3)
    space = load(pictures).space
    for out in ("sheet.png", "one/by/one/", "all.npz"):
        assert main(["sample", str(pictures), "--count", "100", "--seed", "3", "--out", out]) == 0
    with np.load("all.npz", allow_pickle=False) as stored:
        assert list(stored) == ["samples"]
        assert stored["samples"].dtype == np.uint8
        np.testing.assert_array_equal(stored["samples"], space.decode(expected))
    names = sorted(path.name for path in (tmp_path / "one" / "by" / "one").iterdir())
    assert (len(names), names[0], names[99]) == (100, "00000.png", "00099.png")
    pixels = np.stack([np.asarray(PIL.Image.open(f"one/by/one/{name}")) for name in names])
    np.testing.assert_array_equal(pixels[..., None], space.decode(expected))
    np.testing.assert_array_equal(np.asarray(PIL.Image.open("sheet.png")), np.asarray(space.sample_grid(expected, 10)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.npz", "one", "sheet.png"]


def test_samples_of_points_are_an_array_of_points(points):
    assert main(["sample", str(points), "--count", "70", "--out", "points.npz"]) == 0
    with np.load("points.npz", allow_pickle=False) as stored:
        assert (stored["samples"].shape, stored["samples"].dtype) == ((70, 2), np.float32)
    assert main(["sample", str(points), "--out", "folder/"]) == 2
    assert main(["sample", str(points), "--out", "points.npz/"]) == 2
    assert main(["sample", str(points)]) == 0


@pytest.mark.parametrize("out", ["sheet.png", "folder/", "all.npz"])
def test_nothing_is_written_over_unless_insisted(out, pictures, tmp_path, capsys):
    words = ["sample", str(pictures), "--out", out]
    assert main([*words, "--count", "3"]) == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert main([*words, "--seed", "1"]) == 2
    assert "--force" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    (tmp_path / "folder").mkdir(exist_ok=True)
    (tmp_path / "folder" / "mine.txt").write_text("kept")
    assert main([*words, "--seed", "1", "--force"]) == 0
    assert (tmp_path / "folder" / "mine.txt").read_text() == "kept"
    assert all(path.read_bytes() != content for path, content in before.items())


def test_checkpoints_can_be_drawn_from(pictures):
    events = [json.loads(line) for line in (pictures / "events.jsonl").read_text().splitlines()]
    best = [event["step"] for event in events if event["kind"] == "checkpoint" and event["best"]][-1]
    for name, words in {"left": [], "last": ["last"], "best": ["best"], "round": [str(best)], "early": ["2"]}.items():
        chosen = ["--checkpoint", *words] if words else []
        assert main(["sample", str(pictures), "--out", f"{name}.npz", *chosen]) == 0
    drawn = {name: np.load(f"{name}.npz")["samples"] for name in ("left", "last", "best", "round", "early")}
    np.testing.assert_array_equal(drawn["left"], drawn["last"])
    np.testing.assert_array_equal(drawn["best"], drawn["round"])
    assert (drawn["early"] != drawn["last"]).any()


@pytest.mark.parametrize("checkpoint", ["worst", "3"])
def test_a_checkpoint_that_is_not_kept_is_refused(checkpoint, pictures, capsys):
    assert main(["sample", str(pictures), "--checkpoint", checkpoint]) == 2
    assert "checkpoint" in capsys.readouterr().err


def test_a_part_of_ones_own_that_cannot_be_made_is_told_with_its_error(tmp_path, monkeypatch, capsys):
    (tmp_path / "unmakeable.py").write_text("def mine():\n    raise ZeroDivisionError('by zero')\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["train", "gan", "--divergence", "unmakeable:mine", *TINY]) == 2
    said = capsys.readouterr().err
    assert "divergence cannot be built: unmakeable:mine raised ZeroDivisionError: by zero (" in said
    assert "unmakeable.py, line 2, in mine)." in said


@pytest.mark.parametrize("name", ["digits", "MNIST", "cifar-10", "Fashion-MNIST"])
def test_a_data_set_in_the_place_of_a_recipe_is_named(name, capsys):
    assert main(["train", name, "--dry-run"]) == 2
    assert f"{name!r} is data, not a recipe: write `equilibria train --data {name}`." in capsys.readouterr().err


def test_a_mistake_of_ours_is_one_sentence_and_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("equilibria.runs.session.save_every", None)  # the mistake
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    words = ["train", "gan", "--data", "ring", "--rounds", "2", *TINY]
    assert main(words) == 1
    said = capsys.readouterr().err
    (report,) = tmp_path.glob("equilibria-*.txt")
    assert said.count("\n") == 1
    assert "TypeError: 'NoneType' object is not callable" in said
    assert str(report) in said
    assert "Traceback" in report.read_text()
    monkeypatch.setenv("EQUILIBRIA_DEBUG", "1")
    with pytest.raises(TypeError):
        main(words)


def test_a_reader_who_leaves_early_is_no_error():
    command = f"{sys.executable} -m equilibria show recipes | head -n 1; exit ${{PIPESTATUS[0]}}"
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_samples_without_a_name_never_collide_and_a_named_file_is_kept(points):
    for name in ("sheet.png", "sheet-2.png", "sheet-3.png"):
        assert main(["sample", str(points)]) == 0
        assert PIL.Image.open(name)
    assert main(["sample", str(points), "--out", "sheet.png"]) == 2


def test_a_wrong_run_is_refused_before_a_wrong_output(points, tmp_path, capsys):
    (tmp_path / "there.png").touch()
    for verb in ("sample", "reject", "interpolate"):
        assert main([verb, "nowhere", "--out", "there.png"]) == 2
        assert "nowhere" in capsys.readouterr().err


def test_more_samples_than_a_disk_holds_are_refused(points, capsys):
    assert main(["sample", str(points), "--count", "100000000000", "--out", "all.npz"]) == 2
    assert "count is 100,000,000,000: at least 1 and at most 10,000,000" in capsys.readouterr().err


def test_a_run_without_its_checkpoints_does_not_start_again(points, tmp_path, capsys):
    shutil.copytree(points, run := tmp_path / "one run")
    shutil.rmtree(run / "checkpoints")
    before = (run / "events.jsonl").read_bytes()
    assert main(["resume", str(run), "--rounds", "6"]) == 2
    assert (run / "events.jsonl").read_bytes() == before
    advice = shlex.split(re.search(r"`equilibria (.*?)`", capsys.readouterr().err)[1])
    assert main([*advice, *SMALL, "--name", "again"]) == 0


def test_more_threads_than_cores_are_refused_and_the_advice_works(capsys):
    said = ["train", "gan", "--data", "ring", "--rounds", "1", *TINY[2:]]
    assert main([*said, "--threads", "500"]) == 2
    assert main([*said, *re.search(r"give (--threads \d+)\.", capsys.readouterr().err)[1].split()]) == 0


def test_the_environment_limits_the_threads(monkeypatch):
    monkeypatch.setattr("equilibria.training.hardware.cores", lambda: 4)
    hardware, counts = Hardware("cpu", 1, "default", "fp32"), []
    for limit in ("1", "3", "", "8"):
        monkeypatch.setenv("OMP_NUM_THREADS", limit)
        counts.append(choose_threads(hardware, lambda: 1 / torch.get_num_threads()).threads)
    torch.set_num_threads(1)
    assert counts == [1, 3, 4, 4]


def test_bf16_is_chosen_where_the_processor_has_it_and_a_round_is_faster(monkeypatch):
    hardware, times = Hardware("cpu", 1, "default", "fp32"), {"fp32": 2.0, "bf16": 1.0}
    for capability, faster in itertools.product(("avx512_bf16", "amx_bf16", "avx2"), (True, False)):
        monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {capability: True})  # noqa: B023
        seconds = times if faster else dict.fromkeys(times, 1.0)
        precision = choose_precision(hardware, seconds.__getitem__).precision
        assert (precision == "bf16") == (faster and capability != "avx2")
    assert choose_hardware(precision="auto", matmul="default").precision == "fp32"


def test_one_round_is_not_rounds_and_points_are_not_images(capsys):
    assert main(["train", "gan", "--data", "ring", "--rounds", "1", *TINY]) == 0
    out = capsys.readouterr().out
    assert "1 round in" in out
    assert "1 rounds" not in out
    assert "points/s" in out
    assert "images/s" not in out


def test_a_list_of_paths_splits_at_commas_alone():
    assert parse("My Photos (1), ring", tuple[str, ...], "--data") == ("My Photos (1)", "ring")


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOENT])
def test_a_place_that_cannot_be_written_is_always_the_request(code):
    assert isinstance(os_error(OSError(code, os.strerror(code)), "x.png", "Choose another --out.", "written"), Refusal)


@pytest.mark.parametrize("text", ["1h30m", "90m", "1h29m60s", "1.5h", "90m0s"])
def test_a_time_is_read_as_people_write_it(text):
    assert read_budget(text).seconds == 5400


def test_data_in_the_place_of_a_recipe_is_answered_with_a_line_that_trains(tmp_path, capsys):
    np.save("My points.npy", np.random.default_rng(0).normal(size=(200, 2)).astype("f"))
    assert main(["train", "My points.npy"]) == 2
    advice = shlex.split(re.search(r"`equilibria (.*?)`", capsys.readouterr().err)[1])
    assert main([*advice, "--rounds", "1", *TINY]) == 0


@pytest.mark.parametrize(("name", "entry"), [("RING", "ring"), ("Swiss-Roll", "swiss_roll"), ("cifar-10", "cifar10")])
def test_a_data_set_is_known_however_it_is_written(name, entry, tmp_path):
    assert data_builder(name) is DATASETS[entry]
    (tmp_path / name).mkdir()
    assert data_builder(name) is DATASETS["folder"]
