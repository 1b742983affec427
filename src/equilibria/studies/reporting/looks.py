"""What was seen of a run when it was looked at more closely, drawn."""

from collections.abc import Mapping
from typing import Any

from ...records.history import History
from . import curves
from .figures import COLORS, bars, histogram
from .page import beside, plot

_DRAWN = (  # diagnostic, keys below it, names (all if none), title
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


def all_of(run: History) -> str:
    """Figures of all diagnostics that the run has; nothing where nobody looked."""
    last = _last(run)
    found = [*_slopes(last), *_layers(last)]
    found += [curves.seen([run], title, kind, keys, names) for kind, keys, names, title in _DRAWN]
    return beside(*(figure for figure in found if figure))


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
