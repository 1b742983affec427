"""How Sphinx builds the documentation: `make docs`. Nothing is fetched while it is built or read."""

import re
import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS))

import generate  # noqa: E402  (docs/ is no package)
from sphinx.application import Sphinx  # noqa: E402
from sphinx.errors import ExtensionError  # noqa: E402

import equilibria  # noqa: E402

project = "equilibria"
author = copyright = "The equilibria authors"
version = release = equilibria.__version__
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "equilibria"
html_copy_source = html_show_sourcelink = html_show_sphinx = False
highlight_language = "none"

_REQUEST = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=[\"']((?:https?:)?//[^\"']+)")
_IMPORT = re.compile(r"(?:@import|url\()\s*[\"']?((?:https?:)?//[^\"')]+)")


def offline(app: Sphinx, error: Exception | None) -> None:
    """Refuse a site whose pages would ask another server for a script, a style, a font or a picture."""
    if error or app.builder.name != "html":
        return
    for path in Path(app.outdir).rglob("*"):
        pattern = {".html": _REQUEST, ".css": _IMPORT}.get(path.suffix)
        if pattern and (asked := pattern.search(path.read_text(encoding="utf-8"))):
            raise ExtensionError(f"{path.relative_to(app.outdir)} asks for {asked[1]}")


def setup(app: Sphinx) -> None:
    generate.write(DOCS / "reference")
    app.connect("build-finished", offline)
