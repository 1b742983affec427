"""A run folder of a stranger: nothing outside of it is read into a page, written, emptied or removed."""

import base64
import json
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

import equilibria as eq
from equilibria.apps.cli import main
from equilibria.core.errors import Refusal
from equilibria.records import checkpoints
from sessions import TINY, Silent
from shares import one_in

SHORT = TINY | {"rounds": 4, "save_every": 2, "watch": 0}
WRITTEN = ["samples", "model", "checkpoints", "events.jsonl", "lock", "summary.json", "recipe.json", "metrics.json"]
WRITTEN += ["report.html", ".report.html.part", ".metrics.json.part", "model/config.json", "checkpoints/000004.pt"]
COMMANDS = ["resume gift --rounds 6", "report gift", "evaluate gift --count 20 --metrics sliced_wasserstein"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    eq.train("wgan-gp", Silent(), name="run", runs=runs, **SHORT)
    return runs / "run"


@pytest.fixture
def gift(run, tmp_path, monkeypatch):
    """A copy of the run, which the current folder holds as `gift`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EQUILIBRIA_DEBUG", raising=False)
    return shutil.copytree(run, tmp_path / "gift")


def link(gift, name, victim):
    """Put a link to the victim in the place of a file or folder."""
    path = gift / name
    if path.is_dir():
        shutil.copytree(path, victim)
        shutil.rmtree(path)
    else:
        victim.write_bytes(path.read_bytes() if path.exists() else b"precious")
        path.unlink(missing_ok=True)
    path.symlink_to(victim)


def contents(path):
    return {str(p): p.read_bytes() for p in sorted([path, *path.rglob("*")]) if p.is_file()}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", WRITTEN)
def test_a_link_in_a_run_folder_is_named_and_what_it_points_to_stays(gift, tmp_path, name, command, capsys):
    victim = tmp_path / "victim"
    link(gift, name, victim)
    before = contents(victim)
    assert main(command.split()) == 2
    assert f"gift/{name} is a link" in capsys.readouterr().err
    assert contents(victim) == before


@pytest.mark.parametrize("command", ["report gift", "evaluate gift --count 20 --metrics sliced_wasserstein"])
def test_once_the_link_is_replaced_the_command_works(gift, tmp_path, command):
    link(gift, "checkpoints", tmp_path / "victim")
    assert main(command.split()) == 2
    (gift / "checkpoints").unlink()
    shutil.copytree(tmp_path / "victim", gift / "checkpoints")
    assert main(command.split()) == 0


OTHER_FILES = ["/etc/passwd", "../secret.png", "samples/../../secret.png", "samples/note.png", "recipe.json"]


def test_a_page_shows_sample_grids_and_no_other_file(gift, tmp_path):
    secret = b"a secret of some length"
    for place in (tmp_path / "secret.png", gift / "samples" / "note.png"):
        place.write_bytes(secret)
    with (gift / "events.jsonl").open("a") as events:
        for file in OTHER_FILES:
            events.write(json.dumps({"kind": "sample", "step": 4, "elapsed": 1.0, "file": file}) + "\n")
    assert main(["report", "gift"]) == 0
    page = (gift / "report.html").read_text()
    for content in (secret, Path("/etc/passwd").read_bytes(), (gift / "recipe.json").read_bytes()):
        assert base64.b64encode(content)[:24].decode() not in page
    assert page.count("data:image/png;base64,") == 2


@pytest.mark.parametrize("content", [b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(80 << 20)], ids=["text", "80 MB"])
def test_a_sheet_that_is_no_picture_or_too_large_is_left_out(gift, content):
    (gift / "samples" / "000004.png").write_bytes(content)
    assert main(["report", "gift"]) == 0
    assert (gift / "report.html").read_text().count("data:image/png;base64,") == 1


@pytest.mark.parametrize("name", ["000004.pt", "000002.pt"])
def test_a_flipped_bit_in_a_checkpoint_never_passes_unnoticed(gift, name):
    step = int(name[:6])
    path, chance = gift / "checkpoints" / name, np.random.default_rng(0)
    whole, state = path.read_bytes(), checkpoints.at(gift, step).state
    unnoticed = 0
    for place, bit in zip(chance.integers(0, len(whole), 60), chance.integers(0, 8, 60), strict=True):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :])
        try:
            unnoticed += not same(checkpoints.at(gift, step).state, state)
        except Refusal:
            continue
    assert unnoticed == 0


def same(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other


def test_a_flipped_bit_in_the_weights_of_a_model_is_refused(gift):
    path, chance = gift / "model" / "weights.safetensors", np.random.default_rng(0)
    whole, weights, refused = path.read_bytes(), eq.load(gift).networks.state_dict(), 0
    for place, bit in zip(chance.integers(0, len(whole), 60), chance.integers(0, 8, 60), strict=True):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :])
        try:
            assert same(eq.load(gift).networks.state_dict(), weights)  # the bit was not one of the weights
        except Refusal as refusal:
            refused += "damaged" in str(refusal)
    assert refused > 50


@pytest.mark.parametrize("damage", one_in(2, ["shape", "step", "type", "missing", "huge step", "not a number"]))
def test_a_damaged_checkpoint_is_passed_over_for_the_next_older(gift, damage, capsys):
    path = gift / "checkpoints" / "000004.pt"
    stored = torch.load(path, weights_only=True)
    networks = stored["state"]["networks"]
    name = next(name for name in networks if networks[name].ndim == 2)
    match damage:
        case "shape":
            networks[name] = networks[name][:1]
        case "step":
            stored["state"]["step"] = 5
        case "type":
            stored["state"]["optimizers"] = [3]
        case "missing":
            del stored["state"]["average"]
        case "huge step":
            stored["state"]["step"] = 10**12
        case _:
            stored["events"] = "many"
    torch.save(stored, path)
    assert main(["resume", "gift", "--rounds", "6"]) == 0
    output = capsys.readouterr().out
    assert len(re.findall(r"checkpoints/000004.pt (is damaged|does not fit recipe.json) and is skipped", output)) == 1
    straight = eq.train("wgan-gp", Silent(), name="straight", runs=".", **SHORT | {"rounds": 6})
    ours, theirs = (torch.load(f / "checkpoints" / "000006.pt", weights_only=True) for f in (gift, straight.folder))
    assert same(ours["state"], theirs["state"])


@pytest.mark.parametrize("turns", [2, {"name": "bursts"}])
def test_a_checkpoint_of_a_round_beyond_all_training_is_answered_at_once(gift, turns, capsys):
    path = gift / "checkpoints" / "000004.pt"
    stored = torch.load(path, weights_only=True)
    stored["state"]["step"] = 10**12
    torch.save(stored, gift / "checkpoints" / f"{10**12}.pt")
    recipe = json.loads((gift / "recipe.json").read_text())
    recipe["game"]["n_critic"] = turns
    (gift / "recipe.json").write_text(json.dumps(recipe))
    assert main(["resume", "gift"]) == 0
    assert "Finished all rounds" in capsys.readouterr().out


def test_a_checkpoint_that_unpacks_to_much_more_is_not_unpacked(gift, capsys):
    path = gift / "checkpoints" / "000004.pt"
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    name = max(members, key=lambda each: len(members[each]))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in members.items():
            archive.writestr(each, bytes(200 << 20) if each == name else content)
    assert main(["resume", "gift", "--rounds", "6"]) == 0
    assert "checkpoints/000004.pt is damaged and is skipped" in capsys.readouterr().out


def test_a_description_of_networks_much_larger_than_the_weights_is_not_built(gift):
    config = json.loads((gift / "model" / "config.json").read_text())
    config["networks"]["generator"]["width"] = 30_000
    (gift / "model" / "config.json").write_text(json.dumps(config))
    with pytest.raises(
        Refusal, match=r"describes networks of 1,8\d\d,\d{3},\d{3} numbers, and its weights are far fewer"
    ):
        eq.load(gift)


@pytest.mark.parametrize("depth", [10**6, 10**18])
def test_a_description_of_endless_depth_is_refused(gift, depth):
    config = json.loads((gift / "model" / "config.json").read_text())
    config["networks"]["generator"]["depth"] = depth
    (gift / "model" / "config.json").write_text(json.dumps(config))
    with pytest.raises(Refusal, match="at most 1,000 is needed"):
        eq.load(gift)


def test_arrays_of_values_without_a_size_are_refused(tmp_path, capsys):
    header = b"{'descr': '|S0', 'fortran_order': False, 'shape': (1000000000000,), }"
    head = b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header + b"\n"
    (tmp_path / "empty.npy").write_bytes(head)
    assert main(["data", "check", str(tmp_path / "empty.npy")]) == 2
    assert "values without a size" in capsys.readouterr().out


def test_an_array_that_unpacks_to_fifty_times_its_size_is_not_unpacked(tmp_path, capsys):
    with (
        zipfile.ZipFile(tmp_path / "packed.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w") as file,
    ):
        header = {"descr": "|u1", "fortran_order": False, "shape": (300, 1024, 1024)}
        np.lib.format.write_array_header_1_0(file, header)
        rows = np.tile(np.random.default_rng(0).integers(0, 255, 1 << 12, dtype=np.uint8), 256)  # some 190 to one
        for _ in range(300):
            file.write(rows.tobytes())
    assert (300 << 20) / 400 < (tmp_path / "packed.npz").stat().st_size < (300 << 20) / 50
    assert main(["data", "check", str(tmp_path / "packed.npz")]) == 2
    assert "so it is not read" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("budget", "words"), [("99999999999images", ""), ("1" + "0" * 30 + "images", "at most 1,000,000,000,000")]
)
def test_a_budget_beyond_all_training_is_answered_at_once(tmp_path, monkeypatch, capsys, budget, words):
    monkeypatch.chdir(tmp_path)
    line = (
        "train gan --data ring --dry-run --threads 1 --matmul default --device cpu --generator.width 4 --critic.width 4"
    )
    assert main([*line.split(), "--budget", budget]) == (2 if words else 0)
    assert words in capsys.readouterr().err
