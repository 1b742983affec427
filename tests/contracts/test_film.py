"""A film has a frame for each sample grid, or for each step of a walk that ends where it began."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch

import equilibria as eq
from equilibria.apps.cli import main
from equilibria.models import film as films
from equilibria.models.film import film
from equilibria.models.interpolation import between
from equilibria.runs.session import train
from sessions import TINY, Silent


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    wish = {key: value for key, value in TINY.items() if key not in ("data", "n_critic")}
    wish |= {"rounds": 4, "save_every": 2, "watch": 0, "runs": place}
    train("gan-ns", Silent(), name="points", data="ring", **wish)
    train("cgan", Silent(), name="digits", data="digits", **wish)
    return place


@pytest.fixture
def here(runs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").symlink_to(runs)


def frames(path):
    with PIL.Image.open(path) as picture:
        places = range(getattr(picture, "n_frames", 1))
        return [np.asarray((picture.seek(i), picture.convert("RGB"))[1]).astype(int) for i in places]


def difference(one, other):
    """Of a whole picture: a .gif has 256 colors a frame."""
    return abs(one - np.asarray(other.convert("RGB")).astype(int)).mean()


@pytest.mark.parametrize("name", ["points", "digits"])
def test_a_film_of_the_training_shows_every_sample_grid_under_its_round(here, runs, name):
    path = film(f"runs/{name}")
    grids = [PIL.Image.open(each) for each in sorted((runs / name / "samples").iterdir())]
    shown = frames(path)
    assert len(shown) == len(grids) == 2
    for frame, grid in zip(shown, grids, strict=True):
        left = (frame.shape[1] - grid.width) // 2
        assert difference(frame[-grid.height :, left : left + grid.width], grid) < 1.0
        assert frame[: -grid.height].min() < 128  # the title


def test_a_walk_begins_at_the_samples_of_its_seed_and_ends_one_step_before_them(here):
    (path, whole), model = (film("runs/points", f"{n}.gif", True, n, seed=3) for n in (1, 2)), eq.load("runs/points")
    shown = frames(path)
    assert (len(shown), len(frames(whole))) == (4, 8)
    for turn in range(4):
        samples = model.sample(4096, seed=3)[1024 * turn :][:1024]
        assert difference(shown[turn], model.space.sample_grid(samples)) < 0.5
        assert (frames(whole)[2 * turn] == shown[turn]).all()
    noise = [model.draw_noise(64, (3, chunk))[0] for chunk in range(32)]
    halfway = between(torch.cat(noise[:16]), torch.cat(noise[16:]), 3, model.prior)[:, 1]
    assert difference(frames(whole)[1], model.space.sample_grid(model.generate(halfway))) < 0.5


def test_a_walk_of_classes_has_a_row_of_the_same_latents_for_each(here):
    shown = frames(film("runs/digits", "walk.gif", True, 1, labels="3,5"))[0]
    model = eq.load("runs/digits")
    noise = model.draw_noise(64, (0, 0))[0][:8]
    for row, label in enumerate((3, 5)):
        x = model.generate(noise, model.conditions_of(label).expand(8, -1))
        picture = model.space.sample_grid(x, 8)
        height = shown.shape[0] // 2
        assert difference(shown[row * height :][:height, -picture.width :], picture) < 1.0


def test_films_without_a_name_never_collide_and_what_cannot_be_made_is_answered(here, runs, monkeypatch, capsys):
    assert [str(film("runs/points", interpolation=True, steps=1)) for _ in range(2)] == ["film.gif", "film-2.gif"]
    shutil.copytree(runs / "points", "short")
    next(iter(sorted(Path("short/samples").iterdir()))).unlink()
    monkeypatch.setattr(films.shutil, "which", lambda program: None)
    for words, sentence in {
        "film runs/points --out film.gif": "film.gif exists",
        "film runs/points --out film.webm": "end it in .gif or .mp4",
        "film runs/points --out film.mp4": "needs the program ffmpeg, which is not installed",
        "film short": "short has 1 sample grid, and a film needs two",
        "film runs/points --interpolation --steps 0": "at least 1",
        "film runs/points --interpolation --label 3": "label",
    }.items():
        assert main(words.split()) == 2
        assert sentence in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg here")
def test_an_mp4_has_the_same_frames(here):
    path = film("runs/digits", "film.mp4", interpolation=True, steps=2)
    command = ["ffmpeg", "-loglevel", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    pixels = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.uint8)
    shown = frames(film("runs/digits", "film.gif", interpolation=True, steps=2))
    height, width = (side + side % 2 for side in shown[0].shape[:2])
    moving = pixels.reshape(-1, height, width, 3)[:, : shown[0].shape[0], : shown[0].shape[1]].astype(int)
    assert len(moving) == len(shown) == 8
    assert all(abs(a - b).mean() < 8 for a, b in zip(moving, shown, strict=True))
