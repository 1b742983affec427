"""Make the file of the built-in data set `fashion` again: `python benchmarks/fashion.py --data-root DATA`.

The first thousand training images of each class of Fashion-MNIST as one PNG, 3.9 MB: 100 x 100 images, ten rows a
class. Other lossless forms were measured: xz 3.7 MB (some builds of Python lack lzma), npz and gzip 4.3 MB, bz2 4.0 MB,
JPEG 2000 5.0 MB; differences of neighboring pixels in xz 3.8 MB or more.
"""

import argparse
from pathlib import Path

import PIL.Image

import equilibria
from equilibria.data import load_data

OUT = Path(equilibria.__file__).parent / "data" / "datasets" / "fashion.png"


def main() -> None:
    """Read the originals and write the mosaic."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    data = load_data("fashion_mnist", given.data_root)
    assert data.y is not None
    x = data.x[[int(row) for kind in range(10) for row in (data.y == kind).nonzero()[:1000]]]
    mosaic = x.view(100, 100, 28, 28).transpose(1, 2).reshape(2800, 2800)
    PIL.Image.fromarray(mosaic.numpy()).save(given.out, "PNG", compress_level=9, compress_type=1)
    print(f"{given.out}: {given.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
