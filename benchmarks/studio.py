"""How fast the studio is: `python benchmarks/studio.py`; needs the extra `studio`, playwright and a chromium.

Printed are the time from the command to the served page; of listing 100 runs, cold and again; the bytes and requests of
the first view; and the time from moving a slider to the picture, on the page, for 28 x 28 pixels: median and the 95th
percentile of 100 moves.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

import equilibria as eq
from equilibria.apps.studio.runs import Runs
from equilibria.apps.studio.server import key, link

PORT, MOVES = 8766, 100
_MOVE = """async (value) => {
  const range = document.querySelector('.sliders input'), canvas = document.querySelector('canvas');
  const before = canvas.toDataURL(), start = performance.now();
  range.value = value;
  range.dispatchEvent(new Event('input'));
  const waits = () => canvas.toDataURL() === before && performance.now() - start < 2000;
  while (waits()) await new Promise((next) => setTimeout(next, 1));
  return performance.now() - start;
}"""


def main() -> None:
    """Measure, and print a line for each."""
    with tempfile.TemporaryDirectory() as place:
        runs = Path(place)
        wish: dict[str, Any] = {"data": "fashion", "rounds": 60, "name": "run", "runs": place, "quiet": True}
        first = Path(str(eq.train("gan-ns", **wish).folder))
        for i in range(99):
            shutil.copytree(first, runs / f"copy-{i:02}")
        print(f"listing 100 runs: {_seconds(lambda: Runs(runs).list()) * 1000:.0f} ms cold", end=", ")
        again = Runs(runs)
        again.list()
        print(f"{statistics.median(_seconds(again.list) for _ in range(9)) * 1000:.1f} ms again (median of 9)")
        command = [sys.executable, "-m", "equilibria", "studio", place, "--port", str(PORT), "--no-browser"]
        start = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            server.stdout.readline()
            _page(start)
            server.terminate()


def _page(start: float) -> None:
    with sync_playwright() as driver:
        began = time.perf_counter()
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page, sizes = browser.new_page(), list[int]()
        start += time.perf_counter() - began  # the browser is not the studio
        page.on("response", lambda response: sizes.append(int(response.headers.get("content-length", 0))))
        page.goto(link(PORT, key()))
        print(f"from the command to the page: {time.perf_counter() - start:.2f} s")
        page.wait_for_selector(".runs li")
        own = [size for size in sizes if size]
        print(f"first view: {len(own)} answers of {sum(own) / 1000:.0f} kB with the pictures in sight")
        page.goto(f"http://127.0.0.1:{PORT}/#/run/run/latents")
        page.wait_for_selector(".sliders output:not(:empty)", timeout=60_000)
        page.wait_for_timeout(2000)
        times = sorted(page.evaluate(_MOVE, -3 + 6 * i / MOVES) for i in range(MOVES))
        print(f"slider to picture: median {statistics.median(times):.0f} ms, 95 % {times[int(0.95 * MOVES)]:.0f} ms")
        browser.close()


def _seconds(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
