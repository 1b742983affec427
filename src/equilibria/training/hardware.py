"""What is chosen once, at the start, for the machine at hand: device, threads, matrix products, precision."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
from torch import Tensor

from ..core.errors import Refusal, nearest

DEVICES = ("auto", "cpu", "cuda", "mps")
MATMULS = ("auto", "default", "bf16")
PRECISIONS = ("fp32", "bf16")
_EXACT = 1e-6  # relative error below which the switched product counts as full fp32
_PROBE = (64, 784, 512)
_PRODUCTS: Any = getattr(torch.backends.mkldnn, "matmul")  # noqa: B009 - the stubs of torch lack it


@dataclass(frozen=True)
class Hardware:
    """Stored with the run, and reused by resume: other choices would give other bits."""

    device: str
    threads: int
    matmul: str  # "default", or "bf16": oneDNN's products, full fp32 where the processor has no bf16 tiles
    precision: str
    reasons: tuple[str, ...] = ()  # why, a clause each

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"reasons": list(self.reasons)}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        return cls(**stored | {"reasons": tuple(stored.get("reasons", ()))})

    def __str__(self) -> str:
        return "; ".join(self.reasons) or f"{self.device}, {self.threads} threads, {self.matmul} products"


def choose_hardware(
    device: str = "auto", threads: int | None = None, matmul: str = "auto", precision: str = "fp32"
) -> Hardware:
    """The device, the products and the precision; threads are 1 until `choose_threads` has timed the real step."""
    device, why_device = _device(device)
    matmul, why_matmul = _matmul(matmul) if device == "cpu" else ("default", "")
    if precision not in PRECISIONS:
        raise Refusal(f"No precision is called {precision!r}.{nearest(precision, PRECISIONS)}")
    if threads is not None and threads < 1:
        raise Refusal(f"threads is {threads}: at least 1 is needed.")
    why_threads = "" if threads is None else f"{threads} thread{'s' * (threads > 1)} as asked"
    why_precision = "" if precision == "fp32" else "bf16 networks, with fp32 scores and penalties (error about 1e-2)"
    reasons = tuple(reason for reason in (why_device, why_threads, why_matmul, why_precision) if reason)
    return Hardware(device, threads or 1, matmul, precision, reasons)


def choose_threads(choices: Hardware, seconds_a_round: Callable[[], float]) -> Hardware:
    """One thread or all of them, by the time of the real step: a second thread can cost more than it brings."""
    if choices.device != "cpu" or (cores := _cores()) == 1:
        return choices
    times = {}
    for count in (1, cores):
        torch.set_num_threads(count)
        times[count] = seconds_a_round()
    best = min(times, key=lambda count: times[count])
    reason = (
        f"{best} thread{'s' * (best > 1)} ({', '.join(f'{n}: {t * 1e3:.1f} ms a round' for n, t in times.items())})"
    )
    return Hardware(choices.device, best, choices.matmul, choices.precision, (*choices.reasons, reason))


@contextmanager
def apply_hardware(choices: Hardware) -> Iterator[None]:
    """Set the process-wide switches; put them back afterwards."""
    threads, products = torch.get_num_threads(), _PRODUCTS.fp32_precision
    deterministic = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    try:
        torch.set_num_threads(choices.threads)
        if choices.matmul == "bf16":
            _PRODUCTS.fp32_precision = "bf16"
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
        yield
    finally:
        torch.set_num_threads(threads)
        _PRODUCTS.fp32_precision = products
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = deterministic


def _device(wish: str) -> tuple[str, str]:
    """A device, and the reason."""
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wish not in DEVICES:
        raise Refusal(f"No device is called {wish!r}.{nearest(wish, DEVICES)}")
    if wish != "auto":
        if not present[wish]:
            raise Refusal(f"The device {wish!r} is not available here: use --device auto.")
        return wish, f"{wish} as asked"
    if present["cuda"]:
        return "cuda", f"cuda ({torch.cuda.get_device_name()})"
    if present["mps"]:
        return "mps", "mps (Apple graphics)"
    return "cpu", f"cpu (no graphics card that PyTorch can use; {_cores()} cores)"


def _matmul(wish: str) -> tuple[str, str]:
    """The way of multiplying matrices, and the reason."""
    if wish not in MATMULS:
        raise Refusal(f"No matmul is called {wish!r}.{nearest(wish, MATMULS)}")
    if wish != "auto":
        return wish, f"{wish} matrix products as asked"
    error, speedup = _probe()
    if error > _EXACT:
        return "default", f"PyTorch's matrix products (the switch would round: error {error:.0e})"
    if speedup < 1.1:
        return "default", f"PyTorch's matrix products (the switch brings {speedup:.2f} times)"
    return "bf16", f"oneDNN matrix products ({speedup:.1f} times faster here, still fp32: error {error:.0e})"


def _probe() -> tuple[float, float]:
    """The switched product's relative error against float64, and how much faster it is, on one thread."""
    rows, inner, columns = _PROBE
    source = torch.Generator().manual_seed(0)
    a, b = torch.randn(rows, inner, generator=source), torch.randn(inner, columns, generator=source)
    exact = a.double() @ b.double()
    plain, switched = Hardware("cpu", 1, "default", "fp32"), Hardware("cpu", 1, "bf16", "fp32")
    slow, _ = _timed(plain, a, b)
    fast, product = _timed(switched, a, b)
    return float((product - exact).norm() / exact.norm()), slow / fast


def _timed(choices: Hardware, a: Tensor, b: Tensor) -> tuple[float, Tensor]:
    """The best time of a product in thirty, after three, and the product."""
    with apply_hardware(choices):
        product = [a @ b for _ in range(3)][-1]
        times = []
        for _ in range(30):
            start = time.perf_counter()
            product = a @ b
            times.append(time.perf_counter() - start)
    return min(times), product


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
