"""The machinery of a game: packing, unrolling, lazy penalties, augmentation, the reach of gradients, compilation."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ...core.seeding import reseed
from ...core.types import Batch
from ...games.game import Game, Player
from ...games.play import Play
from ...games.views import pack
from ...games.weight_clipping import WeightClipping
from ...networks.norms import NORMS
from ...terms.augmentations import AUGMENTATIONS
from ...terms.divergences import DIVERGENCES
from ...terms.penalties import PENALTIES
from ...toys.critics import SIZES, noise
from ...toys.dirac import START, dirac_game, encoder_game, play_of, small_game, total_loss
from ..claims import Claim, Measurement, below, below_each, equals
from ..contracts import Value, compiled_equals_eager

_KARRAS, _ZHAO = "Karras et al. (2020)", "Zhao et al. (2020)"
_IMAGES = (3, 8, 8)


def mechanics_claims() -> list[Claim]:
    """One for each mechanism, and two for each augmentation."""
    finite_differences = "gradients through it agree with finite differences (relative error)"
    independent = "a sample's change does not depend on the rest of the batch"
    packed = "pack: row i shows samples 2i and 2i+1, one's channels after the other's"
    ada = "ada: its probability after 8 steps of 64 certain scores"
    return [
        equals("lazy: once in 4 rounds, a penalty counts 4 times", _KARRAS, _lazy_factor, 4.0, 1e-9),
        below("unroll: the generator's gradient is the formula's", "Metz et al. (2017)", _unrolling_error, 1e-9),
        below(packed, "Lin et al. (2018)", _packing_error, 0),
        below("clip: no weight exceeds the bound afterwards", "Arjovsky et al. (2017)", _greatest_weight, 0.01),
        equals("spectral: a layer's largest singular value", "Miyato et al. (2018)", _spectral_norm, 1.0, 1e-2),
        *below_each(AUGMENTATIONS, finite_differences, _ZHAO, _augmentation_error, 1e-6),
        *below_each(AUGMENTATIONS, independent, _ZHAO, _augmentation_change, 1e-6),
        equals(ada, _KARRAS, _ada_probability, 8 * 64 / 5000, 1e-6),
    ]


def _lazy_factor() -> float:
    """The penalty of a lazy player, in units of what it is each round."""
    costs = []
    for lazy in (1, 4):
        game = small_game(DIVERGENCES["hinge"](), {"r1": PENALTIES["r1"]()}, lazy=lazy)
        player = game.players[lazy > 1]
        with game.only(player):
            costs.append(float(player.loss(play_of(game))["r1"].detach()))
    return costs[1] / costs[0]


def _unrolling_error() -> float:
    """In the Dirac-GAN a step of the critic at rate 0.1 leads to psi - 0.1 theta sigmoid(psi theta)."""
    game = dirac_game(DIVERGENCES["minimax"](), {}, unroll=1, unroll_lr=0.1)
    player = game.players[-1]
    with game.only(player):
        total_loss(player, Play(game.networks, Batch(torch.zeros(4, 1, dtype=torch.float64)), game.prior)).backward()
    theta, psi = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in START)
    unrolled = psi - 0.1 * theta * torch.sigmoid(psi * theta)
    (expected,) = torch.autograd.grad(-nn.functional.softplus(unrolled * theta), theta)
    (weight,) = game.parameters(player)
    assert weight.grad is not None
    return abs(float(weight.grad - expected))


def _packing_error() -> float:
    x = noise(8, 0, (3, 2, 2))
    packed = pack(x, 2)
    return float((packed[:, :3] - x[0::2]).abs().max() + (packed[:, 3:] - x[1::2]).abs().max())


def _greatest_weight() -> float:
    network = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 1))
    WeightClipping(0.01)(network)
    return max(float(weight.detach().abs().max()) for weight in network.parameters())


def _spectral_norm() -> float:
    layer: Any = NORMS["spectral"]().around(nn.Linear(16, 16))
    for _ in range(100):  # each pass in training takes one step of the power iteration
        layer(torch.zeros(1, 16))
    return float(torch.linalg.matrix_norm(layer.weight.detach(), 2))


def _augmented(name: str, images: Tensor) -> Tensor:
    """With the same random numbers each time."""
    options: dict[str, Any] = {"probability": 0.8} if name == "ada" else {}
    augmentation = AUGMENTATIONS[name](**options) if name == "none" else AUGMENTATIONS[name](_IMAGES, **options)
    reseed(0)
    return augmentation(images)[0]


def _augmentation_error(name: str) -> float:
    images, direction = (noise(4, seed, _IMAGES) / 4 for seed in (1, 2))
    images.requires_grad_()
    loss = lambda x: torch.sin(_augmented(name, x)).sum()  # noqa: E731
    by_graph = float((torch.autograd.grad(loss(images), images)[0] * direction).sum())
    by_differences = float((loss(images + 1e-6 * direction) - loss(images - 1e-6 * direction)).detach()) / 2e-6
    return abs(by_graph - by_differences) / (1 + abs(by_differences))


def _augmentation_change(name: str) -> float:
    images = noise(8, 1, _IMAGES) / 4
    changed = images.clone()
    changed[3] = -changed[3]
    change = (_augmented(name, images) - _augmented(name, changed)).abs().flatten(1).amax(dim=1)
    return float(change[[i for i in range(8) if i != 3]].max())


def _ada_probability() -> float:
    augmentation = AUGMENTATIONS["ada"](_IMAGES, target=0.6, speed=5000, interval=4)
    for _ in range(8):
        augmentation.watch(torch.ones(64))
    return float(augmentation.probability)


_AROUND: dict[str, Mapping[str, Any]] = {
    "packed by 2": {"pack": 2},
    "with noise": {"noise": 0.1},
    "unrolled 3 times": {"unroll": 3},
    "with a lazy penalty": {"lazy": 2},
    "scored in one pass": {"together": True},
}


def reach_claims() -> list[Claim]:
    """For each divergence, each penalty, and each mechanism around a contest."""
    around = partial(_game, "minimax", ("gradient_penalty",))
    games = {name: (name, partial(_game, name, ())) for name in DIVERGENCES}
    games |= {name: (name, partial(_game, "hinge", (name,))) for name in PENALTIES}
    games |= {f"a contest {words}": ("gan", partial(around, **options)) for words, options in _AROUND.items()}
    words, reach = "the terms of each player reach all of its own weights, and no others", "own: all, other: none"
    return [
        Claim(f"{name}: {words}", "Goodfellow et al. (2014)", reach, partial(_reach, build), (entry,))
        for name, (entry, build) in games.items()
    ]


def _game(divergence: str, penalties: tuple[str, ...], **options: Any) -> Game:
    return small_game(DIVERGENCES[divergence](), {name: PENALTIES[name]() for name in penalties}, **options)


def _reach(build: "partial[Game]") -> Measurement:
    for count in (build.keywords.get("pack", 1) * size for size in SIZES):
        game = build()
        for player in game.players:
            game.networks.zero_grad()
            with game.only(player):
                total_loss(player, play_of(game, count)).backward()
            for name, weight in game.networks.named_parameters():
                reached = weight.grad is not None and bool(weight.grad.any())
                if reached != (name.split(".")[0] in player.networks):
                    verb = "reach" if reached else "do not reach"
                    fault = f"the {player.name}'s terms {verb} {name} at batch size {count}"
                    return Measurement(fault, False, fault)
    return Measurement("own: all, other: none", True)


_CONTESTS: dict[str, tuple[str, tuple[str, ...], Mapping[str, Any]]] = {
    "GAN": ("minimax", (), {}),
    "WGAN-GP scored in one pass": ("wasserstein", ("gradient_penalty",), {"together": True}),
    "R3GAN": ("relativistic", ("r1", "r2"), {}),
    "hinge with noise, packed": ("hinge", ("r1",), {"noise": 0.1, "pack": 2}),
}
_ENCODER_GAMES = ("vae", "iwae", "vae_gan", "bigan", "aae", "infogan")
_OPTIONS: dict[str, dict[str, Any]] = {"vae": {"warmup": 10}, "vae_gan": {"gates": True}}


def compiled_claims() -> list[Claim]:
    """For each player of some contests, and for all players of each game with an encoder."""
    equal = "loss compiled (aot_eager) equals eager, and so do its gradients"
    claims = list[Claim]()
    for words, (divergence, penalties, options) in _CONTESTS.items():
        about, build = penalties or (divergence,), partial(_game, divergence, penalties, **options)
        for index, player in enumerate(("critic", "generator")):
            measure = partial(_compiled, build, slice(index, index + 1))
            claims.append(Claim(f"{words}: the {player}'s {equal}", "definition", "equal", measure, about))
    for name in _ENCODER_GAMES:
        measure = partial(_compiled, partial(encoder_game, name, **_OPTIONS.get(name, {})), slice(None))
        claims.append(Claim(f"{name}: every player's {equal}", "definition", "equal", measure))
    return claims


def _compiled(build: Callable[[], Game], players: slice) -> Measurement:
    game = build()
    measurements = [_compiled_loss(game, player) for player in game.players[players]]
    return next((m for m in measurements if not m.holds), measurements[0])


def _compiled_loss(game: Game, player: Player) -> Measurement:
    def fresh() -> Value:
        play = play_of(game)
        reseed(1)
        play.z  # noqa: B018 - drawn here, so that both get the same
        return lambda: total_loss(player, play)

    with game.only(player):
        return compiled_equals_eager(fresh, game.parameters(player), f"the {player.name}'s loss")
