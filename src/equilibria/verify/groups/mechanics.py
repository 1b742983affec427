"""Mechanics around the critic: packing, unrolling, laziness, reach of gradients, compilation."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ...core.seeding import reseed
from ...core.types import Batch
from ...games.critic_player import clip_weights
from ...games.game import Game, Player
from ...games.play import Play
from ...games.views import pack
from ...networks.norms import NORMS
from ...terms.augmentations import AUGMENTATIONS
from ...terms.divergences import DIVERGENCES
from ...terms.penalties import PENALTIES, Penalty
from ..claims import Answer, Claim, below, equals
from ..contracts.base import compiled_equals_eager
from ..toys.critics import SIZES, noise
from ..toys.dirac import START, game_of, inferring_game, play_of, small_game

_IMAGES = (3, 8, 8)


def around_claims() -> list[Claim]:
    """One law for each, and three for each augmentation."""
    karras = "Karras et al. 2020"
    found = [
        equals("lazy: once in 4 rounds, a penalty is 4 times itself", karras, _lazy, 4.0, 1e-9, "lazy"),
        below("unroll: the generator's gradient is that of the formula", "Metz et al. 2017", _unrolled, 1e-9, "unroll"),
        below("pack: row i shows samples 2i and 2i+1, channel beside channel", "Lin et al. 2018", _packed, 0, "pack"),
        below("clip: after it no weight exceeds the bound", "Arjovsky et al. 2017", _clipped, 0.01, "clip"),
        equals("spectral: a layer's largest singular value", "Miyato et al. 2018", _spectral, 1.0, 1e-2, "spectral"),
    ]
    laws: dict[str, Callable[[str], float]] = {
        "slopes through it agree with finite differences (relative error)": _differentiable,
        "one sample's change does not depend on its batch mates": _own,
    }
    for name in AUGMENTATIONS:
        found += [
            below(f"{name}: {words}", "Zhao et al. 2020", partial(law, name), 1e-6, name) for words, law in laws.items()
        ]
    found.append(
        equals("ada: its probability after 8 moves of 64 sure scores", karras, _controlled, 8 * 64 / 5000, 1e-6, "ada")
    )
    return found


def _lazy() -> float:
    """What the player of lazy penalties pays, in units of what it would pay each round."""
    prices = []
    for lazy in (1, 4):
        game = small_game(DIVERGENCES["hinge"](), {"r1": PENALTIES["r1"]()}, lazy=lazy)
        player = game.players[lazy > 1]
        with game.only(player):
            prices.append(float(player.loss(play_of(game))["r1"].detach()))
    return prices[1] / prices[0]


def _unrolled() -> float:
    """Two numbers, one step of the critic at rate 0.1: its new slope is psi - 0.1 theta sigmoid(psi theta)."""
    game = game_of(DIVERGENCES["minimax"](), {}, unroll=1, unroll_lr=0.1)
    play = Play(game.networks, Batch(torch.zeros(4, 1, dtype=torch.float64)), game.prior)
    player = game.players[-1]
    with game.only(player):
        torch.stack(list(player.loss(play).values())).sum().backward()
    theta, psi = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in START)
    ahead = psi - 0.1 * theta * torch.sigmoid(psi * theta)
    (want,) = torch.autograd.grad(-nn.functional.softplus(ahead * theta), theta)
    (weight,) = game.parameters(player)
    assert weight.grad is not None
    return abs(float(weight.grad - want))


def _packed() -> float:
    x = noise(8, 0, (3, 2, 2))
    shown = pack(x, 2)
    return float((shown[:, :3] - x[0::2]).abs().max() + (shown[:, 3:] - x[1::2]).abs().max())


def _clipped() -> float:
    network = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 1))
    clip_weights(0.01)(network)
    return max(float(weight.detach().abs().max()) for weight in network.parameters())


def _spectral() -> float:
    layer: Any = NORMS["spectral"]().around(nn.Linear(16, 16))
    for _ in range(100):  # each pass in training takes one step of the power iteration
        layer(torch.zeros(1, 16))
    return float(torch.linalg.matrix_norm(layer.weight.detach(), 2))


def _augmented(name: str, images: Tensor) -> Tensor:
    """By the same draws each time."""
    options: dict[str, Any] = {"probability": 0.8} if name == "ada" else {}
    augmentation = AUGMENTATIONS[name](**options) if name == "none" else AUGMENTATIONS[name](_IMAGES, **options)
    reseed(0)
    return augmentation(images)[0]


def _differentiable(name: str) -> float:
    images, way = (noise(4, seed, _IMAGES) / 4 for seed in (1, 2))
    images.requires_grad_()
    loss = lambda x: torch.sin(_augmented(name, x)).sum()  # noqa: E731
    felt = float((torch.autograd.grad(loss(images), images)[0] * way).sum())
    true = float((loss(images + 1e-6 * way) - loss(images - 1e-6 * way)).detach()) / 2e-6
    return abs(felt - true) / (1 + abs(true))


def _own(name: str) -> float:
    images = noise(8, 1, _IMAGES) / 4
    changed = images.clone()
    changed[3] = -changed[3]
    apart = (_augmented(name, images) - _augmented(name, changed)).abs().flatten(1).amax(dim=1)
    return float(apart[[i for i in range(8) if i != 3]].max())


def _controlled() -> float:
    augmentation = AUGMENTATIONS["ada"](_IMAGES, target=0.6, speed=5000, interval=4)
    for _ in range(8):
        augmentation.watch(torch.ones(64))
    return float(augmentation.probability)


_GAMES: dict[str, tuple[str, tuple[str, ...], Mapping[str, Any]]] = {
    "GAN": ("minimax", (), {}),
    "WGAN-GP scored in one pass": ("wasserstein", ("gradient_penalty",), {"together": True}),
    "R3GAN": ("relativistic", ("r1", "r2"), {}),
    "hinge with noise, packed": ("hinge", ("r1",), {"noise": 0.1, "pack": 2}),
}
_INFERRING: dict[str, dict[str, Any]] = {
    "vae": {"warmup": 10},
    "iwae": {},
    "vae_gan": {"gates": True},
    "bigan": {},
    "aae": {},
    "infogan": {},
}


def compiled_claims() -> list[Claim]:
    """For each player of some games, and for all of each game with an encoder."""
    return [
        Claim(
            f"{words}: the {player}'s loss compiled (aot_eager) equals eager, and so do its gradients",
            "definition",
            "equal",
            partial(_compiled, words, index),
            _GAMES[words][1] or (_GAMES[words][0],),
        )
        for words in _GAMES
        for index, player in enumerate(("critic", "generator"))
    ] + [
        Claim(
            f"{name}: every player's loss compiled (aot_eager) equals eager, and so do its gradients",
            "definition",
            "equal",
            partial(_all_compiled, name),
            (name,),
        )
        for name in _INFERRING
    ]


def _compiled(words: str, index: int) -> Answer:
    divergence, penalties, options = _GAMES[words]
    game = small_game(DIVERGENCES[divergence](), {name: PENALTIES[name]() for name in penalties}, **options)
    return _alike(game, game.players[index])


def _all_compiled(name: str) -> Answer:
    game = inferring_game(name, **_INFERRING[name])
    answers = [_alike(game, player) for player in game.players]
    return next((answer for answer in answers if not answer.passed), answers[0])


def _alike(game: Game, player: Player) -> Answer:
    def fresh() -> Callable[[], Tensor]:
        play = play_of(game)
        reseed(1)
        play.z  # noqa: B018 - drawn before, so that both see the same
        return lambda: torch.stack(list(player.loss(play).values())).sum()

    with game.only(player):
        return compiled_equals_eager(fresh, game.parameters(player), f"the {player.name}'s loss")


_SOURCE = "Goodfellow et al. 2014"
_AROUND: dict[str, Mapping[str, Any]] = {
    "packed by 2": {"pack": 2},
    "with noise": {"noise": 0.1},
    "unrolled 3 times": {"unroll": 3},
    "paid every other round": {"lazy": 2},
    "scored in one pass": {"together": True},
}
Make = Callable[[], Game]


def reach_claims() -> list[Claim]:
    """For each divergence, each penalty, and each thing around a contest."""
    games: dict[str, tuple[Make, str]] = {}
    for name in DIVERGENCES:
        games[name] = (partial(_game, name, None, {}), name)
    for name in PENALTIES:
        games[name] = (partial(_game, "hinge", name, {}), name)
    for words, options in _AROUND.items():
        games[f"a contest {words}"] = (partial(_game, "minimax", "gradient_penalty", options), "gan")
    sentence = "each player's terms reach all its weights, and no other's"
    return [
        Claim(
            f"{words}: {sentence}",
            _SOURCE,
            "own: all, other: none",
            partial(_reaches, make, 2 if "packed" in words else 1),
            (about,),
        )
        for words, (make, about) in games.items()
    ]


def _game(divergence: str, penalty: str | None, options: Mapping[str, Any]) -> Game:
    penalties: dict[str, Penalty] = {} if penalty is None else {penalty: PENALTIES[penalty]()}
    return small_game(DIVERGENCES[divergence](), penalties, **options)


def _reaches(make: Make, pack: int) -> Answer:
    for count in SIZES:
        game = make()
        for player in game.players:
            if fault := _fault(game, player, count * pack):
                return Answer(fault, False, fault)
    return Answer("own: all, other: none", True)


def _fault(game: Game, player: Player, count: int) -> str:
    """What the player's loss reaches that it should not, or does not that it should."""
    game.networks.zero_grad()
    with game.only(player):
        torch.stack(list(player.loss(play_of(game, count)).values())).sum().backward()
    for name, weight in game.networks.named_parameters():
        owned, reached = name.split(".")[0] in player.networks, weight.grad is not None and bool(weight.grad.any())
        if owned and not reached:
            return f"the {player.name}'s terms do not reach {name} at batch {count}"
        if reached and not owned:
            return f"the {player.name}'s terms reach {name} at batch {count}"
    return ""
