"""A model that is handed on is the same model, in a folder and by way of a hub that this machine plays itself."""

import base64
import http.server
import importlib.util
import json
import socket
import threading

import pytest
import torch

import equilibria as eq
from equilibria.apps.cli import main
from equilibria.core.errors import Failure, Refusal
from equilibria.models import hub
from equilibria.runs.session import train
from sessions import TINY, Silent

INSTALLED = importlib.util.find_spec("huggingface_hub") is not None
NEEDS = pytest.mark.skipif(not INSTALLED, reason="the package huggingface_hub is not installed")
NOWHERE = "http://127.0.0.1:9"  # nothing listens there
FILES = ["README.md", "config.json", "metrics.json", "recipe.json", "sheet.png", "weights.safetensors"]


@pytest.fixture(scope="module", params=["points", "pictures of classes"])
def trained(request, tmp_path_factory):
    """A run of a few rounds."""
    wish = TINY | {"rounds": 4, "runs": tmp_path_factory.mktemp("runs"), "name": "run"}
    more = {} if request.param == "points" else {"data": "digits", "conditional": True}
    return train("gan", Silent(), **wish | more).folder


@pytest.fixture
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_ENDPOINT", NOWHERE)
    monkeypatch.chdir(tmp_path)


class Hub(http.server.BaseHTTPRequestHandler):
    """As much of a hub as one model needs: commits are taken whole, files are given back."""

    files, seen, sha = {}, [], "a" * 40

    def do_GET(self):
        self.seen.append(self.path)
        if self.path.startswith("/api/models/me/it/revision/"):
            self._answer({"id": "me/it", "sha": self.sha})
        elif self.path.startswith("/api/models/me/it/tree/"):
            self._answer([{"type": "file", "path": name, "size": len(b), "oid": "b"} for name, b in self.files.items()])
        elif (name := self.path.rpartition("/")[2]) in self.files:
            self._answer(self.files[name], {"X-Repo-Commit": self.sha, "ETag": f'"{len(self.files[name])}{name}"'})
        else:
            self._answer({})

    do_HEAD = do_GET  # noqa: N815 - as http.server spells it

    def do_POST(self):
        said = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/preupload/main"):
            asked = [{"path": file["path"], "uploadMode": "regular"} for file in json.loads(said)["files"]]
            self._answer({"files": [file | {"shouldIgnore": False, "oid": None} for file in asked]})
        elif self.path.endswith("/commit/main"):
            lines = [json.loads(line)["value"] for line in said.splitlines()]
            self.files |= {line["path"]: base64.b64decode(line["content"]) for line in lines if "path" in line}
            self._answer({"success": True, "commitOid": self.sha, "commitUrl": f"/me/it/commit/{self.sha}"})
        else:
            self._answer({"url": f"http://{self.headers['Host']}/me/it", "name": "me/it"})

    def _answer(self, content, headers=None):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(200)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def own_hub():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    Hub.files, Hub.seen = {}, []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_folder_gives_the_same_model_back(trained, tmp_path):
    model = eq.load(trained)
    folder = model.save_pretrained(tmp_path / "a.model-1.0")
    assert sorted(path.name for path in folder.iterdir()) == FILES
    again = eq.from_pretrained(folder)
    assert torch.equal(again.sample(70, 3), model.sample(70, 3))
    assert again.networks.state_dict().keys() == model.networks.state_dict().keys()
    other = again.save_pretrained(tmp_path / "other", name="a.model-1.0")
    assert all((other / name).read_bytes() == (folder / name).read_bytes() for name in FILES)


def test_nothing_is_written_over_unless_forced(trained, tmp_path):
    (tmp_path / "mine").write_text("a")
    with pytest.raises(Refusal, match="not empty"):
        eq.load(trained).save_pretrained(tmp_path)
    with pytest.raises(Refusal, match="is a file"):
        eq.load(trained).save_pretrained(tmp_path / "mine", force=True)
    eq.load(trained).save_pretrained(tmp_path, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*FILES, "mine"])


def test_the_card_says_what_the_hub_and_people_ask(trained, tmp_path):
    text = (eq.load(trained).save_pretrained(tmp_path / "it", name="me/it", license="mit") / "README.md").read_text()
    _, front, body = text.split("---\n", 2)
    told = {key: json.loads(value) for key, value in (line.split(": ", 1) for line in front.splitlines())}
    events = [json.loads(line) for line in (trained / "events.jsonl").read_text().splitlines()]
    (last,) = [event for event in events if event["kind"] == "measure"][-1:]
    (result,) = told["model-index"][0]["results"]
    assert {each["type"]: each["value"] for each in result["metrics"]} == last["metrics"]
    assert told["license"] == "mit"
    assert told["library_name"] == "equilibria"
    points = len(eq.load(trained).space.shape) == 1
    assert ("pipeline_tag" in told) == (not points)
    for wanted in ('eq.from_pretrained("me/it")', "](sheet.png)", "## Recipe", "for 4 rounds", "| after 4 rounds, on "):
        assert body.count(wanted) == 1, wanted


def test_a_description_that_names_code_is_refused(trained, tmp_path):
    folder = eq.load(trained).save_pretrained(tmp_path / "it")
    config = json.loads((folder / "config.json").read_text())
    config["networks"]["generator"] = {"name": "os:system"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(Refusal, match="uses custom code"):
        eq.from_pretrained(folder)


def test_a_model_put_together_by_hand_is_not_handed_on(trained, tmp_path):
    from dataclasses import replace

    with pytest.raises(Refusal, match="built by hand"):
        replace(eq.load(trained), folder=None).save_pretrained(tmp_path / "it")


@NEEDS
def test_without_a_network_publishing_fails_in_one_sentence(trained, offline, capsys):
    assert main(["publish", str(trained), "me/it"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "127.0.0.1:9 cannot be reached" in line
    assert line.endswith("nothing was published.")
    with pytest.raises(Failure, match="nothing was published"):
        eq.load(trained).push_to_hub("me/it", token="some")


@NEEDS
def test_a_hub_that_is_silent_is_not_waited_for(trained, monkeypatch):
    monkeypatch.setattr(hub, "_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(Failure, match="cannot be reached"):
            eq.load(trained).push_to_hub("me/it", token="some")


@NEEDS
def test_without_a_network_a_model_that_is_nowhere_is_said_to_be_so(offline):
    with pytest.raises(Failure, match=r"no folder me/absent.*cannot be reached.*its cache has no me/absent at v1"):
        eq.from_pretrained("me/absent", revision="v1")


@pytest.mark.parametrize("name", ["missing", "./missing", "/etc/missing/deep", "a/b/c", "../a/b", ""])
def test_what_is_neither_a_folder_nor_a_name_on_the_hub_is_refused(name, offline):
    with pytest.raises(Refusal, match=r"owner/name|There is no model"):
        eq.from_pretrained(name)


def test_a_folder_has_no_revisions(trained):
    with pytest.raises(Refusal, match="which has no revisions"):
        eq.from_pretrained(trained, revision="v1")


def test_without_the_extra_one_sentence_says_what_to_install(trained, offline, monkeypatch):
    monkeypatch.setattr(hub, "find_spec", lambda name: None)
    for ask in (lambda: eq.load(trained).push_to_hub("me/it"), lambda: eq.from_pretrained("me/it")):
        with pytest.raises(Refusal, match=r"huggingface_hub is needed: pip install 'equilibria\[hub\]'"):
            ask()


@NEEDS
def test_a_model_comes_back_from_the_hub_at_the_revision_that_was_asked_for(trained, own_hub, tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setenv("HF_ENDPOINT", own_hub)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    model = eq.load(trained)
    assert model.push_to_hub("me/it", token="hf_some") == f"{own_hub}/me/it"
    assert sorted(Hub.files) == FILES
    assert b'eq.from_pretrained("me/it")' in Hub.files["README.md"]
    assert torch.equal(eq.from_pretrained("me/it", revision="v1").sample(9, 3), model.sample(9, 3))
    assert any(path.startswith("/api/models/me/it/revision/v1") for path in Hub.seen)
    monkeypatch.setenv("HF_ENDPOINT", NOWHERE)
    assert torch.equal(eq.from_pretrained("me/it", revision=Hub.sha).sample(9, 3), model.sample(9, 3))  # of the cache
