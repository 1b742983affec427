"""Play the laboratory anew: `make lab`, some seven minutes on one core, or `python benchmarks/laboratory.py SLUG ...`.

Writes the records that come with the library (src/equilibria/lab/played) and the figures of the course (docs/course).
"""

import gzip
import io
import sys
from pathlib import Path

import PIL.Image

from equilibria.drawing.plot import draw
from equilibria.lab import CONTENTS, run

ROOT = Path(__file__).parents[1]
PLAYED = ROOT / "src" / "equilibria" / "lab" / "played"
FIGURES = ROOT / "docs" / "course" / "figures"
MOST = 25_000  # bytes of one record


def main() -> int:
    """Play each experiment; returns 1 if a claim does not hold or a record is too large."""
    failures = 0
    PLAYED.mkdir(exist_ok=True)
    FIGURES.mkdir(parents=True, exist_ok=True)
    for slug in sys.argv[1:] or CONTENTS:
        record = run(slug)
        stored = gzip.compress(record.to_json().encode(), 9, mtime=0)
        (PLAYED / f"{slug}.json.gz").write_bytes(stored)
        for language in ("en", "zh"):
            picture = PIL.Image.open(io.BytesIO(draw(record.figure, "png", language))).convert("RGB")
            picture.quantize(96, dither=PIL.Image.Dither.NONE).save(FIGURES / f"{slug}-{language}.png", optimize=True)
        wrong = [claim.sentence.en for claim in record.claims if not claim.holds]
        print(f"{record}, {len(stored):,} bytes", *wrong, sep="\n  does not hold: ", flush=True)
        failures += bool(wrong) + (len(stored) > MOST)
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
