"""The studio answers its own page alone, shows what is in a folder of runs, and starts nothing that is not allowed."""

import asyncio
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from equilibria.apps.cli import main
from equilibria.apps.studio import runs as studio_runs
from equilibria.apps.studio import server
from equilibria.apps.studio.acts import Acts
from equilibria.apps.studio.guard import HEADERS, Guard
from equilibria.apps.studio.routes import Calls, Worker, application, page_files
from equilibria.apps.studio.runs import Runs
from equilibria.core.errors import Failure, Refusal
from equilibria.lab.contents import CONTENTS
from equilibria.models.load import load
from equilibria.records.folder import RunFolder
from equilibria.runs.session import train
from sessions import TINY, Silent

KEY, HOST = "k" * 40, "127.0.0.1:8765"
MINE = {"host": HOST, "x-equilibria-key": KEY}
SHORT = TINY | {"rounds": 12, "save_every": 4, "watch": 0}


class Answer:
    """Status, headers and body of an answer."""

    def __init__(self, messages):
        self.status = messages[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])

    def json(self):
        return json.loads(self.body)

    @property
    def sentence(self):
        return self.json()["error"]["sentence"]


def call(studio, path, headers=MINE, method="GET", body=None):
    """Ask as a browser would."""
    path, _, query = path.partition("?")
    sent = [] if body is None else [("content-type", "application/json")]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in [*headers.items(), *sent]],
    }
    messages, given = [], [{"type": "http.request", "body": json.dumps(body).encode() if body is not None else b""}]

    async def receive():
        return given.pop() if given else {"type": "http.disconnect"}

    async def send(message):
        messages.append(message)

    asyncio.run(studio(scope, receive, send))
    return Answer(messages)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run that is done, one that was killed, and a folder that cannot be read."""
    root = tmp_path_factory.mktemp("studio") / "runs"
    done = train("wgan-gp", Silent(), name="done <img src=x>", runs=root, **SHORT).folder
    killed = shutil.copytree(done, root / "killed")
    lines = (killed / "events.jsonl").read_text().splitlines(keepends=True)
    (killed / "events.jsonl").write_text("".join(lines[:-1]))
    shutil.copytree(done, root / "broken")
    (root / "broken" / "recipe.json").write_text("{")
    (root.parent / "secret.json").write_text("secret")
    (root / "elsewhere").symlink_to(done)
    return root


@pytest.fixture
def studio(folder):
    runs = Runs(folder)
    return Guard(application(runs, Acts(runs)), {HOST, "localhost:8765"}, KEY)


ROUTES = [(method, f"/api/{path}") for method, path, _ in Calls(Runs(Path()), Acts(Runs(Path()))).all()]
ASSETS = [("GET", name) for name in page_files()]
FOREIGN = {
    "host": ("evil.com", "127.0.0.1", "127.0.0.1:80", "127.0.0.1.evil.com:8765", "[::1]:8765", ""),
    "origin": ("http://evil.com", "null", "https://127.0.0.1:8765", "http://localhost:8765"),
    "sec-fetch-site": ("cross-site", "same-site"),
}
STRANGERS = [{**MINE, name: value} for name, values in FOREIGN.items() for value in values]


@pytest.mark.parametrize(("method", "path"), [*ROUTES, *ASSETS], ids=lambda value: value)
def test_strangers_are_refused_everywhere(studio, method, path):
    path = path.replace("{run}", "killed").replace("{step:int}", "4").replace("{slug}", "dirac")
    for headers in STRANGERS:
        assert call(studio, path, headers, method).status == 403, headers
    if path.startswith("/api/"):
        for headers in ({"host": HOST}, {**MINE, "x-equilibria-key": "x" * 40}, {**MINE, "sec-fetch-site": "none"}):
            assert call(studio, path, headers, method).status == 403, headers
        assert call(studio, path, MINE, "OPTIONS").status == 405


def test_every_answer_has_the_headers_that_keep_the_page_to_itself(studio):
    for path in ("/", "/main.js", "/api/runs", "/api/runs/nowhere", "/nowhere"):
        answer = call(studio, path)
        assert HEADERS.items() <= answer.headers.items(), path
    assert "unsafe" not in HEADERS["content-security-policy"]


ESCAPES = (
    *("..", "../..", "../secret.json", "%2e%2e", "..%2f..", "/etc", "elsewhere", ".studio", ".", "killed/..", "nul\0"),
    *("C:\\Windows", "killed\\..", "~", "~root", "//etc", "killed/../../secret.json", "*", "con", "broken/../killed"),
)
OPENED: list[list] = []  # lists that collect what is opened
sys.addaudithook(lambda event, args: [each.append(args[0]) for each in OPENED] if event == "open" else None)


@pytest.mark.parametrize("name", ESCAPES)
def test_no_name_leads_out_of_the_folder(studio, folder, name):
    OPENED.append(opened := [])
    for method, path in ROUTES:
        if "{run}" in path:
            body = {} if method == "POST" else None
            answer = call(studio, path.replace("{run}", name).replace("{step:int}", "4"), MINE, method, body)
            assert answer.status in (404, 405), path
    OPENED.clear()
    assert [p for p in opened if isinstance(p, str | Path) and not Path(p).resolve().is_relative_to(folder)] == []


def test_runs_are_listed_with_what_became_of_them(studio):
    found = call(studio, "/api/runs").json()
    states = {run["name"]: (run["state"], run["step"], run["sample"]) for run in found["runs"]}
    assert states == {"done <img src=x>": ("done", 12, 12), "killed": ("killed", 12, 12)}
    assert [each["name"] for each in found["unread"]] == ["broken"]
    assert "recipe.json cannot be read" in found["unread"][0]["why"]
    details = call(studio, "/api/runs/killed").json()
    assert (details["samples"], details["checkpoints"]) == ([4, 8, 12], [4, 8, 12])
    assert details["about"]["name"] == "wgan-gp"
    assert call(studio, "/api/runs/killed/samples/8.png").body.startswith(b"\x89PNG")
    assert call(studio, "/api/runs/killed/samples/9.png").status == 404


def test_a_run_in_training_is_locked_and_its_process_is_known(folder):
    runs = Runs(folder)
    with RunFolder(folder / "killed").lock():
        row = runs.row("killed")
        assert (row["state"], row["can_stop"], RunFolder(folder / "killed").owner()) == ("training", True, os.getpid())
    assert runs.row("killed")["state"] == "killed"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"pid": 5}', '{"pid": -1, "host": "NODE"}', '{"pid": "x", "host": "NODE"}']
)
def test_a_lock_that_names_no_process_of_this_machine_has_no_owner(tmp_path, text):
    (tmp_path / "lock").write_text(text.replace("NODE", platform.node()))
    assert RunFolder(tmp_path).owner() is None


def test_events_are_whole_lines_from_a_place_on(studio, folder):
    whole = (folder / "killed" / "events.jsonl").read_bytes()
    first = call(studio, "/api/runs/killed/events")
    assert (first.body, first.headers["x-next"]) == (whole, str(len(whole)))
    assert call(studio, f"/api/runs/killed/events?since={len(whole)}").status == 204
    assert call(studio, f"/api/runs/killed/events?since={len(whole) + 1}").status == 409
    with (folder / "killed" / "events.jsonl").open("ab") as file:
        file.write(b'{"half')
    assert call(studio, f"/api/runs/killed/events?since={len(whole)}").status == 204
    (folder / "killed" / "events.jsonl").write_bytes(whole)


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"data": "digits", "name": "../x"}, "no name for a run"),
        ({"data": "digits", "name": "killed"}, "exists"),
        ({"data": "digits", "name": "a", "recipe": "my:recipe"}, "no name of a recipe"),
        ({"data": "digits", "name": "a", "recipe": "--trust"}, "no name of a recipe"),
        ({"data": "/etc", "name": "a"}, "in none of the folders for data"),
        ({"data": "my:data", "name": "a"}, "in none of the folders for data"),
        ({"data": "digits", "name": "a", "settings": {"trust": "1"}}, "no setting that the page may change"),
        ({"data": "digits", "name": "a", "settings": {"runs": "x"}}, "no setting that the page may change"),
        ({"data": "digits", "name": "a", "settings": {"generator": "os:system"}}, "names code or a file"),
        ({"data": "digits", "name": "a", "settings": {"data.labels": "../secret"}}, "names code or a file"),
        ({"data": "digits", "name": 3}, "must be"),
        ({"name": "a"}, "needs data"),
    ],
)
def test_what_is_not_allowed_is_not_started(studio, folder, monkeypatch, wish, sentence):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process was started"))
    answer = call(studio, "/api/trainings", MINE, "POST", wish)
    assert answer.status == 400
    assert sentence in answer.sentence


def test_a_training_is_the_command_that_is_shown(folder, monkeypatch):
    started = []
    monkeypatch.setattr(subprocess, "Popen", lambda words, **options: started.append((words, options)) or subprocess)
    monkeypatch.setattr(subprocess, "poll", lambda: None, raising=False)
    acts = Acts(Runs(folder), (folder.parent,))
    settings = {"lr": "1e-3", "generator.width": "8"}
    shown = acts.train({"data": str(folder.parent), "name": "a b", "recipe": "gan-ns", "settings": settings})
    assert started[0][0][1:] == [
        *("-m", "equilibria", "train", "gan-ns", "--name=a b", f"--data={folder.parent}", "--lr=1e-3"),
        *("--generator.width=8", f"--runs={folder}"),
    ]
    assert not started[0][1].get("shell")
    assert shown["command"].startswith("equilibria train gan-ns '--name=a b'")
    with pytest.raises(Refusal, match="a b is in training"):
        acts.train({"data": "digits", "name": "b"})


def test_runs_are_renamed_and_moved_to_the_trash_and_nothing_is_erased(studio, folder):
    shutil.copytree(folder / "killed", folder / "third")
    assert call(studio, "/api/runs/third/rename", MINE, "POST", {"to": "数据 4"}).status == 200
    assert call(studio, "/api/runs/数据 4/rename", MINE, "POST", {"to": "killed"}).status == 400
    assert call(studio, "/api/runs/数据 4/trash", MINE, "POST", {}).status == 200
    assert (folder / ".trash" / "数据 4" / "recipe.json").is_file()
    with RunFolder(folder / "killed").lock():
        assert "in training" in call(studio, "/api/runs/killed/trash", MINE, "POST", {}).sentence
    assert "not in training" in call(studio, "/api/runs/killed/stop", MINE, "POST", {}).sentence


def test_bodies_are_json_and_bounded(studio):
    assert call(studio, "/api/runs/killed/stop", MINE, "POST").status == 400
    assert "64 KiB" in call(studio, "/api/trainings", MINE, "POST", {"name": "x" * 70_000}).sentence


@pytest.mark.parametrize("wish", [{}, {"seed": "1", "index": 0, "moved": {}}, {"seed": 1, "index": 0, "moved": [2]}])
def test_a_draw_of_another_form_is_refused(studio, folder, wish):
    answer = call(studio, "/api/runs/killed/draw", MINE, "POST", wish)
    assert (answer.status, "The request" in answer.sentence) == (400, True)


def test_the_laboratory_is_listed_with_its_records(studio):
    found = call(studio, "/api/lab").json()
    assert [each["slug"] for each in found["experiments"]] == list(CONTENTS)
    record = call(studio, "/api/lab/dirac").json()
    assert record["frames"]
    assert record["claims"]
    assert call(studio, "/api/lab/nothing").status == 404


def test_the_server_needs_no_torch():
    code = (
        "import sys; import equilibria.apps.studio.routes, equilibria.apps.studio.server; print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_the_key_is_this_users_and_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("EQUILIBRIA_CACHE", str(tmp_path / "cache"))
    key = server.key()
    assert re.fullmatch("[0-9a-f]{40}", key)
    assert server.key() == key
    assert (tmp_path / "cache" / "studio-key").stat().st_mode & 0o077 == 0
    assert server.link(1, key) == f"http://127.0.0.1:1/#key={key}"


def test_long_runs_are_read_from_their_ends_and_only_when_they_change(folder, tmp_path, monkeypatch):
    shutil.copytree(folder / "killed", tmp_path / "long")
    with (tmp_path / "long" / "events.jsonl").open("ab") as file:
        file.write(b'{"kind": "report", "step": 13, "elapsed": 9.5}\n' * 10_000)
    sizes, parse = [], studio_runs.parse_lines
    monkeypatch.setattr(
        studio_runs, "parse_lines", lambda lines, where: sizes.append(len(lines)) or parse(lines, where)
    )
    runs = Runs(tmp_path)
    assert [runs.list()["runs"][0]["step"] for _ in range(3)] == [13] * 3
    assert 0 < sum(sizes) < 20_000


PAGE = {name: content.decode() for name, (content, _) in page_files().items()}
SCRIPTS = {name: text for name, text in PAGE.items() if name.endswith(".js")}
WORDS = {language: json.loads(PAGE[f"/{language}.json"]) for language in ("en", "zh")}


RUNS_TEXT = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\sstyle=|\son[a-z]+="


def test_the_page_needs_nothing_from_elsewhere_and_runs_no_text():
    for name, text in PAGE.items():
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), name
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\sstyle=|\son[a-z]+=", text
        ), name
    assert "<style" not in PAGE["/"]
    assert re.findall(r"<script[^>]*>(.*?)</script>", PAGE["/"]) == [""]
    assert sum(len(text.encode()) for text in PAGE.values()) <= 150_000


def test_the_page_speaks_two_languages():
    assert WORDS["en"].keys() == WORDS["zh"].keys()
    used = set(re.findall(r'\bt\("([a-z-]+)"', "".join(SCRIPTS.values())))
    assert used <= WORDS["en"].keys()
    mentioned = set(re.findall(r'"([a-z-]+)"', "".join(SCRIPTS.values())))
    assert {key for key in WORDS["en"] if not key.startswith("state-")} <= mentioned
    for key, text in WORDS["en"].items():
        assert set(re.findall(r"\{\d\}", text)) == set(re.findall(r"\{\d\}", WORDS["zh"][key])), key
        assert re.search("[\u4e00-\u9fff]", WORDS["zh"][key]), key


def test_each_script_is_one_concept():
    own = SCRIPTS.items() - {(name, SCRIPTS[name]) for name in ("/figure.js", "/sheet.js")}
    assert {name: count for name, text in own if (count := len(text.splitlines())) > 240} == {}


def test_a_sample_of_the_page_is_the_sample_of_the_command_line(folder):
    from equilibria.apps.studio import model_worker

    path, model = str(folder / "killed"), load(folder / "killed")
    expected = model.sample(70, seed=3)
    for index in (0, 63, 69):
        exact = model_worker.draw(path, 3, index, {}, exact=True)
        assert exact["point"] == expected[index].flatten().tolist()
        alone = model_worker.draw(path, 3, index, {})
        assert alone["point"] == pytest.approx(exact["point"], abs=1e-5)
    moved = model_worker.draw(path, 3, 0, {"1": 2.5})
    assert moved["latent"][1] == 2.5
    assert moved["point"] != alone["point"]
    assert sorted(model_worker.describe(path)["matter"]) == sorted(set(model_worker.describe(path)["matter"]))


def test_the_process_that_computes_answers_in_sentences(folder):
    from equilibria.apps.studio import model_worker

    assert "There is no run" in model_worker.answer("diagnose", {"path": str(folder / "nowhere")})["refusal"]
    assert "distance a" in model_worker.answer("about", {"slug": "kl-asymmetry"})["result"]["settings"][0]["about"].en
    path = str(folder / "killed")
    for fields, sentence in (({"seed": -1}, "at least 0"), ({"moved": {"999": 1.0}}, "'999' is no latent number")):
        wish = {"path": path, "seed": 0, "index": 0, "moved": {}} | fields
        assert sentence in model_worker.answer("draw", wish)["refusal"]
    wrong = model_worker.answer("play", {"slug": "kl-asymmetry", "settings": {"distance": "many"}})
    assert "distance is 'many'" in wrong["refusal"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--port", "65536"], "--port is 65536: it must be between 0 and 65535"),
        (["--known-as", "http://x"], "write HOST:PORT"),
        (["--data", "nowhere"], "nowhere is no folder"),
        (["--trainings", "0"], "at least 1"),
        ([__file__], "is a file: give the folder"),
    ],
)
def test_a_wrong_line_is_one_sentence(words, sentence, capsys):
    assert main(["studio", *words, "--no-browser"]) == 2
    assert sentence in capsys.readouterr().err


def test_a_port_that_is_taken_is_said(capsys):
    with server._listening(0) as place:
        assert place.proto == socket.IPPROTO_TCP  # else answers wait for acknowledgments
        assert main(["studio", "--port", str(place.getsockname()[1]), "--no-browser"]) == 2
    assert "is taken: choose another with --port" in capsys.readouterr().err


@pytest.mark.long
def test_a_process_that_ended_is_started_again():
    async def three_times():
        worker = Worker()
        names = [each["name"] for each in await worker.ask("data")]
        worker._process.kill()
        await worker._process.wait()
        again = [each["name"] for each in await worker.ask("data")]
        worker._process.send_signal(signal.SIGSTOP)
        asking = asyncio.ensure_future(worker.ask("data"))
        await asyncio.sleep(0.2)
        worker._process.kill()
        with pytest.raises(Failure, match="started again with the next request"):
            await asking
        last = [each["name"] for each in await worker.ask("data")]
        await worker.end()
        return names, again, last

    names, again, last = asyncio.run(three_times())
    assert names == again == last
    assert "digits" in names
