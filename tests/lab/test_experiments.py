"""Every experiment of the laboratory: its claims hold, its texts are whole, and any setting gives a figure."""

import contextlib
import re
from importlib.resources import files

import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.core.seeding import generator
from equilibria.drawing.plot import draw
from equilibria.lab import CONTENTS, played, run
from equilibria.lab.experiment import Settings
from equilibria.lab.play import experiment
from shares import one_in

QUICK = 3  # seconds: what takes longer is replayed by `make test-long`
REPLAYS = [
    pytest.param(slug, marks=() if entry.seconds < QUICK else pytest.mark.long) for slug, entry in CONTENTS.items()
]
TUTORIALS = {  # what the theory is taught by, and the experiment that shows it
    "the better the critic, the worse the generator's gradient": "vanishing-gradient",
    "supports that do not overlap have a constant divergence": "parallel-lines",
    "two curves in space meet with probability 0": "thin-manifolds",
    "-log D minimizes KL - 2 JS": "minus-log-d",
    "KL and reverse KL make different mistakes": "kl-asymmetry",
    "modes are lost": "lost-modes",
    "the optimal discriminator is p / (p + q)": "optimal-critic",
    "the critic's loss measures progress": "wasserstein-progress",
    "the cosine of a step with momentum turns negative": "adam-cosine",
    "clipping: gradients vanish or explode with depth": "clipping-depth",
    "clipped critics draw simple surfaces": "value-surfaces",
    "no batch norm in the critic": "coupled-critic",
    "WGAN-div needs no Lipschitz constant": "two-penalties",
    "any f-divergence will do": "f-divergences",
    "do GANs converge": "dirac",
    "gradients pass through sampling": "reparametrization",
    "VAEs blur": "blur",
    "king - man + woman is a queen, with faces": "latent-arithmetic",
}


def test_each_sentence_of_the_theory_has_an_experiment():
    assert set(TUTORIALS.values()) == set(CONTENTS)
    modules = {path.name.removesuffix(".py") for path in (files("equilibria.lab") / "experiments").iterdir()}
    assert {slug.replace("-", "_") for slug in CONTENTS} == modules - {"__init__", "__pycache__"}


@pytest.mark.parametrize("slug", REPLAYS)
def test_every_claim_holds_and_is_the_one_of_the_stored_record(slug):
    record, stored = run(slug), played(slug)
    assert [claim.sentence.en for claim in record.claims if not claim.holds] == []
    assert [(c.sentence, c.theory) for c in record.claims] == [(c.sentence, c.theory) for c in stored.claims]
    assert stored.holds
    assert [frame.at for frame in record.frames] == [frame.at for frame in stored.frames]


@pytest.mark.parametrize("slug", CONTENTS)
def test_stored_records_are_small_and_judged_by_their_numbers(slug):
    stored, about = played(slug), experiment(slug)
    assert len((files("equilibria.lab") / "played" / f"{slug}.json.gz").read_bytes()) <= 25_000
    settings = {setting.name: setting.quick for setting in about.settings}
    assert _plain(stored.settings) == _plain(settings)
    assert all(claim.holds for claim in about.claims(Settings(**settings, seed=stored.seed), stored.numbers))


def _plain(settings):
    return {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}


@pytest.mark.parametrize("slug", CONTENTS)
def test_texts_are_whole_in_both_languages(slug):
    about, stored = experiment(slug), played(slug)
    assert len(re.findall(r"[.?!](?= |$)", about.answer.en)) == 3
    assert len(re.findall(r"[。？！]", about.answer.zh)) == 3
    texts = [CONTENTS[slug].question, about.answer, *(setting.about for setting in about.settings)]
    texts += [claim.sentence for claim in stored.claims]
    for figure in (frame.figure for frame in stored.frames):
        texts += [figure.title, *(panel.title for panel in figure.panels)]
        texts += [axis.label for panel in figure.panels for axis in (panel.x, panel.y)]
    for text in {text for text in texts if text.en}:
        assert text.zh, text
        assert not re.search(r"[一-鿿][,;:?!]", text.zh), text  # Chinese text has Chinese punctuation
        assert re.search(r"[一-鿿Ͱ-Ͽ−（：]", text.zh) or text.en == text.zh, text


def _draws(slug, count):
    """Random settings within their bounds, with counts of moves, rounds and draws at their least."""
    about, source = experiment(slug), generator(7, *map(ord, slug))
    for _ in range(count):
        values = {}
        for setting in about.settings:
            share = float(torch.rand((), generator=source))
            if setting.choices:
                values[setting.name] = setting.choices[int(share * len(setting.choices))]
            elif isinstance(setting.quick, bool):
                values[setting.name] = share < 0.5
            elif isinstance(setting.quick, int) and setting.high > 16:  # a count, as of moves
                values[setting.name] = int(setting.low)
            else:
                number = setting.low + share * (setting.high - setting.low)
                one = round(number) if isinstance(setting.quick, int) else number
                values[setting.name] = (one,) if isinstance(setting.quick, tuple) else one
        yield values


@pytest.mark.parametrize("slug", one_in(5, list(CONTENTS)))
def test_a_setting_gives_a_figure_or_a_refusal(slug):
    _play_all(slug, 1, lambda figure: None)


@pytest.mark.long
@pytest.mark.parametrize("slug", CONTENTS)
def test_any_setting_gives_a_figure_or_a_refusal(slug):
    _play_all(slug, 50, lambda figure: draw(figure, "svg"))  # of every tenth


def _play_all(slug, count, draw):
    for place, values in enumerate(_draws(slug, count)):
        with contextlib.suppress(Refusal):
            record = run(slug, **values)
            record.to_json()
            if place % 10 == 0:
                draw(record.figure)
