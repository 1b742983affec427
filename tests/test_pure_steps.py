"""Steps are pure: what is computed in a move neither waits for the host nor names a device; modules stay short."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "equilibria"
PURE = ("terms", "networks", "games")
MAY_DETACH = ("terms/gradients.py",)  # elsewhere freezing does it
HOST_READS = {"item", "tolist", "numpy", "cpu", "cuda"}
SIDE_EFFECTS = {"print", "open", "input"}
OUTSIDE = {"time", "datetime", "os", "io", "pathlib", "shutil", "subprocess"}


def impurities(source: str, module: str) -> list[str]:
    """What does not belong into a step, a sentence each."""
    tree = ast.parse(source)
    faults = [(node.lineno, fault) for node in ast.walk(tree) if (fault := _fault(node, module))]
    return [f"{module}:{line}: {fault}" for line, fault in sorted(faults)]


def _fault(node: ast.AST, module: str) -> str:
    match node:
        case ast.Call(func=ast.Attribute(attr=name)) if name in HOST_READS:
            return f"`.{name}()` moves a value between devices or to the host; keep it a tensor where it is"
        case ast.Call(func=ast.Attribute(attr="detach" | "detach_")) if module not in MAY_DETACH:
            return "`.detach()`: the player's freezing decides who learns, no loss does"
        case ast.Call(func=ast.Name(id=name)) if name in SIDE_EFFECTS:
            return f"`{name}(...)` reaches out of the step"
        case ast.Constant(value=str(text)) if text.split(":")[0] in ("cpu", "cuda", "mps"):
            return f"the device {text!r} is written into the code; take it from a tensor: device=x.device"
        case ast.Import(names=names) if found := {n.name.split(".")[0] for n in names} & OUTSIDE:
            return f"imports {', '.join(found)}: a step knows no time and no file"
        case ast.ImportFrom(module=str(name), level=0) if name.split(".")[0] in OUTSIDE:
            return f"imports {name}: a step knows no time and no file"
    return ""


def test_steps_are_pure():
    paths = [path for package in PURE for path in sorted((PACKAGE / package).rglob("*.py"))]
    found = [f for p in paths for f in impurities(p.read_text("utf-8"), p.relative_to(PACKAGE).as_posix())]
    assert paths
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "loss.item()",
        "x = x.cpu()",
        "def step(x):\n    print(x)",
        "x = torch.zeros(3, device='cuda:0')",
        "x.to('cpu')",
        "real = real.detach()",
        "import time",
        "from pathlib import Path",
    ],
)
def test_an_impure_step_is_found(source):
    line = len(source.splitlines())
    assert [fault.split(": ")[0] for fault in impurities(source, "terms/x.py")] == [f"terms/x.py:{line}"]


def test_a_pure_step_is_let_through():
    source = '"""On cpu, on cuda."""\nfor name, item in terms.items():\n    x = torch.ones(3, device=x.device)'
    assert impurities(source, "terms/x.py") == []
    assert impurities("views = view.detach()", "terms/gradients.py") == []
