"""The HTML skeleton and style of a page."""

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import PIL.Image

CSS = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5d6776; --line: #d9dee6; --page: #ffffff; --card: #f5f7fa; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3e7ee; --soft: #9aa5b5; --line: #343c49; --page: #14181f; --card: #1d232c; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 1rem; }
h1, h3, p, td, figcaption, pre { overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 1rem 0 .3rem; } h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 .6rem; padding-bottom: .2rem; border-bottom: 1px solid var(--line); }
p { margin: .4rem 0; } p.soft, figcaption, small { color: var(--soft); }
p.claim { background: var(--card); border-left: 4px solid #4477aa; padding: .6rem .8rem; border-radius: 0 6px 6px 0; }
.wide { overflow-x: auto; margin: .6rem 0;  /* a shadow where there is more */
  background: linear-gradient(90deg, var(--page) 50%, transparent) 0 / 2rem 100% local,
    linear-gradient(270deg, var(--page) 50%, transparent) 100% / 2rem 100% local,
    linear-gradient(90deg, var(--line), transparent) 0 / 1rem 100%,
    linear-gradient(270deg, var(--line), transparent) 100% / 1rem 100%; background-repeat: no-repeat; }
table { border-collapse: collapse; font-size: .85rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid var(--line); }
td { min-width: 4rem; } th { font-weight: 600; }
tbody th { position: sticky; left: 0; background: var(--page); max-width: 9rem; }
td.n { font-variant-numeric: tabular-nums; white-space: nowrap; } table.facts td:nth-child(2) { white-space: normal; }
figure { margin: 0; } figcaption { font-size: .8rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 1rem; }
.newest { max-width: 560px; } svg, img { width: 100%; height: auto; display: block; }
.samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(45%, 210px), 1fr)); gap: .8rem; }
img { background: #fff; border-radius: 4px; }
.legend { list-style: none; padding: 0; margin: .4rem 0; font-size: 90%; display: flex; flex-wrap: wrap; gap: 0 1rem; }
.legend i { display: inline-block; width: 1.4em; height: .3em; margin-right: .4em; vertical-align: middle; }
pre, .finding { background: var(--card); border-radius: 6px; }
pre { padding: .7rem; overflow-x: auto; font-size: .8rem; line-height: 1.4; white-space: pre-wrap; }
details { margin: .6rem 0; } summary { cursor: pointer; font-weight: 600; }
.finding { padding: .5rem .8rem; margin: .6rem 0; }
@media print {
  :root { --ink: #000; --soft: #444; --line: #bbb; --page: #fff; --card: #f4f4f4; }
  main { max-width: none; padding: 0; } body { font-size: 11pt; } .wide { overflow: visible; }
  td.n { white-space: normal; } figure, tr, .finding { break-inside: avoid; } h2, h3 { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
"""


_PHONE = '<meta name="viewport" content="width=device-width, initial-scale=1">'
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # a page never makes a request


def page(title: str, *parts: str) -> str:
    """A whole page with these parts, which are HTML."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    style = f"<title>{escape(title)}</title>\n<style>{CSS}</style>"
    head = f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{_PHONE}\n{policy}\n{style}\n</head>'
    return f"{head}\n<body>\n<main>\n{_joined(parts)}\n</main>\n</body>\n</html>\n"


def section(title: str, *parts: str) -> str:
    """A heading and the parts below it; empty if they are."""
    inner = _joined(parts)
    return f"<section>\n<h2>{escape(title)}</h2>\n{inner}\n</section>" if inner else ""


def heading(text: str, level: int = 1) -> str:
    """A heading."""
    return f"<h{level}>{escape(text)}</h{level}>"


def paragraph(text: str, kind: str = "") -> str:
    """Plain text."""
    return f"<p{_kind(kind)}>{escape(text)}</p>" if text else ""


def code(text: str) -> str:
    """Preformatted text."""
    return f"<pre>{escape(text)}</pre>"


def folded(title: str, *parts: str) -> str:
    """Parts that open with a click on their title."""
    inner = _joined(parts)
    return f"<details>\n<summary>{escape(title)}</summary>\n{inner}\n</details>" if inner else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0, kind: str = "") -> str:
    """A table of plain text, which may have line breaks. The first cell of a row is its name.

    The columns from `numbers` on hold numbers (0: none do).
    """
    top = "".join(f'<th scope="col">{_lines(cell)}</th>' for cell in head)
    body = "\n".join(f"<tr>{''.join(_cell(i, cell, numbers) for i, cell in enumerate(row))}</tr>" for row in rows)
    inner = f"<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody>"
    return f'<div class="wide"><table{_kind(kind)}>\n{inner}\n</table></div>'


def picture(path: Path, caption: str, most: int | None = None) -> str:
    """A PNG inside the page, with a caption; a picture of more than `most` bytes is compressed, and made smaller."""
    content, kind = path.read_bytes(), "png"
    if most is not None and len(content) > most:
        content, kind = _compressed(content, most), "jpeg"
    data = base64.b64encode(content).decode()
    return plot(f'<img alt="{escape(caption)}" src="data:image/{kind};base64,{data}">', caption)


def _compressed(content: bytes, most: int) -> bytes:
    """A PNG as a JPEG of at most so many bytes: at half the size, as often as needed."""
    with PIL.Image.open(io.BytesIO(content)) as image:
        small = image.convert("RGB")
    while True:
        small.save(buffer := io.BytesIO(), "JPEG", quality=85)
        if len(buffer.getvalue()) <= most or min(small.size) < 2:
            return buffer.getvalue()
        small = small.reduce(2)


def plot(drawing: str, caption: str, below: str = "") -> str:
    """An SVG or a picture with its caption; `below` is HTML."""
    text = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f"<figure>{drawing}{text}{below}</figure>"


def grid(*parts: str, kind: str = "plots") -> str:
    """Parts next to each other, as many in a row as fit the screen."""
    return f'<div class="{kind}">\n' + "\n".join(parts) + "\n</div>" if parts else ""


def legend(names: Sequence[str], colors: Sequence[str]) -> str:
    """Names with their colors."""
    marks = (f'<li><i style="background:{c}"></i>{escape(n)}</li>' for n, c in zip(names, colors, strict=True))
    return f'<ul class="legend">{"".join(marks)}</ul>'


def _cell(place: int, text: str, numbers: int) -> str:
    if place == 0:
        return f'<th scope="row">{_lines(text)}</th>'
    return f"<td{_kind('n' if numbers and place >= numbers else '')}>{_lines(text)}</td>"


def _lines(text: str) -> str:
    first, *rest = (escape(line) for line in text.split("\n"))
    return first + "".join(f"<br><small>{line}</small>" for line in rest)


def _joined(parts: Iterable[str]) -> str:
    return "\n".join(part for part in parts if part)


def _kind(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
