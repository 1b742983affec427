"""The formats in which a part of a model can be exported. The table is the registration."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from torch import Tensor

from ...core.errors import Refusal
from . import programs, weights
from .faces import Face


@dataclass(frozen=True)
class Format:
    """How a part becomes a file, and how the file is run again."""

    suffix: str
    runner: str  # what runs it
    write: Callable[[Face, tuple[Tensor, ...], dict[str, str], Path], None]
    read: Callable[[Path], Callable[..., tuple[Tensor, ...]]]
    packages: tuple[str, ...] = ()  # of the extra `export`
    rows_apart: bool = True  # a program whose batch is free cannot ask which rows are neighbours

    def check(self) -> None:
        """Refuse if packages are missing."""
        if missing := [name for name in self.packages if find_spec(name) is None]:
            raise Refusal(
                f"A file that ends in {self.suffix} needs the packages {', '.join(self.packages)}, and there is no "
                f"{' and no '.join(missing)}: pip install 'equilibria[export]'."
            )


FORMATS = {
    "onnx": Format(
        ".onnx", "onnxruntime", programs.write_onnx, programs.run_onnx, ("onnx", "onnxscript", "onnxruntime")
    ),
    "torch-export": Format(".pt2", "torch.export.load", programs.write_torch, programs.run_torch),
    "safetensors": Format(".safetensors", "networks rebuilt from it", weights.write, weights.read, rows_apart=False),
}
