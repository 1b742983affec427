"""Curves of a run as charts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..records.history import Curve, History
from .html import grid, legend, plot
from .svg import COLORS, Line, bars, curves, histogram, mean

Groups = Mapping[str, Sequence[History]]  # runs by recipe: its seeds
_DATA = "_data"  # ends the name of the same number of real data
_RELATIVE = {"diversity": 1.0, "neighbours": 1.0}  # diagnostics that are relative to real data
_DIAGNOSTICS = (  # diagnostic, keys below it, names (all if none), title
    ("likeness", (), ("precision", "recall", "precision_data", "recall_data"), "Precision and recall of pixels"),
    ("likeness", (), ("distance", "distance_data"), "Sliced Wasserstein distance"),
    ("scores", (), ("train", "held_out", "generated"), "Critic's scores"),
    ("scores", (), ("told_apart", "told_apart_held_out", "memorized"), "Pairs in which the real sample scores higher"),
    ("gradients", ("norm",), (), "Gradient norm of each player"),
    ("slopes", (), ("mean", "from_one", "input_gradient_generated"), "Critic's gradient norms, means"),
    ("clipped", (), ("share",), "Share of weights at the bound"),
    ("burst", (), ("growth",), "Growth of the estimate with extra critic steps"),
    ("diversity", (), ("ratio", "nearest_ratio", "copies"), "Diversity, relative to the data"),
    ("coverage", (), ("missing", "missing_data"), "Missing classes or modes"),
    ("coverage", (), ("high_quality",), "Share of samples near a mode"),
    ("neighbours", (), ("ratio", "copied"), "Distance to training over held-out samples"),
    ("posterior", (), ("kl", "active_units"), "The encoder's posterior"),
    ("agreement", (), ("sample", "code"), "Reconstruction errors of encoder and generator"),
    ("steps", (), (), "Cosine of updates and the negative gradient"),
    ("weights", (), (), "Norms of the weights"),
    ("average", (), ("gap", "output"), "Distance of the averaged generator"),
    ("rotation", (), (), "Rotation of the joint gradient field"),
)
_TOTALS = ("norm", "players")  # of the diagnostic `gradients`: sums over layers


def color(place: int) -> str:
    """The color of the group at this place."""
    return COLORS[place % len(COLORS)]


def key(groups: Groups) -> str:
    """A legend of the groups, if there are several."""
    return legend(list(groups), [color(i) for i in range(len(groups))]) if len(groups) > 1 else ""


def metrics(groups: Groups, axes: Sequence[str] = ("rounds", "seconds")) -> str:
    """Every metric that was measured during training, of all groups on the same axes, over rounds and seconds."""
    charts, every = [], [run for runs in groups.values() for run in runs]
    for name in dict.fromkeys(name for run in every for name in run.metric_curves()):
        title, levels = name.replace("_", " "), [run.real_levels().get(name) for run in every]
        level = levels[0] if len(set(levels)) == 1 else None  # the level of real data: pixels of one run may be binary
        real = "" if level is None else f"; dashed: as many real samples, {level:.3g}"
        for across in axes:
            lines = list[Line]()
            for place, runs in enumerate(groups.values()):
                series = [run.metric_curves().get(name) for run in runs]
                lines += _lines([curve for curve in series if curve], across, color(place))
            if svg := curves(title, across, lines, level):
                charts.append(plot(svg, f"{title} on held-out samples, over {across}{real}"))
    return grid(*charts)


def estimates(groups: Groups, axes: Sequence[str] = ("rounds", "seconds")) -> str:
    """What each group's critic estimates, each on its own axes, since the scales differ."""
    charts = []
    for place, (name, runs) in enumerate(groups.items()):
        series = [curve for run in runs if (curve := run.estimate_curve()) is not None]
        quantity = str(runs[0].events[0].get("measures", "")) if runs else ""
        for across in axes if series else ():
            if svg := curves(f"{name}: critic's estimate", across, _lines(series, across, color(place))):
                charts.append(plot(svg, f"{name}, over {across}: {quantity or 'the estimate'}"))
    return grid(*charts)


def terms(groups: Groups) -> str:
    """The terms of every player's loss, over rounds."""
    charts = list[str]()
    for recipe, runs in groups.items():
        for player in dict.fromkeys(player for run in runs for player in run.term_curves()):
            players = [run.term_curves().get(player, {}) for run in runs]
            names = dict.fromkeys(name for terms in players for name in terms)
            series = {name: [terms[name] for terms in players if name in terms] for name in names}
            charts += _chart(f"{recipe}: {player}", series)
    return grid(*charts)


def diagnostics(run: History) -> str:
    """Charts of all diagnostics of a run; empty if there are none."""
    charts = [*_gradient_norms(run), *_layers(run)]
    for diagnostic, keys, names, title in _DIAGNOSTICS:
        series = {name: [curve] for name, curve in run.diagnostic_curves(diagnostic, *keys).items()}
        own = {name: series[name] for name in names or series if name in series}
        charts += _chart(title, own, _RELATIVE.get(diagnostic))
    return grid(*charts)


def _chart(title: str, series: Mapping[str, Sequence[Curve]], level: float | None = None) -> Iterator[str]:
    """Several quantities over rounds in one chart with a legend; those of real data are dashed, in the same color."""
    own = [name for name in series if not name.endswith(_DATA)]
    places = {name: own.index(name.removesuffix(_DATA)) for name in series if name.removesuffix(_DATA) in own}
    lines = [
        replace(line, dashed=name.endswith(_DATA))
        for name, place in places.items()
        for line in _lines(series[name], "rounds", color(place))
    ]
    if svg := curves(title, "rounds", lines, level):
        real = "dashed: real data" if len(places) > len(own) or level is not None else ""
        names = [name.replace("_", " ") for name in own]
        yield plot(svg, real, legend(names, [color(i) for i in range(len(names))]))


def _lines(series: Sequence[Curve], across: str, color: str) -> list[Line]:
    """Thin curves and their thick mean; a single curve is thick."""
    x = [curve.rounds if across == "rounds" else curve.seconds for curve in series]
    y = [curve.values for curve in series]
    if len(series) == 1:
        return [Line(x[0], y[0], color, thick=True)]
    thin = [Line(*each, color) for each in zip(x, y, strict=True)]
    return [*thin, Line(*mean(x, y), color, thick=True)] if thin else []


def _gradient_norms(run: History) -> Iterator[str]:
    """The newest distribution of the critic's gradient norms."""
    for step, norms in list(run.results("slopes"))[-1:]:
        edges, counts = norms.get("edges") or [], norms.get("counts") or []
        if counts and len(edges) == len(counts) + 1 and None not in (*edges, *counts):
            svg = histogram("Critic's gradient norms", "norm of the gradient on interpolates", edges, counts, mark=1.0)
            text = "Gradient norms of the critic between real and generated samples"
            yield plot(svg, f"{text}, round {step:,}; dotted: 1")


def _layers(run: History) -> Iterator[str]:
    """The newest gradient norm of each layer, from input to output: it should not vanish or explode with depth."""
    for step, gradients in list(run.results("gradients"))[-1:]:
        players = [name for name, each in gradients.items() if name not in _TOTALS and isinstance(each, Mapping)]
        for place, name in enumerate(players):
            norms = {layer: value for layer, value in gradients[name].items() if isinstance(value, int | float)}
            if norms:
                svg = bars(f"Gradients of the {name}", "norm", norms, color(place))
                yield plot(svg, f"Gradient norm of the {name} by layer, input at the top, round {step:,}")
