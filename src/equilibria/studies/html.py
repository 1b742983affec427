"""The HTML skeleton and style of a page."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

CSS = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5d6776; --line: #d9dee6; --page: #ffffff; --card: #f5f7fa; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3e7ee; --soft: #9aa5b5; --line: #343c49; --page: #14181f; --card: #1d232c; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 1rem 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2rem 0 .6rem; padding-bottom: .2rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; overflow-wrap: anywhere; }
p { margin: .4rem 0; overflow-wrap: anywhere; }
p.soft, figcaption, small { color: var(--soft); }
p.claim { background: var(--card); border-left: 4px solid #4477aa; padding: .6rem .8rem; border-radius: 0 6px 6px 0; }
.wide { overflow-x: auto; margin: .6rem 0; }
table { border-collapse: collapse; font-size: .85rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; min-width: 4rem; }
th { font-weight: 600; }
td.n { font-variant-numeric: tabular-nums; white-space: nowrap; }
table.said td:nth-child(2) { white-space: normal; }
figure { margin: 0; }
figcaption { font-size: .8rem; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 1rem; }
.sheets { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(45%, 210px), 1fr)); gap: .8rem; }
svg { width: 100%; height: auto; display: block; }
img { width: 100%; height: auto; display: block; background: #fff; border-radius: 4px; image-rendering: auto; }
.legend { list-style: none; padding: 0; margin: .4rem 0; font-size: .9rem;
  display: flex; flex-wrap: wrap; gap: .2rem 1rem; }
.legend i { display: inline-block; width: 1.4em; height: .3em; margin-right: .4em; vertical-align: middle; }
pre { background: var(--card); padding: .7rem; border-radius: 6px; overflow-x: auto; font-size: .8rem; line-height: 1.4;
  white-space: pre-wrap; overflow-wrap: anywhere; }
details { margin: .6rem 0; }
summary { cursor: pointer; font-weight: 600; }
.finding { background: var(--card); border-radius: 6px; padding: .5rem .8rem; margin: .6rem 0; }
@media print {
  :root { --ink: #000; --soft: #444; --line: #bbb; --page: #fff; --card: #f4f4f4; }
  main { max-width: none; padding: 0; }
  body { font-size: 11pt; }
  .wide { overflow: visible; }
  td.n { white-space: normal; }
  figure, tr, .finding { break-inside: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
  h2, h3 { break-after: avoid; }
}
"""


_PHONE = '<meta name="viewport" content="width=device-width, initial-scale=1">'
_RULES = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # whatever is in it, a page asks for nothing


def page(title: str, *parts: str) -> str:
    """A whole page; parts are HTML."""
    rules = f'<meta http-equiv="Content-Security-Policy" content="{_RULES}">'
    named = f"<title>{escape(title)}</title>\n<style>{CSS}</style>"
    head = f'<meta charset="utf-8">\n{_PHONE}\n{rules}\n{named}'
    body = "\n".join(part for part in parts if part)
    top = f'<!doctype html>\n<html lang="en">\n<head>\n{head}\n</head>'
    return f"{top}\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"


def section(title: str, *parts: str) -> str:
    """A heading and what stands below it; nothing where there is nothing."""
    inner = "\n".join(part for part in parts if part)
    return f"<section>\n<h2>{escape(title)}</h2>\n{inner}\n</section>" if inner else ""


def heading(text: str, level: int = 1) -> str:
    """A title."""
    return f"<h{level}>{escape(text)}</h{level}>"


def paragraph(text: str, kind: str = "") -> str:
    """Plain text."""
    return f"<p{_kind(kind)}>{escape(text)}</p>" if text else ""


def code(text: str) -> str:
    """What is typed or stored, as it is."""
    return f"<pre>{escape(text)}</pre>"


def folded(title: str, *parts: str) -> str:
    """What is seen when its title is clicked; a printed page shows the title alone."""
    inner = "\n".join(part for part in parts if part)
    return f"<details>\n<summary>{escape(title)}</summary>\n{inner}\n</details>" if inner else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0, kind: str = "") -> str:
    """Cells of plain text, a line break where there is one; those from column `numbers` on (0: none) are figures.

    The first cell of a row is its name.
    """
    top = "".join(f'<th scope="col">{_lines(cell)}</th>' for cell in head)
    body = "\n".join(f"<tr>{''.join(_cell(i, cell, numbers) for i, cell in enumerate(row))}</tr>" for row in rows)
    inner = f"<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody>"
    return f'<div class="wide"><table{_kind(kind)}>\n{inner}\n</table></div>'


def picture(path: Path, caption: str) -> str:
    """A PNG within the page, with what it shows."""
    data = base64.b64encode(path.read_bytes()).decode()
    image = f'<img alt="{escape(caption)}" src="data:image/png;base64,{data}">'
    return f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>"


def plot(svg: str, caption: str, below: str = "") -> str:
    """A drawing within the page; what stands `below` is HTML."""
    said = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f'<figure class="plot">{svg}{said}{below}</figure>'


def grid(*parts: str, kind: str = "plots") -> str:
    """Figures next to each other, as many as the screen has room for."""
    return f'<div class="{kind}">\n' + "\n".join(parts) + "\n</div>" if parts else ""


def legend(names: Sequence[str], colors: Sequence[str]) -> str:
    """Which colour is whose."""
    marks = (f'<li><i style="background:{c}"></i>{escape(n)}</li>' for n, c in zip(names, colors, strict=True))
    return f'<ul class="legend">{"".join(marks)}</ul>'


def _cell(place: int, text: str, numbers: int) -> str:
    if place == 0:
        return f'<th scope="row">{_lines(text)}</th>'
    return f"<td{_kind('n' if numbers and place >= numbers else '')}>{_lines(text)}</td>"


def _lines(text: str) -> str:
    first, *rest = (escape(line) for line in text.split("\n"))
    return first + "".join(f"<br><small>{line}</small>" for line in rest)


def _kind(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
