"""Whatever stands in a stored file, its readers answer by a result or one sentence, never by a traceback."""

import json
import random
import shutil
import struct
from pathlib import Path

import pytest

from fuzz.folders import AGAIN, answer

READERS = {  # command lines that read a file, by the folder or file that is broken
    "runs/gan/recipe.json": [
        "resume GAN",
        "report GAN",
        "doctor GAN",
        "sample GAN --checkpoint last",
        "evaluate GAN --count 20 --features pixels",
    ],
    "runs/gan/summary.json": ["resume GAN", "report GAN", "doctor GAN", "evaluate GAN --count 20 --features pixels"],
    "runs/gan/events.jsonl": ["resume GAN", "report GAN", "doctor GAN", "sample GAN --out EMPTY/s.png"],
    "runs/gan/metrics.json": [
        "report GAN",
        "compare GAN runs/gan-2 --out EMPTY/c",
        "evaluate GAN --count 20 --features pixels",
    ],
    "runs/gan/model/config.json": [
        "sample GAN --out EMPTY/s.png",
        "interpolate GAN --out EMPTY/i.png",
        "score GAN images --out EMPTY/s.csv",
    ],
    "runs/gan/model/weights.safetensors": ["sample GAN --out EMPTY/s.png"],
    "runs/gan/checkpoints/000004.pt": ["resume GAN --rounds 5", "sample GAN --checkpoint last --out EMPTY/s.png"],
    "runs/both/comparison.json": ["AGAIN", "report BOTH"],
    "runs/both/cells/gan-*.json": ["AGAIN"],
    "runs/both/cells/gan-*/metrics.json": ["AGAIN"],
    "images.npy": ["data check images.npy"],
    "images.npz": ["data check images.npz"],
    "images/a/0.png": ["data check images"],
    "gan.safetensors": ["sample gan.safetensors --out EMPTY/s.png"],
    "recipe-of-mine.json": ["show recipe-of-mine.json", "train recipe-of-mine.json --rounds 1 --watch 0 --runs EMPTY"],
}
ODD = [
    None,
    True,
    0,
    -1,
    1.5,
    1e308,
    10**30,
    -(10**30),
    "",
    "x",
    "\x1b[31m",
    "a:b",
    "/etc/passwd",
    "../..",
    "é" * 300,
    [],
    [[]],
    [1, "x"],
    {},
    {"name": 1},
    {"name": "dense"},
]


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The content of a file with one defect: of its values where it is JSON, else of its bytes."""
    try:
        lines = [json.loads(line) for line in content.decode().splitlines()]
        whole = None
    except ValueError:
        lines = []
        try:
            whole = json.loads(content)
        except ValueError:
            return _bytes(content, chance)
    if chance.random() < 0.15:
        return _bytes(content, chance)
    if whole is not None:
        return json.dumps(_value(whole, chance)).encode()
    place = chance.randrange(len(lines))
    lines[place] = _value(lines[place], chance)
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def _value(value, chance, depth=0):
    """The value with one defect somewhere inside."""
    if isinstance(value, dict | list) and value and chance.random() < 0.85:
        key = chance.choice(list(value)) if isinstance(value, dict) else chance.randrange(len(value))
        what = chance.random()
        if depth and what < 0.1:
            return _without(value, key)
        if what < 0.14 and isinstance(value, dict):
            return {**value, chance.choice(["x", "name", ""]): chance.choice(ODD)}
        changed = value.copy()
        changed[key] = _value(value[key], chance, depth + 1)
        return changed
    if chance.random() < 0.05:
        return json.loads("[" * 400 + "]" * 400)
    return chance.choice(ODD)


def _without(value, key):
    return {k: v for k, v in value.items() if k != key} if isinstance(value, dict) else value[:key] + value[key + 1 :]


def _bytes(content, chance):
    """The bytes with one defect: a flipped bit, a part that is missing, doubled or zero, or nesting without end."""
    place, length = chance.randrange(len(content)), chance.choice([1, 7, 100])
    early = chance.randrange(min(len(content), 256))  # where headers are
    match chance.randrange(8):
        case 0 | 1:
            at = chance.choice([place, early])
            return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]
        case 2:
            return content[:place]
        case 3:
            return content[:early] + content[early + length :]
        case 4:
            return content[:place] + content[place : place + length] * 2 + content[place + length :]
        case 5:
            return content[:place] + bytes(min(length, len(content) - place)) + content[place + length :]
        case 6:
            return (
                content[:early]
                + struct.pack("<Q", chance.choice([0, 2**31, 2**63 - 1, 2**64 - 1]))
                + content[early + 8 :]
            )
        case _:
            return chance.choice(
                [b"", b"{}", b"[]", b"null", b"[" * 100_000, b'{"a":' * 50_000, b"1" * 10_000, b"\xff\xfe", b"NaN"]
            )


def _fault(folders: Path, seed: int) -> str:
    """What is wrong with the answers to one mutant; empty where nothing is."""
    chance, work = random.Random(seed), folders.parent / f"{folders.name}-mutant"
    name = chance.choice([name for name in READERS if list(folders.glob(name))])
    (path,), line = [file.relative_to(folders) for file in folders.glob(name)], chance.choice(READERS[name])
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(folders, work)
    (work / path).write_bytes(mutated((folders / path).read_bytes(), chance))
    for short, long in {"AGAIN": AGAIN, "GAN": "runs/gan", "BOTH": "runs/both", "EMPTY": "empty"}.items():
        line = line.replace(short, long)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        Path("empty").mkdir()
        got = answer(line.split())
    return f"seed {seed}: {name}, `{line}`: {got.fault}" if got.fault else ""


def test_a_file_with_a_defect_is_answered_by_a_result_or_a_sentence(folders):
    assert not [fault for seed in range(6) if (fault := _fault(folders, seed))]


@pytest.mark.long
def test_two_thousand_files_with_a_defect_are_answered_by_a_result_or_a_sentence(all_folders):
    assert not [fault for seed in range(2000) if (fault := _fault(all_folders, seed))]
