"""Play the laboratory anew: `make lab`, some five minutes on one core, or `python benchmarks/laboratory.py SLUG ...`.

Writes the records that come with the library (src/equilibria/lab/played) and the figures and tables of the course
(docs/course, docs/zh/course).
"""

import gzip
import io
import sys
from pathlib import Path

import PIL.Image

from equilibria.drawing.plot import draw
from equilibria.lab import CONTENTS, Record, played, run

ROOT = Path(__file__).parents[1]
PLAYED = ROOT / "src" / "equilibria" / "lab" / "played"
FIGURES = ROOT / "docs" / "course" / "figures"
PAGES = (("en", ROOT / "docs" / "course"), ("zh", ROOT / "docs" / "zh" / "course"))
HEADS = {"en": ("claim", "theory", "here"), "zh": ("论断", "理论", "这里")}
MOST = 25_000  # bytes of one record


def table(record: Record, language: str) -> str:
    """The claims of a record as Markdown."""
    rows = [HEADS[language], ("---", "--:", "--:")]
    rows += [(c.sentence.in_(language).replace("|", "\\|"), c.theory, c.measured) for c in record.claims]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def write_tables(record: Record) -> None:
    """Put the claims of a record into the pages of the course, in the place of those that are there."""
    for language, folder in PAGES:
        for page in folder.glob("*.md"):
            text = page.read_text("utf-8")
            start, found, rest = text.partition(f"<!-- {record.slug} -->\n")
            if found:
                end = rest[rest.index("<!-- end -->") :]
                page.write_text(f"{start}{found}\n{table(record, language)}\n\n{end}", "utf-8")


def main() -> int:
    """Play each experiment; returns 1 if a claim does not hold or a record is too large."""
    failures = 0
    PLAYED.mkdir(exist_ok=True)
    FIGURES.mkdir(parents=True, exist_ok=True)
    if sys.argv[1:] == ["--tables"]:  # of the records that are stored
        for slug in CONTENTS:
            write_tables(played(slug))
        return 0
    for slug in sys.argv[1:] or CONTENTS:
        record = run(slug)
        stored = gzip.compress(record.to_json().encode(), 9, mtime=0)
        (PLAYED / f"{slug}.json.gz").write_bytes(stored)
        for language in ("en", "zh"):
            picture = PIL.Image.open(io.BytesIO(draw(record.figure, "png", language))).convert("RGB")
            picture.quantize(96, dither=PIL.Image.Dither.NONE).save(FIGURES / f"{slug}-{language}.png", optimize=True)
        write_tables(record)
        wrong = [claim.sentence.en for claim in record.claims if not claim.holds]
        print(f"{record}, {len(stored):,} bytes", *wrong, sep="\n  does not hold: ", flush=True)
        failures += bool(wrong) + (len(stored) > MOST)
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
