"""The examples of CONTRIBUTING.md work as printed."""

import dataclasses
import re
from pathlib import Path

import torch

from equilibria.recipes.build import build
from equilibria.training.loop import run_rounds

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"


def test_every_example_plays_a_game(tmp_path, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) == 5
    (tmp_path / "contributed.py").write_text("\n\n".join(blocks), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    import contributed

    recipe = dataclasses.replace(
        contributed.flat_hinge(),
        divergence={"name": "contributed:exponential"},
        penalties={"lipschitz": {"name": "contributed:lipschitz", "weight": 5.0}},
        networks={"generator": {"name": "dense"}, "critic": {"name": "contributed:linear", "scale": 0.5}},
    )
    run = run_rounds(build(recipe, contributed.crescent(count=200)), 2)
    assert set(run.statistics.read()["critic"]) == {"divergence", "lipschitz"}
    assert all(torch.isfinite(p).all() for p in run.game.networks.parameters())
