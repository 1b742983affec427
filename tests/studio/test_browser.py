"""The page in a real browser: every screen shows, nothing comes from elsewhere, a training is started and stopped."""

import json
import multiprocessing
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from equilibria.apps.studio import server
from equilibria.records.folder import RunFolder
from equilibria.runs.session import train
from sessions import TINY, Silent

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium fonts-noto-cjk")
SCREENS = {
    "#/": "done",
    "#/run/done/film": "round 12",
    "#/run/done/curves": "critic: gradient_penalty",
    "#/run/done/recipe": "wgan-gp",
    "#/compare/done/other": "What differs",
    "#/train": "equilibria train",
    "#/lab": "What a critic knows",
    "#/help": "first and last round",
}


def _serve(root, port, cache):
    os.environ["EQUILIBRIA_CACHE"] = cache
    server.serve(Path(root), (), port, "", 1, False)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The link of a studio over two runs, and its process."""
    place = tmp_path_factory.mktemp("browser")
    wish = {"name": "done", "runs": place / "runs", **TINY, "rounds": 12, "save_every": 4, "watch": 0}
    done = train("wgan-gp", Silent(), **wish).folder
    shutil.copytree(done, place / "runs" / "other")
    recipe = json.loads((place / "runs" / "other" / "recipe.json").read_text())
    (place / "runs" / "other" / "recipe.json").write_text(json.dumps(recipe | {"batch": 17}))
    with server._listening(0) as free:
        port = free.getsockname()[1]
    process = multiprocessing.get_context("forkserver").Process(
        target=_serve, args=(str(place / "runs"), port, str(place / "cache"))
    )
    process.start()
    key = place / "cache" / "studio-key"
    while not key.exists() or len(key.read_text()) < 40:
        assert process.is_alive()
        time.sleep(0.05)
    yield server.link(port, key.read_text()), place / "runs", process
    process.kill()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@pytest.fixture
def page(browser, served):
    """The page, opened by its link; every request that is not the studio's own is refused, and remembered."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-US")
    page, link = context.new_page(), served[0]
    page.foreign, page.errors, page.sizes = [], [], []
    own = link.partition("#")[0]

    def route(route):
        if route.request.url.startswith(own):
            route.continue_()
        else:
            page.foreign.append(route.request.url)
            route.abort()

    page.route("**/*", route)
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
    page.on("response", lambda response: page.sizes.append(int(response.headers.get("content-length", 0))))
    for _ in range(100):
        try:
            page.goto(link)
            break
        except playwright.Error:
            time.sleep(0.1)
    yield page
    context.close()


def show(page, address, text):
    page.evaluate("address => { location.hash = address; }", address)
    sees(page, text)


def sees(page, text):
    playwright.expect(page.locator("main")).to_contain_text(text, timeout=60_000)


def test_every_screen_shows_in_both_languages_and_asks_nobody_else(page):
    sees(page, "done")
    assert "key" not in page.evaluate("location.hash")
    assert (len(page.sizes) <= 12, sum(page.sizes) <= 150_000) == (True, True), page.sizes
    for address, text in SCREENS.items():
        show(page, address, text)
    page.click("text=中文")
    show(page, "#/lab", "判别器知道什么")
    show(page, "#/run/done/film", "第 12 轮")
    assert (page.foreign, page.errors) == ([], [])


def test_the_slider_moves_the_samples_and_the_round_is_in_the_address(page):
    show(page, "#/run/done/film", "round 12")
    page.keyboard.press("Home")
    playwright.expect(page.locator("output")).to_have_text("round 4")
    page.locator("#at").fill("1")
    page.wait_for_url("**at=8")


def test_a_lost_server_is_said_and_the_key_is_asked_for(page, browser, served):
    stranger = browser.new_context().new_page()
    stranger.goto(served[0].partition("#")[0])
    sees(stranger, "equilibria studio --link")
    page.route("**/api/**", lambda route: route.abort())
    page.wait_for_selector("#band:not([hidden])", timeout=30_000)


@pytest.mark.long
@pytest.mark.parametrize(("language", "scheme"), [("en-US", "light"), ("zh-CN", "dark")])
def test_no_screen_has_a_serious_fault_of_accessibility(browser, served, language, scheme):
    axe = pytest.importorskip("axe_playwright_python", reason="no axe: pip install axe-playwright-python")
    page = browser.new_context(locale=language, color_scheme=scheme).new_page()
    page.goto(served[0])
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text())
    for address in [*SCREENS, "#/run/done/doctor", "#/run/done/latents", "#/lab/kl-asymmetry"]:
        page.evaluate("address => { location.hash = address; }", address)
        page.wait_for_load_state("networkidle")
        faults = page.evaluate("() => axe.run(document)")["violations"]
        serious = [fault["nodes"][0]["html"] for fault in faults if fault["impact"] in ("serious", "critical")]
        assert serious == [], address


def tab_to(page, text):
    """Press Tab until what has this text, or name, is focused."""
    name = "() => (document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || '').trim()"
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(name).startswith(text):
            return
    raise AssertionError(f"{text} cannot be reached")


@pytest.mark.long
def test_the_keyboard_alone_will_do(page, served):
    sees(page, "done")
    tab_to(page, "New training")
    page.keyboard.press("Enter")
    tab_to(page, "Start")
    page.keyboard.press("Shift+Tab")  # the settings
    page.keyboard.type("--generator.width 8 --critic.width 8 --threads 1")
    tab_to(page, "Start")
    page.keyboard.press("Enter")
    page.wait_for_selector("img.picture[src]", timeout=60_000)
    tab_to(page, "Stop")
    page.keyboard.press("Enter")
    sees(page, "stopped, round")
    tab_to(page, "Resume")
    page.keyboard.press("Enter")
    sees(page, "in training")
    tab_to(page, "Stop")
    page.keyboard.press("Enter")
    sees(page, "stopped, round")
    tab_to(page, "Doctor")
    page.keyboard.press("Enter")
    sees(page, "Critic: at rest")
    tab_to(page, "Latents")
    page.keyboard.press("Enter")
    sees(page, "latent numbers")
    before = page.locator(".sliders output").first.inner_text()
    tab_to(page, "z")
    page.keyboard.press("ArrowRight")
    playwright.expect(page.locator(".sliders output").first).not_to_have_text(before)


@pytest.mark.long
def test_a_training_is_started_watched_stopped_resumed_and_outlives_the_studio(page, served):
    root, process = served[1], served[2]
    page.evaluate("location.hash = '#/train'")
    page.fill("#name", "fresh")
    page.fill("#settings", "--generator.width 8 --critic.width 8 --threads 1")
    page.fill("#budget", "60s")
    page.click("button.main")
    page.wait_for_selector("img.picture[src]", timeout=60_000)
    page.click("text=Stop")
    sees(page, "stopped, round")
    page.click("text=Resume")
    sees(page, "in training")
    os.kill(process.pid, signal.SIGKILL)
    folder = RunFolder(root / "fresh")
    assert folder.is_locked()
    os.kill(folder.owner(), signal.SIGTERM)
    while folder.is_locked():
        time.sleep(0.1)
    assert json.loads((root / "fresh" / "events.jsonl").read_text().splitlines()[-1])["reason"] == "interrupted"
