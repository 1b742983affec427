"""What an exported file promises: it answers as the model does, at every batch size, or it is not there."""

import importlib.util
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from equilibria.core.errors import Failure, Refusal
from equilibria.games.views import pack
from equilibria.models import export as formats
from equilibria.models.export import FORMATS, export
from equilibria.models.load import build_model, load_exported

ONNX = all(importlib.util.find_spec(name) for name in FORMATS["onnx"].packages)
NEEDS = pytest.mark.skipif(not ONNX, reason="the extra `export` is not installed")
FORMATS_AS_THEY_ARE = dict(FORMATS)
IMAGE = {"name": "image", "channels": 2, "height": 9, "width": 11}
CLASSES = {"labels": {"kind": "class", "names": ["a", "b", "c"]}, "conditions": {"counts": [1, 2, 3]}}
NUMBERS = {"labels": {"kind": "vector", "names": ["0", "1"]}, "conditions": {"rows": [[0.25, 0.5], [3.0, 4.0]]}}
NONE = {"labels": None, "conditions": None}


def described(name, norm, conditioning=("concat",) * 3, space=IMAGE, told=NONE, **more):
    """A description of a model with all parts, whose networks are of one kind."""
    networks = {
        role: {"name": name, "width": 8, "norm": norm, "conditioning": way}
        for role, way in zip(("generator", "critic", "encoder"), conditioning, strict=True)
    }
    if name == "residual":
        networks["critic"]["flat"] = networks["encoder"]["flat"] = 0
    return {"space": space, "prior": {"name": "normal", "size": 6}, "networks": networks, **told, **more}


MODELS = {
    "dense": described("dense", "group", ["film+concat", "film+projection", "film"], {"name": "plane"}, NUMBERS),
    "packed": described("dense", "batch", packed=2),
    "strided": described("dcgan", "batch"),
    "strided, spectral": described(
        "dcgan", "spectral", ["embedding", "projection+classifier", "embedding"], told=CLASSES
    ),
    "residual": described("residual", "weight", ["concat", "classifier", "concat"], told=CLASSES),
    "residual, pairs": described("residual", "instance", ["film", "film", "film"], told=CLASSES, sees="pairs"),
    "latents": described("dense", "layer", told=CLASSES, sees="latents"),
}
MODELS["dense"]["networks"]["prior"] = {"name": "dense", "width": 8}
MODELS["latents"]["networks"]["encoder"]["posterior"] = "point"
PARTS = ("generator", "encoder", "critic")


PROGRAMS = {
    ("dense", "generator", "onnx"),
    ("latents", "critic", "torch-export"),
}  # quick ones


def cases():
    """Every part of every model in every format."""
    for name in MODELS:
        for part in PARTS:
            for format in FORMATS:
                quick = format == "safetensors" or (name, part, format) in PROGRAMS
                rare = [] if quick else [pytest.mark.long]
                yield pytest.param(name, part, format, marks=[*rare, *([NEEDS] if format == "onnx" else [])])


def stored(config, model=None):
    """The model of a description, in a folder with its config.json and a recipe."""
    folder = Path(tempfile.mkdtemp())
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "recipe.json").write_text('{"name": "some"}')
    return replace(model or build_model(config), folder=folder)


def made(name):
    """The model of that description, all of its numbers drawn."""
    torch.manual_seed(0)
    model = build_model(MODELS[name])
    with torch.no_grad():
        for weight in [*model.networks.parameters(), *model.networks.buffers()]:
            if weight.is_floating_point():
                weight.add_(0.1 * torch.rand_like(weight))
    return stored(MODELS[name], model)


def drawn(model, part, count):
    """Inputs by name, and what the model itself answers."""
    z, y = model.draw_noise(count, (7, count))
    x = torch.randn(count, *model.space.shape).clamp(-1, 1)
    if part == "generator":
        answers = {"samples": model.networks["generator"](model.latents_of(z, y), y)}
    elif part == "encoder":
        answers = model.networks["encoder"](x, y)._asdict()
    else:
        names = {"samples": ["x"], "pairs": ["x", "z"], "latents": ["z"]}[model.critic_input.views]
        views = [pack({"x": x, "z": z}[name], model.critic_input.packed) for name in names]
        x, z = (views[names.index(name)] if name in names else value for name, value in (("x", x), ("z", z)))
        critic = model.networks["critic"]
        answers = {"scores": critic(*views) if y is None else critic(*views, y=y)}
        answers |= {"classes": critic.classify(*views)} if hasattr(critic, "classify") else {}
    given = {"generator": {"z": z}, "encoder": {"x": x}}.get(part) or {name: {"x": x, "z": z}[name] for name in names}
    return given | ({} if y is None else {"y": y}), answers


def run(path, format, given):
    """What the file answers, asked as a stranger would; the facts that it carries."""
    if format == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(path)
        facts = session.get_modelmeta().custom_metadata_map
        named = {name: tensor.numpy() for name, tensor in given.items()}
        return dict(
            zip(json.loads(facts["outputs"]), map(torch.from_numpy, session.run(None, named)), strict=True)
        ), facts
    if format == "torch-export":
        facts = dict.fromkeys(["facts.outputs", "facts.inputs", "facts.recipe", "facts.labels", "facts.config"], "")
        program = torch.export.load(path, extra_files=facts).module()
        facts = {name.removeprefix("facts."): text for name, text in facts.items()}
        answers = program(*(given[name] for name in json.loads(facts["inputs"])))
        return dict(zip(json.loads(facts["outputs"]), answers, strict=True)), facts
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        facts = file.metadata()
    model, part = load_exported(path), facts["part"]
    network, y = model.networks[part], given.get("y")
    if part == "generator":
        return {"samples": network(model.latents_of(given["z"], y), y)}, facts
    if part == "encoder":
        return network(given["x"], y)._asdict(), facts
    views = [given[name] for name in ("x", "z") if name in given]
    scores = network(*views) if y is None else network(*views, y=y)
    return {"scores": scores} | ({"classes": network.classify(*views)} if hasattr(network, "classify") else {}), facts


@pytest.mark.parametrize(("name", "part", "format"), list(cases()))
@torch.no_grad()
def test_the_file_answers_as_the_model_does_at_every_batch_size(name, part, format, tmp_path):
    model = made(name)
    done = export(model, format, part, tmp_path / f"file{FORMATS[format].suffix}")
    assert done.difference <= 1e-4
    for count in (1, 5, 16):
        given, answers = drawn(model, part, count * model.critic_input.packed if part == "critic" else count)
        found, facts = run(done.path, format, given)
        assert list(found) == list(answers) == list(json.loads(facts["outputs"]))
        for key, expected in answers.items():
            assert found[key].shape == expected.shape
            assert (found[key] - expected).abs().max() <= 1e-4 * expected.abs().max().clamp(min=1)
    assert facts["recipe"] == "some"
    assert json.loads(facts["labels"]) == MODELS[name]["labels"]
    assert list(json.loads(facts["inputs"])) == list(given)
    assert "3.0, 4.0" not in json.dumps(facts)  # of the training data


@pytest.mark.parametrize(
    ("format", "wrong"),
    [
        pytest.param("onnx", 0.01, marks=NEEDS),
        ("torch-export", 0.01),
        ("safetensors", 0.01),
        ("safetensors", float("nan")),
    ],
)
def test_a_file_that_answers_otherwise_is_not_kept(format, wrong, tmp_path, monkeypatch):
    def spoiled(part, *rest):
        next(part.parameters()).view(-1)[0] += wrong
        FORMATS_AS_THEY_ARE[format].write(part, *rest)

    monkeypatch.setitem(FORMATS, format, replace(FORMATS[format], write=spoiled))
    with pytest.raises(Failure, match=r"largest difference is .* was not written"):
        export(made("packed"), format, "generator", tmp_path / f"a{FORMATS[format].suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["strided, spectral", "residual"])
@torch.no_grad()
def test_exporting_leaves_the_model_as_it_was(name, tmp_path):
    model = made(name)
    given, before = drawn(model, "generator", 5)
    state = {key: tensor.clone() for key, tensor in model.networks.state_dict().items()}
    for part in PARTS:
        export(model, "safetensors", part, tmp_path / f"{part}.safetensors")
    assert torch.equal(model.networks["generator"](given["z"], given["y"]), before["samples"])
    assert all(torch.equal(tensor, state[key]) for key, tensor in model.networks.state_dict().items())
    with torch.enable_grad():  # norms of weights are still computed
        model.networks.requires_grad_(True).train()
        model.networks["generator"](given["z"], given["y"]).sum().backward()
    assert any("original" in key and w.grad is not None for key, w in model.networks.named_parameters())


def test_a_generator_is_rebuilt_as_a_model_that_can_be_asked(tmp_path):
    model = made("residual")
    path = export(model, "safetensors", out=tmp_path / "a.safetensors").path
    assert torch.allclose(load_exported(path).sample(5, 3, "b"), model.sample(5, 3, "b"), atol=1e-5)


def test_what_compares_rows_of_a_batch_is_kept_as_weights_only(tmp_path):
    config = described("dense", "none")
    config["networks"]["critic"]["minibatch_std"] = 4
    model = stored(config)
    for format in ("onnx", "torch-export") if ONNX else ("torch-export",):
        with pytest.raises(Refusal, match=r"compares the samples of a batch.*--format safetensors"):
            export(model, format, "critic", tmp_path / f"a{FORMATS[format].suffix}")
    assert export(model, "safetensors", "critic", tmp_path / "a.safetensors").difference == 0


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"format": "onxn"}, "Did you mean 'onnx'"),
        ({"part": "critc"}, "Did you mean 'critic'"),
        ({"format": "torch-export", "out": "a.onnx"}, r"end it in \.pt2"),
        ({"format": "safetensors", "out": "here.safetensors"}, "exists"),
    ],
)
def test_what_cannot_be_meant_is_refused(said, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.safetensors").write_bytes(b"mine")
    with pytest.raises(Refusal, match=expected):
        export(made("packed"), **said)
    assert (tmp_path / "here.safetensors").read_bytes() == b"mine"


def test_without_a_name_exports_never_collide(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = [export(made("packed"), "safetensors", part="critic").path.name for _ in range(2)]
    assert paths == ["critic.safetensors", "critic-2.safetensors"]


def test_a_model_without_the_part_says_what_it_has(tmp_path):
    config = described("dense", "none")
    del config["networks"]["encoder"]
    with pytest.raises(Refusal, match="has no encoder: it has generator and critic"):
        export(stored(config), "safetensors", "encoder", tmp_path / "a.safetensors")


def test_without_the_extra_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    with pytest.raises(Refusal, match=r"pip install 'equilibria\[export\]'"):
        export(made("packed"), out=tmp_path / "a.onnx")


@pytest.mark.parametrize(
    "change",
    [
        {"config": json.dumps(MODELS["packed"] | {"networks": {"generator": {"name": "os:system"}}})},
        {"config": "[]"},
        {"config": "{"},
        {"part": None},
    ],
)
def test_a_file_that_is_no_part_of_a_model_is_refused(change, tmp_path):
    from safetensors.torch import save_file

    facts = {"config": json.dumps(MODELS["packed"]), "part": "generator"} | change
    known = {name: text for name, text in facts.items() if text is not None}
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors", known)
    with pytest.raises(Refusal):
        load_exported(tmp_path / "a.safetensors")
