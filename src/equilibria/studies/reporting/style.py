"""How pages look: in light and dark, on a phone, on paper."""

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
