"""Bits that must not change: `python tests/golden.py record FILE.json` before a change, `check FILE.json` after it.

Every recipe is trained for some rounds, resumed and sampled; one report and the table of `verify` are reduced to their
numbers. Only the public surface of the package is used, so that internal names may change. Bits depend on the
processor and on PyTorch: on another one `check` says so and exits with 3. It exits with 1 where something differs.
"""

import argparse
import base64
import contextlib
import hashlib
import io
import json
import multiprocessing
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy
import torch
from PIL import Image
from safetensors.torch import load_file

import equilibria as eq

ROUNDS, MORE = 3, 6
SESSION = {"save_every": ROUNDS, "threads": 1, "matmul": "default", "device": "cpu", "batch": 16, "seed": 0}
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?(?![\w])", re.IGNORECASE)
POINTS = {"data": "ring", "generator": "dense", "critic": "dense", "watch": 0}
PARTS = {  # one part of every kind, in a short run
    "penalty": ("gan-ns", ("gradient_penalty", "divergence_penalty", "r1", "r2", "zero_centered", "dragan", "lecam")),
    "divergence": ("gan-ns", None),
    "optimizer": ("gan-ns", ("adam", "optimistic_adam", "rmsprop", "sgd")),
    "rule": ("gan-ns", ("alternating", "simultaneous", "extragradient", "consensus")),
    "schedule": ("gan-ns", ("linear", "cosine")),
}
SPECIAL = {  # settings that recipes leave alone
    "lazy": ("wgan-gp", {"game.lazy": 2}),
    "noise": ("gan-ns", {"game.noise": 0.1, "game.noise_rounds": 5}),
    "clip": ("wgan", {"clip": 0.02, "clip_norms": True}),
    "ada": ("gan-ns", {"data": "digits", "augmentation": "ada"}),
    "diffaugment": ("gan-ns", {"data": "digits", "augmentation": "diffaugment"}),
    "residual": ("wgan-gp", {"data": "digits", "generator": "residual", "critic": "residual"}),
    "dense": ("gan-ns", {"data": "digits"}),
    "batch-std": ("gan-ns", {"data": "digits", "critic.minibatch_std": 4, "generator.norm": "batch"}),
    "labels": ("gan-ns", {"data": "digits", "conditional": True, "generator.conditioning": "embedding"}),
    "binary": ("vae", {"data": "digits", "binarize": True, "critic": None}),
}


# One case


def cases():
    """(name, function, arguments) of all that is computed."""
    yield "verify", verify, ()
    yield "report", report, ()
    for recipe in eq.RECIPES:
        yield f"recipe {recipe}", whole, (recipe,)
    for recipe in eq.RECIPES:
        yield f"points {recipe}", short, (recipe, {})
    for part, (recipe, names) in PARTS.items():
        for name in names or eq.DIVERGENCES:
            yield f"{part} {name}", short, (recipe, {part: name})
    for name, (recipe, settings) in SPECIAL.items():
        yield f"special {name}", short, (recipe, settings)


def train(recipe, folder, **keywords):
    """The folder of a run, with networks of width 8."""
    roles = [role for role in ("generator", "critic", "encoder") if role in eq.RECIPES[recipe]().networks]
    keywords = {key: value for key, value in keywords.items() if key not in ("critic", "encoder") or key in roles}
    widths = {f"{role}.width": 8 for role in roles}
    eq.train(recipe, name=folder, runs="runs", **SESSION | widths | keywords)
    return Path("runs", folder)


def whole(recipe):
    """A run of six rounds, one of three rounds that is resumed to six, and samples of both."""
    digits = {"data": "digits", "watch": 2}
    straight = train(recipe, "straight", rounds=MORE, **digits)
    early = train(recipe, "early", rounds=ROUNDS, **digits)
    facts = prefixed("straight", run(straight)) | prefixed("early", run(early))
    eq.resume(early, rounds=MORE)
    return facts | prefixed("resumed", run(early)) | prefixed("sheet", sheet(straight))


def short(recipe, settings):
    """A run of three rounds, of points unless the settings say otherwise."""
    try:
        return run(train(recipe, "short", rounds=ROUNDS, **POINTS | {"encoder": "dense"} | settings))
    except Exception as error:
        if type(error).__name__ != "Refusal":
            raise
        return {"refused": "yes"}


def report():
    """The numbers of a report: in tables, curves and pictures, and in the text beside them."""
    folder = train("cgan-projection", "report", rounds=MORE, data="digits", watch=2)
    timeless(folder)
    text = Path(eq.report(folder)).read_text(encoding="utf-8")
    text = re.sub(r"<(style|pre)\b.*?</\1>", "", text, flags=re.DOTALL)
    pictures = [pixels(base64.b64decode(each)) for each in re.findall(r'src="data:image/png;base64,([^"]+)"', text)]
    curves = [" ".join(NUMBER.findall(d)) for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL) for d in drawn(svg)]
    rest = re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)
    cells = [n for cell in re.findall(r"<td\b[^>]*>(.*?)</td>", rest, re.DOTALL) for n in NUMBER.findall(cell)]
    return {
        "pictures": sorted(pictures),
        "curves": sorted(digest(each.encode()) for each in curves),
        "tables": sorted(cells),
        "?text": sorted(NUMBER.findall(re.sub(r"<[^>]*>", " ", rest))),
    }


def drawn(svg):
    """The coordinates of the paths of a drawing."""
    return re.findall(r'<path\b[^>]*?\bd="([^"]*)"', svg)


def verify():
    """The numbers and the verdict of every claim, in no order."""
    command = [sys.executable, "-m", "equilibria", "verify", "--threads", "1"]
    environment = os.environ | {"COLUMNS": "200"}
    lines = subprocess.run(command, capture_output=True, text=True, env=environment).stdout.splitlines()
    places = [match.start() for match in re.finditer(r"\S+(?: \S+)*", lines[0])]
    rows = []
    for line in lines[2:]:
        if not line.strip():
            break
        values, verdict = line[places[2] : places[4]], line[places[4] :].strip()
        if verdict:
            rows.append(["", verdict])
        rows[-1][0] += f" {values}"
    return {"claims": sorted(f"{' '.join(NUMBER.findall(values))} {verdict}".strip() for values, verdict in rows)}


# What is left of a run


def run(folder):
    """Hashes of all tensors that a run stores, and all its numbers but the wall times."""
    stored = torch.load(max((folder / "checkpoints").glob("*.pt")), weights_only=True)
    state = {key: stored.get(key) for key in ("state", "best", "looked")}
    lines = [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    events = {f"{place} {line['kind']}": line for place, line in enumerate(lines)}
    model = load_file(folder / "model" / "weights.safetensors")
    facts = {"checkpoint": flat(state), "events": flat(events), "model": flat(model), "samples": samples(folder)}
    return {f"{part} {key}": value for part, facts in facts.items() for key, value in facts.items()}


def samples(folder):
    """Hashes of the arrays of a file of samples."""
    path = eq.sample(folder, count=16, seed=1, out=folder / "samples.npz", force=True)
    with numpy.load(path) as arrays:
        return flat({name: torch.from_numpy(arrays[name]) for name in arrays.files})


def sheet(folder):
    """The hash of the pixels of a sheet."""
    return {"pixels": pixels(Path(eq.sample(folder, count=9, seed=2, out=folder / "sheet.png")).read_bytes())}


def flat(tree, path=""):
    """Numbers and tensors inside a tree of dictionaries and lists, each by its path."""
    if isinstance(tree, dict):
        items = ((str(key), value) for key, value in tree.items() if key != "elapsed")
    elif isinstance(tree, list | tuple):
        items = ((str(place), value) for place, value in enumerate(tree))
    elif isinstance(tree, torch.Tensor):
        plain = tree.detach().cpu().contiguous()
        raw = plain.view(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""
        return {path: digest(raw + f"{plain.dtype}{tuple(plain.shape)}".encode())}
    else:
        return {path: repr(tree)} if isinstance(tree, bool | int | float) else {}
    return {k: v for key, value in items for k, v in flat(value, f"{path}.{key}" if path else key).items()}


def digest(raw):
    return hashlib.blake2b(raw, digest_size=8).hexdigest()


def pixels(png):
    with Image.open(io.BytesIO(png)) as picture:
        return digest(f"{picture.mode}{picture.size}".encode() + picture.tobytes())


def timeless(folder):
    """Give the events of a run wall times that do not depend on the machine."""
    path = folder / "events.jsonl"
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("".join(json.dumps(e | {"elapsed": e["step"] * 0.5}) + "\n" for e in events), encoding="utf-8")


def prefixed(name, facts):
    return {f"{name} {key}": value for key, value in facts.items()}


# Comparison


def compared(old, new):
    """(differences, notes): what has another value or is missing; what was renamed, added or is in the text only."""
    differences, notes = [], []
    gone, fresh = [key for key in old if key not in new], [key for key in new if key not in old]
    if gone and Counter(str(old[key]) for key in gone) <= Counter(str(new[key]) for key in fresh):
        notes.append(f"renamed: {some(gone)}")
        gone, fresh = [], []
    if fresh:
        notes.append(f"new: {some(fresh)}")
    if gone:
        differences.append(f"missing: {some(gone)}")
    other = [key for key in old if key in new and old[key] != new[key]]
    if plain := [f"{key} ({change(old[key], new[key])})" for key in other if not key.startswith("?")]:
        differences.append(some(plain))
    if soft := [f"{key[1:]} ({change(old[key], new[key])})" for key in other if key.startswith("?")]:
        notes.append(some(soft))
    return differences, notes


def change(old, new):
    """In what two values differ."""
    if not isinstance(old, list):
        return f"{old} -> {new}"
    less, more = Counter(old) - Counter(new), Counter(new) - Counter(old)
    return f"{len(old)} -> {len(new)}; gone {some(list(less.elements()))}; new {some(list(more.elements()))}"


def some(names, count=3):
    rest = f" and {len(names) - count} more" if len(names) > count else ""
    return (", ".join(names[:count]) or "none") + rest


def machine():
    """What bits depend on: names of virtual processors say little, their instructions more."""
    path, kinds = Path("/proc/cpuinfo"), ("model name", "cpu family", "model", "stepping", "flags")
    pairs = [line.partition(":") for line in path.read_text().splitlines()] if path.exists() else []
    known = {key.strip(): value.strip() for key, _, value in reversed(pairs) if key.strip() in kinds}
    flags = digest(known.pop("flags", "").encode())
    named = ", ".join(f"{key} {value}" for key, value in sorted(known.items())) or platform.machine()
    return {"processor": f"{named}, flags {flags}", "torch": torch.__version__}


# The command


def computed(case):
    """The facts of one case, in a folder of its own."""
    _, function, arguments = case
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place), contextlib.redirect_stdout(io.StringIO()):
        try:
            return function(*arguments)
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}


def record(path, results):
    cases = {}
    for name, facts in results:
        cases[name] = facts
        parts = {part: strip(facts, part) for part in ("straight", "resumed")}
        unlike = "" if parts["straight"] == parts["resumed"] else "; resumed differs from straight"
        print(f"recorded  {name}: {facts.get('error') or f'{len(facts)} values'}{unlike}", flush=True)
    path.write_text(json.dumps({"machine": machine(), "cases": cases}, indent=0) + "\n", encoding="utf-8")
    return 1 if any("error" in facts for facts in cases.values()) else 0


def strip(facts, part):
    """What holds of a checkpoint and samples of a part."""
    kinds = (f"{part} checkpoint", f"{part} model", f"{part} samples")
    return {key.removeprefix(part): value for key, value in facts.items() if key.startswith(kinds)}


def check(path, results):
    old, wrong = json.loads(path.read_text(encoding="utf-8"))["cases"], 0
    for name, facts in results:
        if name not in old:
            print(f"new        {name}")
            continue
        differences, notes = compared(old[name], facts)
        wrong += bool(differences)
        tail = "; ".join([*differences, *(f"(note: {note})" for note in notes)])
        print(f"{'DIFFERENT' if differences else 'equal    '}  {name}{tail and f': {tail}'}", flush=True)
    print(f"{wrong} cases differ." if wrong else "All is equal.")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["record", "check"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--only", metavar="NAME", help="the cases whose name contains this")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    given = parser.parse_args()
    path = given.file.resolve()
    if given.verb == "check" and (there := json.loads(path.read_text(encoding="utf-8"))["machine"]) != machine():
        print(f"{path} was recorded on {there}, this is {machine()}: bits cannot be compared.")
        return 3
    some_cases = [case for case in cases() if not given.only or given.only in case[0]]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(given.jobs, mp_context=context) as pool:
        results = zip((case[0] for case in some_cases), pool.map(computed, some_cases), strict=True)
        return (record if given.verb == "record" else check)(path, results)


if __name__ == "__main__":
    sys.exit(main())
