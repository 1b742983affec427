"""Why a critic with a gradient penalty must not have batch norm."""

from typing import NamedTuple

import torch
from torch import Tensor

from ...core.errors import Refusal
from ...data import DATASETS
from ...drawing import Axis, Bars, Field, Figure, Line, Panel, Points, Text, plain
from ...networks import CRITICS
from ...recipes.build_networks import is_coupled
from ...terms.gradients import input_gradient
from ..experiment import Claim, Experiment, Frame, Numbers, Played, Setting, Settings, Watch, above, below, equals

NORMS = ("none", "batch", "layer", "instance", "group", "weight", "spectral")
_SIZES = (2, 4, 8, 16, 32, 64)
_LARGEST = 16  # samples of the picture of the Jacobian


class Slopes(NamedTuple):
    """The gradients of every score by every sample."""

    jacobian: Tensor  # (B, B): the norm of d score_i / d x_j
    penalty: Tensor  # (B,): the norm that a gradient penalty sees

    @property
    def share(self) -> float:
        """The share of the squared norm that is off the diagonal."""
        squares = self.jacobian.square()
        others = squares.clone().fill_diagonal_(0)
        return float(others.sum() / squares.sum())

    @property
    def ratio(self) -> float:
        """The norm that the penalty sees over the sample's own, the mean."""
        return float((self.penalty / self.jacobian.diagonal()).mean())


def slopes(critic: torch.nn.Module, x: Tensor) -> Slopes:
    """Of a critic in training mode, at samples (B, *sample)."""
    x = x.clone().requires_grad_()
    scores = critic.train()(x)
    rows = [torch.autograd.grad(score, x, retain_graph=True)[0].flatten(1).norm(dim=1) for score in scores]
    return Slopes(torch.stack(rows), input_gradient(critic, (x,), scores).detach().norm(dim=1))


def norms_of(settings: Settings) -> list[str]:
    """The norms that the network can have: instance norm needs pixels."""
    return [norm for norm in NORMS if norm != "instance" or settings.network != "dense"]


def play(settings: Settings, watch: Watch) -> Played:
    """The Jacobian of a critic with each norm, at each batch size."""
    if settings.norm not in (norms := norms_of(settings)):
        raise Refusal("Instance norm averages over pixels, and a dense network has none: choose --network dcgan.")
    data = DATASETS["digits"]()
    x, _ = data.batch(torch.randint(len(data.x), (max(*_SIZES, settings.batch),)), False)
    sizes = sorted({*_SIZES, settings.batch})
    numbers: dict[str, list[float]] = {f"{what} {norm}": [] for what in ("share", "ratio", "coupled") for norm in norms}
    numbers["sizes"] = [float(size) for size in sizes]
    pictures = dict[int, Slopes]()
    for step, norm in enumerate(norms):
        critic = CRITICS[settings.network](tuple(x.shape[1:]), 1, 0, norm=norm, width=settings.width)
        with torch.no_grad():
            critic.train()(x)  # a first pass settles what normalizes weights
        for size in sizes:
            each = slopes(critic, x[:size])
            numbers[f"share {norm}"].append(each.share)
            numbers[f"ratio {norm}"].append(each.ratio)
            if norm == settings.norm:
                pictures[size] = each
        numbers[f"coupled {norm}"].append(float(is_coupled(critic, (x[:8],))))
        watch(step + 1, len(norms))
    frames = [Frame(size, _figure(settings, numbers, pictures[size], size)) for size in sizes]
    return Played(numbers, frames, sizes.index(settings.batch))


def _figure(settings: Settings, numbers: Numbers, each: Slopes, size: int) -> Figure:
    side, at = min(size, _LARGEST), numbers["sizes"].index(size)
    share = numbers[f"share {settings.norm}"][at]
    jacobian = Panel(
        Text(
            f"{settings.norm} norm: {share:.1%} lies off the diagonal",
            f"{settings.norm} 归一化：{share:.1%} 在对角线之外",
        ),
        Axis(Text("sample", "样本"), low=0, high=side),
        Axis(Text("score", "得分"), low=0, high=side),
        [
            Field(
                (0, side),
                (0, side),
                each.jacobian[:side, :side].tolist(),
                Text("norm of d score / d sample", "∂得分/∂样本 的范数"),
            )
        ],
        aspect=1.1,
    )
    bars = Panel(
        Text("Batch norm alone couples the samples", "只有批归一化让样本互相牵连"),
        Axis(Text("norm of the critic", "判别器的归一化")),
        Axis(Text("share off the diagonal", "对角线外的占比"), low=0),
        [
            Bars(
                [plain(norm) for norm in norms_of(settings)],
                [numbers[f"share {norm}"][at] for norm in norms_of(settings)],
                Text("share", "占比"),
                role="critic",
            )
        ],
    )
    own = each.jacobian.diagonal().tolist()
    top = max(*own, *each.penalty.tolist())
    measured = Panel(
        Text(
            f"The penalty measures {numbers[f'ratio {settings.norm}'][at]:.2f} of the own norm",
            f"惩罚量到自身范数的 {numbers[f'ratio {settings.norm}'][at]:.2f} 倍",
        ),
        Axis(Text("gradient norm of the sample's own score", "样本自身得分的梯度范数"), low=0),
        Axis(Text("norm that the penalty measures", "惩罚量到的范数"), low=0),
        [
            Points(own, each.penalty.tolist(), Text("samples", "样本"), "critic"),
            Line([0, top], [0, top], Text("equal", "相等"), "theory"),
        ],
        aspect=1.1,
    )
    title = Text(f"A batch of {size}, network {settings.network}", f"批大小 {size}，网络 {settings.network}")
    return Figure(title, (jacobian, bars, measured))


def claims(settings: Settings, numbers: Numbers) -> list[Claim]:
    """For every norm but batch the Jacobian is diagonal, and the penalty sees what it should."""
    at = numbers["sizes"].index(settings.batch)
    results = list[Claim]()
    for norm in (norm for norm in norms_of(settings) if norm != "batch"):
        share = Text(f"{norm} norm: share off the diagonal, exactly", f"{norm}：对角线外的占比（精确）")
        ratio = Text(f"{norm} norm: measured over own gradient norm", f"{norm}：量到的与自身的梯度范数之比")
        results += [
            below(share, max(numbers[f"share {norm}"]), 0),
            equals(ratio, numbers[f"ratio {norm}"][at], 1, 1e-5),
        ]
    coupled = sum(numbers[f"coupled {norm}"][0] for norm in norms_of(settings) if norm != "batch")
    return [
        *results,
        above(Text("batch norm: share off the diagonal", "batch：对角线外的占比"), numbers["share batch"][at], 0.01),
        above(
            Text("batch norm: distance of measured over own norm from 1", "batch：量到的与自身范数之比与 1 的距离"),
            abs(numbers["ratio batch"][at] - 1),
            0.01,
        ),
        equals(
            Text("A probe of two batches finds batch norm coupled", "两批样本的探测：batch 归一化互相牵连"),
            numbers["coupled batch"][0],
            1,
            0,
        ),
        below(Text("and none of the others", "其余的都不"), coupled, 0),
    ]


EXPERIMENT = Experiment(
    source="Gulrajani et al. (2017), section 4",
    uses=("penalty gradient_penalty", *(f"norm {norm}" for norm in NORMS)),
    settings=(
        Setting("batch", 16, Text("samples of a batch", "每批样本数"), low=2, high=64, frames=True),
        Setting("norm", "batch", Text("norm whose Jacobian is drawn", "画出雅可比矩阵的归一化"), choices=NORMS),
        Setting("network", "dense", Text("network of the critic", "判别器的网络"), choices=("dense", "dcgan")),
        Setting("width", 16, Text("its width", "它的宽度"), low=8, high=16),
    ),
    play=play,
    claims=claims,
    answer=Text(
        "Batch normalization lets every sample's score depend on its neighbors. The penalty wants the gradient of the score at "
        "one place, and then there is no such thing: it measures a mixture of all. Layer, instance, group, weight, and "
        "spectral norms look at one sample at a time, so the gradient is its own.",
        "批归一化让每个样本的得分依赖于它的邻居。梯度惩罚要的是得分在一个点上的梯度，这时却没有这样的东西：它量到的是大家的混合。层归一化、实例归一化、组归一化、权重归一化和谱归一化一次只看一个样本，所以梯度是它自己的。",
    ),
)
