"""What goes wrong is said in a sentence, and what was saved stays whole."""

import os
import resource
import signal
from contextlib import contextmanager

import pytest
import torch

from equilibria.core.errors import Failure, Refusal
from equilibria.records import folder
from equilibria.records.folder import RunFolder
from equilibria.runs import observers
from equilibria.runs.observers import NonFinite, examine
from equilibria.runs.session import resume, train
from games import run_of
from sessions import TINY, Acts, Silent, assert_same_run, events, start, timeless, wait_for_round
from shares import one_in

SHORT = TINY | {"rounds": 12, "save_every": 4}


def newest(folder):
    return torch.load(max((folder / "checkpoints").iterdir()), weights_only=True)


def test_a_run_that_diverges_stops_and_says_where(tmp_path):
    wish = TINY | {"optimizer": "sgd", "lr": 1e12, "save_every": 1}
    with pytest.raises(Failure) as told:
        train("wgan", Silent(), name="run", runs=tmp_path, **wish | {"clip": None})
    said = str(told.value)
    stop = events(tmp_path / "run")[-1]
    assert (stop["kind"], stop["reason"], stop["text"]) == ("stop", "nonfinite", said)
    assert stop["step"] < 200
    for words in ("no longer finite", f"and {stop['step']}", "--lr", "1e+12", "penalty", "checkpoints/"):
        assert words in said
    state = newest(tmp_path / "run")["state"]
    tensors = [t for part in ("networks", "average") for t in state[part].values()]
    assert all(tensor.isfinite().all() for tensor in tensors)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("network", ["generator", "critic"])
def test_a_weight_that_is_no_number_is_found(network, value):
    run = run_of("wgan-gp")
    examine(run, since=0)
    next(run.game.networks[network].parameters()).data.view(-1)[-1] = value
    with pytest.raises(NonFinite, match=rf"A weight of the {network} .*, between rounds 0 and 0"):
        examine(run, since=0)


def test_a_term_that_is_no_number_is_found():
    run = run_of("wgan-gp")
    terms = {"divergence": torch.tensor(1.0), "gradient_penalty": torch.tensor(float("nan"))}
    run.statistics.add("critic", terms)
    with pytest.raises(NonFinite, match="The critic's term 'gradient_penalty' is no longer finite"):
        examine(run, since=0)


def test_bf16_is_the_second_thing_to_mistrust():
    run = run_of("gan")
    run.precision = "bf16"
    run.statistics.add("critic", {"divergence": torch.tensor(float("inf"))})
    with pytest.raises(NonFinite, match="--precision fp32"):
        examine(run, since=0)


def test_numbers_that_are_large_are_still_numbers():
    run = run_of("gan")
    next(run.game.networks["critic"].parameters()).data.fill_(1e30)
    examine(run, since=0)


@contextmanager
def files_of_at_most(size):
    """A disk on which no file grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_stops_with_a_sentence_and_loses_nothing(tmp_path):
    full = files_of_at_most(2000)
    try:
        with pytest.raises(Failure) as told:
            train("wgan-gp", Acts(6, full.__enter__), name="run", runs=tmp_path, **SHORT)
    finally:
        full.__exit__(None, None, None)
    folder = tmp_path / "run"
    for words in (str(folder), "File too large", "checkpoints/000004.pt, is intact", f"equilibria resume {folder}"):
        assert words in str(told.value)
    assert newest(folder)["state"]["step"] == 4
    assert not list(folder.rglob("*.part"))
    resume(folder, Silent())
    assert_same_run(train("wgan-gp", Silent(), name="whole", runs=tmp_path, **SHORT).folder, folder)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_disk_without_space_is_named(tmp_path, monkeypatch):
    (tmp_path / "events.jsonl").symlink_to("/dev/full")
    monkeypatch.setattr(folder, "open_own", lambda path, mode: path.open(mode, buffering=0))  # which takes no links
    with (
        RunFolder(tmp_path).writing("checkpoints/000004.pt") as kept,
        pytest.raises(Failure, match="No space left on device"),
    ):
        kept.append({"kind": "report"})


def test_an_event_is_written_whole_or_not_at_all(tmp_path):
    with RunFolder(tmp_path).writing() as kept:
        kept.append({"kind": "report", "step": 1})
        length = kept.length()
        with files_of_at_most(length + 10), pytest.raises(Failure, match="no checkpoint yet"):
            kept.append({"kind": "report", "step": 2})
        assert kept.length() == length
        kept.append({"kind": "report", "step": 2})
    assert [event["step"] for event in events(tmp_path)] == [1, 2]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    with RunFolder(tmp_path).writing() as kept:
        kept.write("a/b", b"before")
        with files_of_at_most(3), pytest.raises(Failure):
            kept.write("a/b", b"after that")
    assert (tmp_path / "a" / "b").read_bytes() == b"before"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]


def test_a_folder_that_becomes_unwritable_stops_with_a_sentence(tmp_path):
    samples = tmp_path / "run" / "samples"

    def block():
        for path in samples.iterdir():
            path.unlink()
        samples.rmdir()
        samples.touch()

    with pytest.raises(Failure, match=r"cannot be written \(.*checkpoints/000004.pt, is intact"):
        train("wgan-gp", Acts(6, block), name="run", runs=tmp_path, **SHORT)
    assert newest(tmp_path / "run")["state"]["step"] == 4


def test_two_writers_on_one_run_are_refused(tmp_path):
    folder = train("wgan-gp", Silent(), name="run", runs=tmp_path, **SHORT).folder
    before = timeless(folder)
    with RunFolder(folder).lock(), pytest.raises(Refusal, match="is being written by another process"):
        resume(folder, Silent(), rounds=20)
    assert timeless(folder) == before
    assert resume(folder, Silent(), rounds=20).step == 20


@pytest.mark.parametrize("number", one_in(2, [signal.SIGTERM, signal.SIGINT]))
def test_a_process_that_is_asked_to_stop_saves_and_says_how_to_go_on(tmp_path, number):
    folder = tmp_path / "run"
    process = start(
        "train", "wgan-gp", name="run", runs=str(tmp_path), **TINY | {"rounds": 10**6, "save_every": 10**6, "watch": 0}
    )
    assert wait_for_round(folder, 1, process), process.communicate()
    with pytest.raises(Refusal, match="is being written by another process"):
        resume(folder, Silent())
    process.send_signal(number)
    said, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert f"equilibria resume {folder}" in said.splitlines()[-1]
    stop = events(folder)[-1]
    assert (stop["kind"], stop["reason"]) == ("stop", "interrupted")
    assert newest(folder)["state"]["step"] == stop["step"]
    assert (folder / "model" / "weights.safetensors").exists()


def test_asking_twice_stops_at_once(tmp_path):
    def ask():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train("wgan-gp", Acts(6, ask), name="run", runs=tmp_path, **SHORT)
    resume(tmp_path / "run", Silent())
    assert_same_run(train("wgan-gp", Silent(), name="whole", runs=tmp_path, **SHORT).folder, tmp_path / "run")


def test_checkpoints_for_safety_leave_no_trace(tmp_path, monkeypatch):
    wish = SHORT | {"rounds": 100, "save_every": 45, "watch": 0}
    whole = train("gan", Silent(), name="whole", runs=tmp_path, **wish).folder
    with monkeypatch.context() as patch:
        patch.setattr(observers, "_SAFE_SECONDS", 0.0)
        stops = Acts(24, lambda: signal.raise_signal(signal.SIGINT))
        safe = train("gan", stops, name="safe", runs=tmp_path, **wish).folder
    assert [int(path.stem) for path in sorted((safe / "checkpoints").iterdir())] == [22, 23, 24]
    (safe / "checkpoints" / "000024.pt").unlink()  # the next lies between two reports
    resume(safe, Silent())
    assert_same_run(whole, safe)


def test_a_run_killed_between_the_clean_up_of_files_goes_on(tmp_path):
    folder = train("wgan-gp", Silent(), name="run", runs=tmp_path, **SHORT).folder
    (folder / "checkpoints" / ".000013.pt.part").write_bytes(b"half")
    assert resume(folder, Silent(), rounds=16).step == 16
    assert not list(folder.rglob("*.part"))
