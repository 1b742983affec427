"""What is needed once is done once: a training is built once, and few modules lie between a command and the loop."""

import copy
import dataclasses
import sys

import pytest
import torch

from equilibria.apps import cli
from equilibria.recipes.build import build
from equilibria.runs.plan import rehearse
from equilibria.runs.session import resume, train
from equilibria.runs.trainer import run_session
from games import points, small
from sessions import TINY, Silent, StopsAt, assert_equal, timeless

SHORT = TINY | {"rounds": 6, "watch": 2}
MOST = 10  # modules between the command line and the loop
BUILDS, SESSION, TRAINER, REHEARSAL = (
    sys.modules[function.__module__] for function in (build, train, run_session, rehearse)
)
UNPLANNED = {name: value for name, value in SHORT.items() if name not in ("watch", "threads")}


@pytest.fixture
def calls(monkeypatch):
    """How often a run was assembled and a recipe resolved."""
    counts = {"assemble": 0, "resolve": 0}
    for name in counts:
        function = getattr(BUILDS, name)

        def counted(*arguments, _name=name, _function=function, **keywords):
            counts[_name] += 1
            return _function(*arguments, **keywords)

        monkeypatch.setattr(BUILDS, name, counted)
        for module in (SESSION, REHEARSAL):
            monkeypatch.setattr(module, name, counted, raising=hasattr(module, name))
    return counts


def modules_below(frame):
    """The modules of the package that called this frame, from the command line down."""
    names = []
    while frame is not None:
        names.append(frame.f_globals.get("__name__", ""))
        if names[-1] == cli.__name__ and frame.f_code.co_name == "main":
            break
        frame = frame.f_back
    return list(dict.fromkeys(name for name in reversed(names) if name.startswith("equilibria")))


@pytest.fixture
def path(monkeypatch):
    """The modules that lay on the stack when the loop was called."""
    seen, loop = [], TRAINER.run_rounds

    def recorded(*arguments):
        seen[:] = [*modules_below(sys._getframe(1)), loop.__module__]
        return loop(*arguments)

    monkeypatch.setattr(TRAINER, "run_rounds", recorded)
    return seen


def test_a_training_is_built_once(tmp_path, calls):
    train("wgan-gp", Silent(), name="run", runs=tmp_path, **UNPLANNED)
    assert calls == {"assemble": 1, "resolve": 1}


@pytest.mark.parametrize("more", [{}, {"rounds": 9}, {"budget": "500images"}])
def test_a_resumed_training_is_built_once(tmp_path, calls, more):
    folder = train("wgan-gp", StopsAt(4), name="run", runs=tmp_path, **SHORT).folder
    calls.update(assemble=0, resolve=0)
    resume(folder, Silent(), **more)
    assert calls == {"assemble": 1, "resolve": 1}


def test_few_modules_lie_between_the_command_line_and_the_loop(tmp_path, path):
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in SHORT.items()]
    assert cli.main(["train", "wgan-gp", "--name", "run", "--runs", str(tmp_path), *flags]) == 0
    assert path[0] == cli.__name__
    assert path[-1] == "equilibria.training.loop"
    assert len(path) <= MOST, path
    assert cli.main(["resume", str(tmp_path / "run"), "--rounds", "9"]) == 0
    assert path[0] == cli.__name__
    assert len(path) <= MOST, path


@pytest.mark.parametrize("name", ["wgan-gp", "hinge", "vae-gan", "infogan"])
def test_planning_leaves_a_run_as_it_was_built(name, monkeypatch):
    monkeypatch.setattr(SESSION, "training_data", lambda recipe, root: points())
    recipe = dataclasses.replace(small(name), schedule={"name": "cosine"})
    run = train(recipe, Silent(), dry_run=True, matmul="default", device="cpu", rounds=40)
    fresh = build(dataclasses.replace(recipe, rounds=40), points())
    assert_equal(run.state_dict(), fresh.state_dict())
    for mine, other in ((run.game.networks, fresh.game.networks), (run.average, fresh.average)):
        assert [m.training for m in mine.modules()] == [m.training for m in other.modules()]
        assert [(p.requires_grad, p.grad) for p in mine.parameters()] == [
            (p.requires_grad, p.grad) for p in other.parameters()
        ]
    rates = [[schedule(step) for schedule in each.schedules.values()] for each in (run, fresh) for step in (0, 20, 39)]
    assert rates[:3] == rates[3:]


def test_a_run_that_was_planned_goes_the_way_of_one_that_was_not(tmp_path, monkeypatch):
    """Its threads are given, since other threads may give other bits."""
    wish = {name: value for name, value in SHORT.items() if name != "watch"}
    measured = train("wgan-gp", Silent(), name="planned", runs=tmp_path, **wish)
    monkeypatch.setattr(REHEARSAL, "_time_round", lambda run, costs: setattr(costs, "rounds", 1e9))
    monkeypatch.setattr(SESSION, "plan", lambda run, recipe, options: SESSION.Plan(6, 0, 1.0, 0))
    unmeasured = train("wgan-gp", Silent(), name="unplanned", runs=tmp_path, **wish)
    assert_equal(measured.state_dict(), unmeasured.state_dict())
    kinds = [[e for e in timeless(run.folder) if e["kind"] in ("report", "measure")] for run in (measured, unmeasured)]
    assert kinds[0] == kinds[1]


def test_what_happens_to_a_restored_run_is_undone():
    def spoil(run):
        with run.restored():
            run.step = 7
            run.game.networks.eval()
            with torch.no_grad():
                torch._foreach_add_(list(run.game.networks.parameters()), 1.0)
            raise ValueError("no")

    run = build(small("hinge"), points())
    before = copy.deepcopy(run.state_dict())
    with pytest.raises(ValueError, match="no"):
        spoil(run)
    assert all(module.training for module in run.game.networks.modules())
    assert_equal(before, run.state_dict())
