"""Curves of a run as figures."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..records.history import Curve, History
from .html import grid, legend, plot
from .svg import COLORS, Chart, Line, bars, curves, histogram, mean

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
    return grid(*(figure for name in names for figure in _shared(groups, name)))


def estimates(groups: Groups) -> str:
    """What each group's critic estimates; their scales differ, so each has axes of its own."""
    parts = []
    for place, (name, runs) in enumerate(groups.items()):
        known = [series for run in runs if (series := run.estimate_curve()) is not None]
        what = str(runs[0].events[0].get("measures", "")) if runs else ""
        for across, title in (("rounds", f"{name}: critic's estimate"), ("seconds", f"{name}: critic's estimate")):
            if known:
                panel = Chart(title, across, "", _lines(known, across, color(place)))
                parts.append(plot(curves(panel), f"{name}, over {across}: {what or 'the estimate'}"))
    return grid(*parts)


def terms(groups: Groups) -> str:
    """The summands of every player's loss, over rounds."""
    return grid(*(figure for name, runs in groups.items() for figure in _players(name, runs)))


def diagnostic_chart(
    runs: Sequence[History], title: str, diagnostic: str, keys: Sequence[str], names: Sequence[str] = ()
) -> str:
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
        yield plot(curves(Chart(spoken, across, "", lines)), f"{spoken} on held-out samples, over {across}")


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
        yield plot(curves(Chart(title, "rounds", "", lines)), "", below)


def _lines(known: Sequence[Curve], across: str, color: str) -> list[Line]:
    """Every series thin and their mean thick; one alone is thick."""
    places = [series.rounds if across == "rounds" else series.seconds for series in known]
    heights = [series.values for series in known]
    if len(known) == 1:
        return [Line(places[0], heights[0], color, thick=True)]
    thin = [Line(x, y, color) for x, y in zip(places, heights, strict=True)]
    return [*thin, Line(*mean(places, heights), color, thick=True)] if thin else []


_DIAGNOSTICS = (  # diagnostic, keys below it, names (all if none), title
    ("scores", (), ("train", "held_out", "generated"), "Critic's scores"),
    ("scores", (), ("told_apart", "told_apart_held_out", "memorized"), "Pairs in which real scores higher"),
    ("gradients", ("norm",), (), "Norm of each player's gradient"),
    ("slopes", (), ("mean", "from_one", "input_gradient_generated"), "Slopes of the critic, means"),
    ("clipped", (), ("share",), "Share of weights at the bound"),
    ("burst", (), ("growth",), "Growth of the estimate by the critic alone"),
    ("diversity", (), ("ratio", "nearest_ratio", "copies"), "Diversity, as a share of the data's"),
    ("coverage", (), ("missing",), "Classes or modes that are missing"),
    ("coverage", (), ("high_quality",), "Share of samples near a mode"),
    ("neighbours", (), ("train", "held_out"), "Distance to the nearest real samples"),
    ("neighbours", (), ("ratio",), "Nearest training against held-out samples"),
    ("posterior", (), ("kl", "active_units"), "The encoder's posterior"),
    ("agreement", (), ("sample", "code"), "How far encoder and generator disagree"),
    ("steps", (), (), "Cosine of steps with minus the gradient"),
    ("weights", (), (), "Norms of the weights"),
    ("average", (), ("gap", "output"), "Gap of averaged and playing generator"),
    ("rotation", (), (), "Rotation of the joint gradient field"),
)


_TOTALS = ("norm", "players")  # of gradients: sums over layers


def diagnostics(run: History) -> str:
    """Figures of all diagnostics that the run has; nothing where nobody looked."""
    last = _last(run)
    found = [*_slopes(last), *_layers(last)]
    found += [diagnostic_chart([run], title, kind, keys, names) for kind, keys, names, title in _DIAGNOSTICS]
    return grid(*(figure for figure in found if figure))


def _last(run: History) -> dict[str, Mapping[str, Any]]:
    """The newest look of each diagnostic."""
    found = dict[str, Mapping[str, Any]]()
    for event in run.of("diagnosis"):
        found |= {
            name: dict(seen) | {"step": event["step"]}
            for name, seen in event["seen"].items()
            if isinstance(seen, Mapping)
        }
    return found


def _slopes(last: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How the critic's slopes are spread."""
    seen = last.get("slopes", {})
    edges, counts = seen.get("edges") or [], seen.get("counts") or []
    if len(edges) != len(counts) + 1 or not counts or None in (*edges, *counts):
        return []
    svg = histogram("Slopes of the critic", "norm of the gradient on interpolates", edges, counts, mark=1.0)
    return [plot(svg, f"Slopes of the critic between real and generated samples, round {seen['step']:,}; dotted: 1")]


def _layers(last: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The norm of the gradient in each layer, from input to output: by depth it should neither vanish nor explode."""
    seen, found = last.get("gradients", {}), []
    for place, (name, layers) in enumerate(
        (k, v) for k, v in seen.items() if k not in _TOTALS and isinstance(v, Mapping)
    ):
        known = {layer: value for layer, value in layers.items() if isinstance(value, int | float)}
        if known:
            colors = [COLORS[place % len(COLORS)]] * len(known)
            svg = bars(f"Gradients of the {name}", "norm", list(known), list(known.values()), colors)
            found.append(plot(svg, f"Norm of the {name}'s gradient by layer, input above, round {seen['step']:,}"))
    return found
