"""How runs went, as curves over rounds and over seconds: every run thin, the mean of a group thick."""

from collections.abc import Iterator, Mapping, Sequence

from ...records.history import Curve, History
from .figures import COLORS, Line, Panel, curves, mean
from .page import beside, legend, plot

Groups = Mapping[str, Sequence[History]]  # runs by whose they are: the seeds of a recipe


def color(place: int) -> str:
    """Of the group at this place."""
    return COLORS[place % len(COLORS)]


def key(groups: Groups) -> str:
    """Which colour is whose; nothing where there is but one."""
    return legend(list(groups), [color(i) for i in range(len(groups))]) if len(groups) > 1 else ""


def metrics(groups: Groups) -> str:
    """Everything that was measured while the runs played."""
    names = dict.fromkeys(name for runs in groups.values() for run in runs for name in run.metric_curves())
    return beside(*(figure for name in names for figure in _shared(groups, name)))


def estimates(groups: Groups) -> str:
    """What each group's critic estimates; their scales differ, so each has axes of its own."""
    parts = []
    for place, (name, runs) in enumerate(groups.items()):
        known = [series for run in runs if (series := run.estimate_curve()) is not None]
        what = str(runs[0].events[0].get("measures", "")) if runs else ""
        for across, title in (("rounds", f"{name}: critic's estimate"), ("seconds", f"{name}: critic's estimate")):
            if known:
                panel = Panel(title, across, "", _lines(known, across, color(place)))
                parts.append(plot(curves(panel), f"{name}, over {across}: {what or 'the estimate'}"))
    return beside(*parts)


def terms(groups: Groups) -> str:
    """The summands of every player's loss, over rounds."""
    return beside(*(figure for name, runs in groups.items() for figure in _players(name, runs)))


def seen(runs: Sequence[History], title: str, diagnostic: str, keys: Sequence[str], names: Sequence[str] = ()) -> str:
    """Numbers of one diagnostic over rounds, a colour each; nothing where it saw none of them."""
    told = dict[str, list[Curve]]()
    for run in runs:
        for name, series in run.diagnostic_curves(diagnostic, *keys).items():
            told.setdefault(name, []).append(series)
    return "".join(_figure(title, {name: told[name] for name in names or told if name in told}))


def _shared(groups: Groups, name: str) -> Iterator[str]:
    """One quantity of all groups on the same axes."""
    for across in ("rounds", "seconds"):
        lines = [
            line
            for place, runs in enumerate(groups.values())
            for line in _lines(
                [run.metric_curves()[name] for run in runs if name in run.metric_curves()], across, color(place)
            )
        ]
        spoken = name.replace("_", " ")
        yield plot(curves(Panel(spoken, across, "", lines)), f"{spoken} on held-out samples, over {across}")


def _players(name: str, runs: Sequence[History]) -> Iterator[str]:
    players = dict.fromkeys(player for run in runs for player in run.term_curves())
    for player in players:
        found = [run.term_curves().get(player, {}) for run in runs]
        known = dict.fromkeys(term for each in found for term in each)
        yield from _figure(f"{name}: {player}", {term: [e[term] for e in found if term in e] for term in known})


def _figure(title: str, known: Mapping[str, Sequence[Curve]]) -> Iterator[str]:
    """Several quantities in one figure, with whose colours are whose below it."""
    lines = [line for i, each in enumerate(known.values()) for line in _lines(each, "rounds", color(i))]
    if lines:
        names = [name.replace("_", " ") for name in known]
        below = legend(names, [color(i) for i in range(len(names))])
        yield plot(curves(Panel(title, "rounds", "", lines)), "", below)


def _lines(known: Sequence[Curve], across: str, color: str) -> list[Line]:
    """Every series thin and their mean thick; one alone is thick."""
    places = [series.rounds if across == "rounds" else series.seconds for series in known]
    heights = [series.values for series in known]
    if len(known) == 1:
        return [Line(places[0], heights[0], color, thick=True)]
    thin = [Line(x, y, color) for x, y in zip(places, heights, strict=True)]
    return [*thin, Line(*mean(places, heights), color, thick=True)] if thin else []
