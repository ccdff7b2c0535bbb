"""The map as a person uses it, in a real browser: Chromium without a window, opened as a file."""

from __future__ import annotations

import shutil
import time

import numpy as np
import pytest
from PIL import Image

from retrieval import Retriever
from retrieval.insight import map_page
from retrieval.insight.map_page import MapPlan

WIDTH, HEIGHT = 1000, 700


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    """60 pictures: 20 each of about one colour."""
    folder, rng = tmp_path_factory.mktemp("browser") / "photos #1", np.random.default_rng(0)
    for name, color in {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220)}.items():
        (folder / name).mkdir(parents=True)
        for number in range(20):
            corners = np.clip(rng.normal(color, 25, (2, 2, 3)), 0, 255).astype(np.uint8)
            picture = Image.fromarray(corners).resize((60, 40), Image.Resampling.NEAREST)
            picture.save(folder / name / f"{name} {number}.png")
    Retriever.build(folder, encoder=model)
    return folder


@pytest.fixture(scope="module")
def browser():
    """A window of Chromium, or the reason why there is none."""
    selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("chromium and chromedriver are not installed")
    options = selenium.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--window-size={WIDTH},{HEIGHT}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    window = selenium.Chrome(options=options, service=selenium.ChromeService(driver))
    yield window
    window.quit()


@pytest.fixture(params=["inside", "beside"])
def page(request, browser, folder, tmp_path, monkeypatch):
    """The map, opened from a file; with its pictures inside, and beside it."""
    if request.param == "beside":
        monkeypatch.setattr(map_page, "MOST_INSIDE", 0)
    out = tmp_path / "map.html"
    MapPlan.of(Retriever.open(folder)).write(out, tmp_path / "map_files", "map_files")
    assert (tmp_path / "map_files").exists() == (request.param == "beside")
    browser.get(out.as_uri())
    settled(browser, "return faces.every((face) => face.naturalWidth) && overview.image(0) !== null")
    yield browser
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def settled(browser, script):
    """Wait until the script answers with something true, and give it."""
    until = time.monotonic() + 10
    while not (value := browser.execute_script(script)):
        assert time.monotonic() < until, script
        time.sleep(0.05)
    return value


def scale(browser):
    return float(browser.find_element("id", "map").get_attribute("data-scale"))


def point_at(browser, x, y):
    """Move the mouse there, from elsewhere: a move to where it is already is none."""
    mouse(browser, "mouseMoved", x + 3, y + 3)
    mouse(browser, "mouseMoved", x, y)


def mouse(browser, kind, x, y, **more):
    event = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1, **more}
    browser.execute_cdp_cmd("Input.dispatchMouseEvent", event)


def click(browser, x, y):
    mouse(browser, "mousePressed", x, y)
    mouse(browser, "mouseReleased", x, y)


def press(browser, key):
    browser.find_element("tag name", "body").send_keys(key)


def place_of(browser, name):
    """The middle of a picture on the screen, and its name."""
    script = (
        "const i = data.names.indexOf(arguments[0]);"
        "return [screenX(columnOf(i) + 0.5), screenY(rowOf(i) + 0.5)]"
    )
    return browser.execute_script(script, name)


def pixel(browser, x, y):
    """The colour of the map at a place. A page from a file may not read what it drew; a screenshot can."""
    import io

    shot = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
    return shot.getpixel((round(x), round(y)))


def test_pictures_show_where_they_lie_from_far_and_near(page):
    press(page, "e")  # without the examples
    for factor in (1, 0.5, 6):
        page.execute_script("view.x = columnOf(7) + 0.5; view.y = rowOf(7) + 0.5; zoom(arguments[0])", factor)
        settled(page, "return +map.dataset.sheets === 1 || view.scale <= ground.cell * 1.25")
        settled(page, "return !waiting")
        name = page.execute_script("return data.names[7]")
        x, y = place_of(page, name)
        seen = pixel(page, x + 2, y + 2)
        assert ["red", "green", "blue"][int(np.argmax(seen))] == name.split("/")[0]
        assert max(seen) - min(seen) > 60


def test_from_far_the_examples_stand_for_their_clusters(page):
    canvas = page.find_element("id", "map")
    page.execute_script("view.scale = 12; redraw()")
    assert settled(page, "return !waiting && cards.length") >= 2
    card = page.execute_script("return cards[0]")
    point_at(page, card["x"] + 9, card["y"] + 9)
    assert settled(page, f"return shownCluster === {card['cluster']}")
    press(page, "e")
    assert settled(page, "return cards.length === 0")
    press(page, "e")
    assert settled(page, "return cards.length >= 2")
    click(page, card["x"] + 9, card["y"] + 9)
    assert settled(page, "return view.scale > 20")
    assert canvas.get_attribute("data-chosen") in (None, "")


def test_wheel_drag_pinch_and_buttons_move_the_map(page):
    before = scale(page)
    mouse(page, "mouseWheel", 300, 300, deltaX=0, deltaY=-400)
    assert settled(page, f"return view.scale > {before} * 1.5")
    x = page.execute_script("return view.x")
    mouse(page, "mousePressed", 500, 300)
    mouse(page, "mouseMoved", 440, 300, buttons=1)
    mouse(page, "mouseReleased", 440, 300)
    assert page.execute_script("return (view.x - arguments[0]) * view.scale", x) == pytest.approx(60, abs=1)
    assert page.find_element("id", "map").get_attribute("data-chosen") in (None, "")
    before = page.execute_script("return view.scale")
    pinch = {"x": 500, "y": 300, "scaleFactor": 2, "gestureSourceType": "touch"}
    page.execute_cdp_cmd("Input.synthesizePinchGesture", pinch)
    assert page.execute_script("return view.scale") > before * 1.5
    page.find_element("id", "all").click()
    assert settled(page, "return Math.abs(view.scale - viewOf(whole).scale) < 1e-6")


def test_hovering_and_clicking_tell_the_path_and_show_the_file(page):
    page.find_element("id", "examples").click()
    page.execute_script("Object.assign(view, viewOf(whole)); redraw()")
    settled(page, "return !waiting && cards.length === 0")
    name = page.execute_script("return data.names[11]")
    x, y = place_of(page, name)
    point_at(page, x, y)
    assert settled(page, "return byId('tip').textContent") == name
    click(page, x, y)
    link = page.find_element("id", "path")
    assert link.text == name
    # The file itself, in its own size, found in a folder whose name needs escaping.
    assert settled(page, "return byId('large').naturalWidth") == 60
    assert "/photos%20%231/" in link.get_attribute("href")
    other = "data.names[0] = 'scans//a/b c.png'; data.folders.scans = 'file:///scans'; return urlOf(0)"
    assert page.execute_script(other) == "file:///scans/a/b%20c.png"


def test_the_keyboard_does_it_all(page):
    from selenium.webdriver.common.keys import Keys

    before = scale(page)
    press(page, "+")
    assert settled(page, f"return view.scale > {before}")
    x = page.execute_script("return view.x")
    press(page, Keys.ARROW_RIGHT)
    assert page.execute_script("return view.x") > x
    press(page, Keys.ENTER)
    first = page.find_element("id", "path").text
    press(page, Keys.ARROW_LEFT)
    assert page.find_element("id", "path").text != first
    press(page, Keys.ESCAPE)
    assert not page.find_element("id", "chosen").is_displayed()
    press(page, "0")
    assert settled(page, "return Math.abs(view.scale - viewOf(whole).scale) < 1e-6")


def test_a_cluster_is_shown_by_its_example_and_leads_to_its_pictures(page):
    buttons = page.find_elements("css selector", "#clusters button")
    assert len(buttons) == page.execute_script("return numClusters")
    before = scale(page)
    buttons[0].click()
    assert settled(page, f"return view.scale > {before} * 1.1")
    example = page.execute_script("return data.names[data.examples[0]]")
    assert buttons[0].get_attribute("title").endswith(f"like {example}")
