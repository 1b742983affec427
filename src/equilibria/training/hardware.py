"""What a run needs of the machine: device, threads, matrix products, precision."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor

from ..core.errors import Refusal, nearest

DEVICES = ("auto", "cpu", "cuda", "mps")
MATMULS = ("auto", "default", "bf16")
PRECISIONS = ("auto", "fp32", "bf16")
_MOST_THREADS = 1024
_FASTER = 0.95  # of the time of a round in fp32: docs/design/quality.md
_EXACT = 1e-6  # a smaller relative error counts as full fp32
_PROBE = (64, 784, 512)
_PRODUCTS: Any = getattr(torch.backends.mkldnn, "matmul")  # noqa: B009 - the stubs of torch lack it


@dataclass(frozen=True)
class Hardware:
    """Stored with the run and used again by resume, since other settings give other bits."""

    device: str
    threads: int
    matmul: str  # "default", or "bf16": oneDNN's products, full fp32 where the processor has no bf16 tiles
    precision: str
    reasons: tuple[str, ...] = ()  # why, a clause each

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        return cls(**stored | {"reasons": tuple(stored.get("reasons", ()))})

    def __str__(self) -> str:
        return "; ".join(self.reasons) or f"{self.device}, {_threads(self.threads)}, {self.matmul} products"


def choose_hardware(
    device: str = "auto", threads: int | None = None, matmul: str = "auto", precision: str = "fp32"
) -> Hardware:
    """The hardware for these options; `auto` is 1 thread and fp32 until a round has been timed. Raises Refusal."""
    device, why_device = _device(device)
    matmul, why_matmul = _matmul(matmul) if device == "cpu" else ("default", "")
    _check("precision", precision, PRECISIONS)
    precision = "fp32" if precision == "auto" else precision
    if threads is not None and not 1 <= threads <= _MOST_THREADS:
        raise Refusal(f"threads is {threads}: it must be a number from 1 to {_MOST_THREADS:,}.")
    why_threads = "" if threads is None else f"{_threads(threads)} (by option)"
    why_precision = "" if precision == "fp32" else "bf16 networks, with fp32 scores and penalties (error about 1e-2)"
    reasons = tuple(reason for reason in (why_device, why_threads, why_matmul, why_precision) if reason)
    return Hardware(device, threads or 1, matmul, precision, reasons)


def choose_threads(hardware: Hardware, seconds_per_round: Callable[[], float]) -> Hardware:
    """One thread or one per core, at most OMP_NUM_THREADS, whichever is faster: two can cost more than they save."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    most = min(cores(), int(limit)) if limit.isdecimal() and int(limit) else cores()
    if hardware.device != "cpu" or most == 1:
        return hardware
    times = {}
    for count in (1, most):
        torch.set_num_threads(count)
        times[count] = seconds_per_round()
    fastest = min(times, key=lambda count: times[count])
    measured = ", ".join(f"{count}: {seconds * 1e3:.1f} ms per round" for count, seconds in times.items())
    return replace(hardware, threads=fastest, reasons=(*hardware.reasons, f"{_threads(fastest)} ({measured})"))


def choose_precision(hardware: Hardware, seconds_per_round: Callable[[str], float]) -> Hardware:
    """bf16 on a processor that multiplies it, if a round is then clearly faster; else as it was."""
    capabilities = torch.cpu.get_capabilities()
    if hardware.device != "cpu" or not (capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")):
        return hardware
    slow, fast = (seconds_per_round(precision) for precision in ("fp32", "bf16"))
    if fast > _FASTER * slow:
        return hardware
    reason = f"bf16 networks, with fp32 scores and penalties ({fast * 1e3:.1f} ms per round, in fp32 {slow * 1e3:.1f})"
    return replace(hardware, precision="bf16", reasons=(*hardware.reasons, reason))


@contextmanager
def apply_hardware(hardware: Hardware) -> Iterator[None]:
    """Set PyTorch's switches for the process; restore them afterwards."""
    threads, products = torch.get_num_threads(), _PRODUCTS.fp32_precision
    cudnn = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    try:
        torch.set_num_threads(hardware.threads)
        if hardware.matmul == "bf16":
            _PRODUCTS.fp32_precision = "bf16"
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
        yield
    finally:
        torch.set_num_threads(threads)
        _PRODUCTS.fp32_precision = products
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = cudnn


def _check(option: str, name: str, names: Sequence[str]) -> None:
    if name not in names:
        raise Refusal(f"No {option} is called {name!r}.{nearest(name, names)}")


def _threads(count: int) -> str:
    return f"{count} thread{'s' * (count > 1)}"


def _device(name: str) -> tuple[str, str]:
    """A device, and the reason."""
    _check("device", name, DEVICES)
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name != "auto":
        if not available[name]:
            raise Refusal(f"The device {name!r} is not available here: use --device auto.")
        return name, f"{name} (by option)"
    if available["cuda"]:
        return "cuda", f"cuda ({torch.cuda.get_device_name()})"
    if available["mps"]:
        return "mps", "mps (Apple GPU)"
    return "cpu", f"cpu (no GPU that PyTorch can use; {cores()} cores)"


def _matmul(name: str) -> tuple[str, str]:
    """The kind of matrix products, and the reason."""
    _check("matmul", name, MATMULS)
    if name != "auto":
        return name, f"{name} matrix products (by option)"
    error, speedup = _probe()
    if error > _EXACT:
        return "default", f"PyTorch's matrix products (oneDNN's bf16 mode would round: error {error:.0e})"
    if speedup < 1.1:
        return "default", f"PyTorch's matrix products (oneDNN's bf16 mode is {speedup:.2f} times as fast)"
    return "bf16", f"oneDNN matrix products ({speedup:.1f} times as fast here, still fp32: error {error:.0e})"


def _probe() -> tuple[float, float]:
    """The relative error of bf16-mode products against float64, and their speedup, on one thread."""
    rows, inner, columns = _PROBE
    source = torch.Generator().manual_seed(0)
    a, b = torch.randn(rows, inner, generator=source), torch.randn(inner, columns, generator=source)
    exact = a.double() @ b.double()
    default, _ = _timed(Hardware("cpu", 1, "default", "fp32"), a, b)
    bf16, product = _timed(Hardware("cpu", 1, "bf16", "fp32"), a, b)
    return float((product - exact).norm() / exact.norm()), default / bf16


def _timed(hardware: Hardware, a: Tensor, b: Tensor) -> tuple[float, Tensor]:
    """The best time of a product in thirty, after three, and the product."""
    with apply_hardware(hardware):
        product = [a @ b for _ in range(3)][-1]
        times = []
        for _ in range(30):
            start = time.perf_counter()
            product = a @ b
            times.append(time.perf_counter() - start)
    return min(times), product


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
