"""Removed folders, kills, hangups, pauses, odd names, odd terminals: what is said, and what is left."""

import contextlib
import csv
import errno
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch

import equilibria as eq
from equilibria.apps.cli import main
from equilibria.core.errors import Failure, Refusal
from equilibria.core.signals import on_stop
from equilibria.core.text import csv_text, printable
from equilibria.data import cache
from equilibria.records.events import thin
from equilibria.records.folder import RunFolder
from equilibria.runs import observers
from equilibria.runs.observers import is_kept
from equilibria.runs.session import resume, train
from sessions import TINY, Acts, Silent, StopsAt, assert_same_run, events, start, wait_for_round
from shares import one_in

SHORT = TINY | {"rounds": 12, "save_every": 4, "watch": 0}


@pytest.mark.parametrize("watch", [0, 4])
@pytest.mark.parametrize("act", [shutil.rmtree, lambda path: path.rename(path.with_name("moved"))], ids=["rm", "mv"])
def test_a_folder_that_goes_away_while_it_is_written_is_noticed(tmp_path, act, watch):
    display = Acts(6, lambda: act(tmp_path / "run"))
    with pytest.raises(Failure, match="was removed or replaced while the run was writing"):
        train("wgan-gp", display, name="run", runs=tmp_path, **SHORT | {"watch": watch})
    assert not (tmp_path / "run").exists()


def test_a_run_is_never_left_without_its_recipe(tmp_path, monkeypatch):
    """Wherever the making of the folder is cut off, its name is free, or holds a run that can be resumed."""
    calls = []
    for name in ("mkdir", "rename"):
        before = getattr(Path, name)
        monkeypatch.setattr(Path, name, lambda *a, _f=before, _n=name, **k: (_cut(calls, _n), _f(*a, **k))[1])
    for cut in range(1, 4):
        calls[:] = [cut]
        try:
            train("wgan-gp", Silent(), name="run", runs=tmp_path, **SHORT | {"rounds": 2})
        except _Killed:
            assert not (tmp_path / "run").exists() or (tmp_path / "run" / "recipe.json").exists()
    monkeypatch.undo()
    if (tmp_path / "run").exists():
        resume(tmp_path / "run", Silent())
    else:
        train("wgan-gp", Silent(), name="run", runs=tmp_path, **SHORT)


@pytest.mark.parametrize(
    ("code", "kind"), [(errno.ENOSPC, Failure), (errno.EIO, Failure), (errno.EROFS, Refusal), (errno.EACCES, Refusal)]
)
@pytest.mark.parametrize("flag", ["--runs", "--out"])
def test_a_folder_that_cannot_be_made_is_a_wrong_request_only_where_another_helps(
    tmp_path, monkeypatch, code, kind, flag
):
    def refuse(path, **options):
        raise OSError(code, os.strerror(code), str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(kind, match=f"{re.escape(os.strerror(code))}.( Give another folder with {flag}.)?$") as error:
        RunFolder.create(tmp_path / "run", flag=flag)
    assert (flag in str(error.value)) == (kind is Refusal)


class _Killed(BaseException):
    pass


def _cut(calls, name):
    calls[0] -= 1
    if calls[0] == 0:
        raise _Killed(name)


def test_a_run_killed_before_its_first_checkpoint_is_resumed(tmp_path):
    whole = train("wgan-gp", Silent(), name="whole", runs=tmp_path, **SHORT).folder
    killed = shutil.copytree(whole, tmp_path / "killed")
    for path in ("checkpoints", "samples", "model"):
        shutil.rmtree(killed / path)
    (killed / "events.jsonl").unlink()
    resume(killed, Silent())
    assert_same_run(whole, killed)


@pytest.mark.long
@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP here")
def test_a_hangup_saves(tmp_path):
    wish = TINY | {"rounds": 80, "watch": 0}
    process = start("train", "wgan-gp", name="run", runs=str(tmp_path), **wish)
    wait_for_round(tmp_path / "run", 10, process)
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 0
    assert events(tmp_path / "run")[-1]["reason"] == "interrupted"
    resume(tmp_path / "run", Silent())
    assert_same_run(train("wgan-gp", Silent(), name="whole", runs=tmp_path, **wish).folder, tmp_path / "run")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP here")
def test_a_hangup_that_is_ignored_stays_ignored():
    calls, before = [], signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with on_stop(lambda number, frame: calls.append(number)):
            signal.raise_signal(signal.SIGHUP)
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert calls == [signal.SIGTERM]


@pytest.mark.skipif(not hasattr(signal, "SIGCONT"), reason="no SIGCONT here")
def test_a_budget_does_not_run_while_the_process_is_stopped(tmp_path, monkeypatch):
    """The clock goes on without the process; then it is woken by SIGCONT."""
    now = [50.0]
    monkeypatch.setattr(observers.time, "monotonic", lambda: now[0])
    log = observers.EventLog(RunFolder(tmp_path), lambda event: None, elapsed=3.0)
    now[0] += 2.0
    log.tick()
    with on_stop(lambda *_: None, log.skip_pause):
        now[0] += 100.0
        signal.raise_signal(signal.SIGCONT)
    assert log.elapsed == 5.0
    now[0] += 1.0
    assert log.elapsed == 6.0


@pytest.mark.parametrize("recipe", ["vae", "gan-ns"])
def test_moments_without_end_stop_a_run_and_the_advice_fits_the_game(tmp_path, recipe):
    networks = {"encoder": "dense", "encoder.width": 16} if recipe == "vae" else {"critic": "dense"}
    wish = {k: v for k, v in TINY.items() if not k.startswith("critic") and k != "n_critic"} | networks
    with pytest.raises(Failure, match="no longer finite") as failure:
        train(recipe, Silent(), name="run", runs=tmp_path, **wish | {"lr": 1e3, "save_every": 50})
    advice = str(failure.value).partition("Try")[2]
    assert ("critic" in advice) == ("--penalty r1" in advice) == (recipe == "gan-ns")
    assert "--penalty.weight" not in advice  # of a recipe without a penalty
    assert "where nothing was learned yet" in advice
    assert events(tmp_path / "run")[-1]["reason"] == "nonfinite"
    assert eq.load(tmp_path / "run").sample(2).isfinite().all()
    assert eq.load(tmp_path / "run", checkpoint="best").sample(2).isfinite().all()
    display = Silent()
    with pytest.raises(Failure, match="no longer finite"):
        resume(tmp_path / "run", display)
    assert any("Nothing has changed since, so it will end the same way" in said for said in display.said)


def test_of_many_sample_grids_some_two_hundred_are_kept():
    kept = [step for step in range(1, 100_001) if is_kept(step, 1)]
    assert kept[:32] == list(range(1, 33))
    assert 150 < len(kept) < 250
    assert max(b / a for a, b in pairwise(kept[31:])) < 1.07


def test_a_run_that_saves_every_round_keeps_few_grids_and_resumes_to_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(observers, "_GRIDS", 4)
    wish = TINY | {"rounds": 12, "save_every": 1, "watch": 0}
    whole = train("wgan-gp", Silent(), name="whole", runs=tmp_path, **wish).folder
    stopped = train("wgan-gp", StopsAt(7), name="stopped", runs=tmp_path, **wish).folder
    resume(stopped, Silent())
    assert_same_run(whole, stopped)
    steps = sorted(int(path.stem) for path in (whole / "samples").iterdir())
    assert steps == [1, 2, 3, 4, 6, 8, 12]


def test_a_long_run_keeps_a_bounded_number_of_events():
    kept = []
    for step in range(20_000):
        kept = thin([*kept, {"kind": "report", "step": step}], most=100)
    assert len(kept) <= 201
    assert [event["step"] for event in kept[-100:]] == list(range(19_900, 20_000))
    assert kept[0]["step"] == 0


def test_an_unfinished_folder_of_the_cache_is_removed_once_nobody_works_at_it(tmp_path, monkeypatch):
    monkeypatch.setenv("EQUILIBRIA_CACHE", str(tmp_path))
    old = time.time() - 3600

    def write(folder):
        os.utime(folder, (old, old))  # as if it had begun an hour ago
        cache.cached_arrays("pictures", "other", lambda place: np.save(place / "x.npy", np.zeros(2)))
        assert folder.is_dir()  # the other one saw it, and left it alone
        np.save(folder / "x.npy", np.ones(3))

    (abandoned := tmp_path / "pictures" / ".making-abandoned").mkdir(parents=True)
    os.utime(abandoned, (old, old))
    assert cache.cached_arrays("pictures", "one", write)["x"].tolist() == [1, 1, 1]
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == ["one", "other"]


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    """A comparison of which one run fails, in a folder whose modules are named as those that a worker imports."""
    place = tmp_path_factory.mktemp("comparison")
    for name in ("random.py", "json.py", "torch.py", "equilibria.py"):
        (place / name).write_text("open('escaped', 'w').close()\nraise SystemExit('escaped')\n")
    small = [
        "--data",
        "ring",
        "--rounds",
        "2",
        "--seeds",
        "1",
        "--batch",
        "8",
        "--generator.width",
        "4",
        "--count",
        "20",
    ]
    with contextlib.chdir(place), contextlib.redirect_stderr(io.StringIO()) as said:
        code = main(["compare", "gan", "wgan:lr=1e30", *small, "--metrics", "sliced_wasserstein"])
    return place, code, said.getvalue()


def test_a_comparison_runs_no_module_of_the_current_folder(comparison):
    place, _, said = comparison
    assert "1 of 2 runs failed" in said  # so the other one was trained
    assert not (place / "escaped").exists()


def test_a_comparison_whose_runs_failed_says_so_and_ends_with_one(comparison):
    place, code, said = comparison
    assert code == 1
    assert "wgan:lr=1e30 on ring, seed 0:" in said
    assert (place / "comparison" / "report.html").exists()


ODD = "\x1b[31mred\x07\u202egnp"


def test_names_cannot_steer_a_terminal():
    assert printable(ODD) == "\\x1b[31mred\\x07\\u202egnp"
    assert printable("a\tb\nü 数据 \N{NO-BREAK SPACE}x") == "a\tb\nü 数据 \N{NO-BREAK SPACE}x"
    assert printable(os.fsdecode(b"\xff")) == "\\udcff"


def test_classes_of_odd_names_are_trained_on_and_shown_safely(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for i, name in enumerate([ODD.encode(), b"\xff\xfe", "数据".encode(), b"=1+1"]):
        folder = os.path.join(b"images", name)
        os.makedirs(folder)
        for j in range(6):
            pixels = np.random.default_rng(10 * i + j).integers(0, 255, (8, 8), dtype=np.uint8)
            PIL.Image.fromarray(pixels).save(os.fsdecode(folder) + f"/{j}.png")
    wish = ["--generator.width", "4", "--critic.width", "4", "--threads", "1", "--matmul", "default", "--device", "cpu"]
    train_line = ["train", "cgan", "--data", "images", "--rounds", "2", "--batch", "4", "--name", "run", *wish]
    sample_line = ["sample", "runs/run", "--label", "0..3", "--out", "out/"]
    for line in (["data", "check", "images"], train_line, ["report", "runs/run"], sample_line):
        assert main(line) == 0, capsys.readouterr()
    out = capsys.readouterr()
    assert not {"\x1b", "\x07", "\u202e"} & set(out.out + out.err)
    assert sum(place.is_dir() for place in Path("out").iterdir()) == 4  # next to the table of labels


def test_a_cell_that_looks_like_a_formula_is_text():
    rows = [["=cmd()", "-1.5", "+x", "@a", "-", "1e-3", "-0.1 -0.2", "a=b"]]
    assert next(csv.reader(csv_text(rows).splitlines())) == [
        *("'=cmd()", "-1.5", "'+x", "'@a", "-", "1e-3", "-0.1 -0.2", "a=b"),
    ]


@pytest.mark.parametrize("how", one_in(2, ["ascii", "closed", "closed error"]))
def test_any_output_will_do(tmp_path, how):
    script = Path(sys.executable).with_name("equilibria")
    shell = {"ascii": "", "closed": ">&-", "closed error": "2>&-"}[how]
    command = f"{script} show recipes {shell}; a=$?; {script} lab 数据 {shell}; echo $a $? >&9"
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    with (tmp_path / "codes").open("wb") as codes:
        done = subprocess.run(
            ["bash", "-c", f"exec 9>&{codes.fileno()}; {command}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=environment,
            pass_fds=(codes.fileno(),),
        )
    assert (tmp_path / "codes").read_text().split() == ["0", "2"], done
    assert "Traceback" not in done.stderr
    if how == "ascii":
        assert "\\u6570\\u636e" in done.stderr


def test_no_warning_of_a_library_stands_before_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    wish = ["--generator.width", "4", "--encoder.width", "4", "--batch", "1", "--rounds", "2", "--watch", "1"]
    wish += ["--threads", "1", "--matmul", "default"]
    process = start(main, ["train", "vae", "--data", "ring", *wish])
    said = process.communicate()
    assert process.returncode == 0, said
    assert "Warning" not in "".join(said)


def test_the_lock_is_not_followed(tmp_path):
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "lock").symlink_to(tmp_path / "victim")
    with pytest.raises(ValueError, match="lock cannot be used"), RunFolder(tmp_path / "run").lock():
        pass
    assert (tmp_path / "victim").read_text() == "precious"


def test_weights_of_earlier_versions_have_no_digest_and_are_read(tmp_path):
    from safetensors.torch import load_file, save_file

    run = train("wgan-gp", Silent(), name="run", runs=tmp_path, **SHORT).folder
    path = run / "model" / "weights.safetensors"
    before = eq.load(run).sample(2)
    save_file(load_file(path), path)
    assert torch.equal(eq.load(run).sample(2), before)
