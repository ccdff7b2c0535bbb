"""The page in a real browser: what a person does with it."""

from __future__ import annotations

import base64
import io
import shutil

import pytest
from PIL import Image

from retrieval import Retriever

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER), reason="no Chromium: apt-get install chromium chromium-driver"
    ),
]

SECONDS = 15
# A picture of one colour as a file on the page, as if it came from elsewhere.
GIVE = """
const [kind, color, done] = arguments, canvas = document.createElement("canvas");
canvas.width = canvas.height = 32;
const pen = canvas.getContext("2d");
pen.fillStyle = color;
pen.fillRect(0, 0, 32, 32);
canvas.toBlob((blob) => {
  const data = new DataTransfer();
  data.items.add(new File([blob], `${color}.png`, { type: "image/png" }));
  const options = { bubbles: true, cancelable: true };
  document.body.dispatchEvent(kind === "drop" ? new DragEvent("drop", { ...options, dataTransfer: data })
    : new ClipboardEvent("paste", { ...options, clipboardData: data }));
  done();
}, "image/png");
"""


@pytest.fixture(scope="module")
def browser():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for each in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,900"):
        options.add_argument(each)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, listening):
    """The page, loaded; at the end nothing may stand in the browser's log."""
    host, port = listening()
    browser.get(f"http://{host}:{port}/")
    seen = Page(browser)
    seen.wait_for(lambda: "5 pictures" in seen.text("#status"))
    yield seen
    assert [entry["message"] for entry in browser.get_log("browser")] == []


class Page:
    """What a person sees of the page, and does to it."""

    def __init__(self, browser):
        self.browser = browser

    def wait_for(self, condition):
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.support.ui import WebDriverWait

        waiting = WebDriverWait(
            self.browser, SECONDS, 0.05, ignored_exceptions=[StaleElementReferenceException]
        )
        waiting.until(lambda _: condition())

    def all(self, selector):
        return self.browser.find_elements("css selector", selector)

    def one(self, selector):
        return self.browser.find_element("css selector", selector)

    def text(self, selector):
        return self.one(selector).text

    @property
    def names(self):
        return [each.text for each in self.all("#grid .path")]

    def wait_for_first(self, name):
        self.wait_for(lambda: self.names[:1] == [name] and "ms." in self.text("#status"))

    def click(self, selector, number=0):
        self.all(selector)[number].click()

    def press(self, *keys):
        from selenium.webdriver import ActionChains

        ActionChains(self.browser).send_keys(*keys).perform()

    def give(self, kind, color):
        self.browser.execute_async_script(GIVE, kind, color)


def test_a_dropped_picture_finds_and_a_click_on_a_hit_goes_on_from_it(page):
    page.give("drop", "#ff0000")
    page.wait_for_first("red.png")
    assert page.text("#caption") == "#ff0000.png"
    assert page.all("#grid .distance")[0].text == "0.000"
    assert "good match" in page.text("#status")
    assert page.text("#grid .cut").startswith("From a distance of")
    page.click("#grid .open", page.names.index("blue.png"))
    page.wait_for_first("violet.png")
    assert page.text("#caption") == "cold/blue.png"
    assert "blue.png" not in page.names
    page.browser.back()
    page.wait_for_first("red.png")


def test_a_pasted_picture_finds(page):
    page.give("paste", "#0000ff")
    page.wait_for_first("blue.png")


def test_back_goes_to_the_earlier_of_two_pictures_of_the_same_name(page):
    page.browser.execute_script(
        "const F = File; File = function (b, n, o) { return new F(b, 'image.png', o); }"
    )
    page.give("paste", "#0000ff")
    page.wait_for_first("blue.png")
    page.give("paste", "#ff0000")
    page.wait_for_first("red.png")
    page.browser.back()
    page.wait_for_first("blue.png")


def test_a_service_that_does_not_answer_is_told_in_words(page):
    page.browser.execute_script("window.fetch = () => Promise.reject(new TypeError('Failed to fetch'))")
    page.click("#random")
    page.wait_for(lambda: "is retrieve serve still running?" in page.text("#status"))


def test_a_rectangle_searches_by_a_part(page, photos):
    from selenium.webdriver import ActionChains

    page.click("#grid .open", page.names.index("violet.png"))
    page.wait_for(lambda: page.text("#caption") == "violet.png")
    picture = page.one("#picture")
    page.wait_for(lambda: picture.get_property("naturalWidth") > 0)
    drag = ActionChains(page.browser).move_to_element_with_offset(picture, -60, -20)
    drag.click_and_hold().move_by_offset(90, 40).release().perform()
    page.wait_for(lambda: "region=" in page.browser.current_url)
    page.wait_for(lambda: page.one("#region").is_displayed() and page.one("#whole").is_displayed())
    page.click("#whole")
    page.wait_for(lambda: "region=" not in page.browser.current_url)


def test_pictures_are_combined_and_left_out_again(page):
    page.give("drop", "#ff0000")
    page.wait_for_first("red.png")
    page.click("#grid .plus", page.names.index("blue.png"))
    page.wait_for_first("violet.png")
    page.click("#terms button")
    page.wait_for_first("red.png")
    page.click("#grid .minus", page.names.index("reddish.png"))
    page.wait_for(lambda: "without=" in page.browser.current_url and page.all("#terms button"))


def test_a_folder_and_a_condition_filter_what_is_browsed_and_what_is_found(page):
    page.wait_for(lambda: len(page.all("#folder option")) == 3)
    page.click("#folder option", 1)
    page.wait_for(lambda: sorted(page.names) == ["blue.png", "green.png"])
    page.give("drop", "#00ff00")
    page.wait_for_first("green.png")
    assert len(page.names) == 2
    page.one("#where").send_keys("name like 'b%'\n")
    page.wait_for(lambda: page.names == ["blue.png"])
    page.one("#where").clear()
    page.one("#where").send_keys("nonsense = 1\n")
    page.wait_for(lambda: "nonsense" in page.text("#status"))
    assert page.browser.get_log("browser")  # the refusal, 422


def test_the_keyboard_does_all_of_it(page):
    from selenium.webdriver import Keys

    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ENTER)
    page.wait_for(lambda: page.text("#caption") and "ms." in page.text("#status"))
    page.wait_for(lambda: "open" in page.browser.switch_to.active_element.get_attribute("class"))
    page.press(Keys.SPACE)
    page.wait_for(lambda: page.one("#detail").is_displayed())
    title = page.text("#detail-title")
    page.press(Keys.ARROW_RIGHT)
    page.wait_for(lambda: page.text("#detail-title") != title)
    page.press(Keys.ESCAPE)
    page.wait_for(lambda: not page.one("#detail").is_displayed())
    page.press("+")
    page.wait_for(lambda: page.all("#terms button"))
    page.press(Keys.ESCAPE)
    page.wait_for(lambda: not page.one("#query").is_displayed())
    page.press("r")
    page.wait_for(lambda: "seed=" in page.browser.current_url)
    page.press("/")
    assert page.browser.switch_to.active_element.get_attribute("id") == "where"


def test_a_hit_is_looked_at_beside_what_its_vector_remembers(page):
    page.give("drop", "#ff0000")
    page.wait_for_first("red.png")
    page.click("#grid .look", 1)
    page.wait_for(lambda: len(page.all("#pair img")) == 2)
    page.click("#rebuilt")
    loaded = "return [...document.querySelectorAll('#pair img')].filter((each) => each.naturalWidth).length"
    page.wait_for(lambda: page.browser.execute_script(loaded) == 4)


def drop(page, name, content):
    """Drop a file of this content on the page."""
    page.browser.execute_script(
        """const [name, content] = arguments, data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0))], name));
        const options = { bubbles: true, cancelable: true, dataTransfer: data };
        document.body.dispatchEvent(new DragEvent("drop", options));""",
        name,
        base64.b64encode(content).decode(),
    )


def test_what_explains_a_hit_of_a_part_shows_the_places_of_that_part(page, paint, photos):
    colors = (255, 0, 0), (0, 0, 255), (0, 255, 0), (255, 255, 255)
    quarters = paint(photos / "quarters.png", *colors)
    Retriever.open(photos).update()
    page.wait_for(lambda: page.click("#home") or "6 pictures" in page.text("#status"))
    drop(page, "quarters.png", quarters.read_bytes())
    page.wait_for(lambda: page.text("#caption") == "quarters.png" and "ms." in page.text("#status"))
    page.browser.execute_script("location.hash += '&region=0,0,0.5,1'")
    page.wait_for(lambda: "ms." in page.text("#status") and page.one("#region").is_displayed())
    page.click("#grid .look", page.names.index("quarters.png"))
    page.wait_for(lambda: page.one("#why").is_displayed())
    page.click("#why")
    page.wait_for(lambda: page.text("#detail-text").startswith("Bright"))
    # How dark each half is, of 255: what was not searched for is as dark as it gets.
    dark = """const canvas = document.querySelector("#pair canvas"), { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height), halves = [[], []];
    for (let place = 0; place < width * height; place++)
      halves[place % width < width / 2 ? 0 : 1].push(data[4 * place + 3]);
    return halves.map((half) => Math.min(...half));"""
    searched, other = page.browser.execute_script(dark)
    assert searched < other == 200
    page.click("#rebuilt")
    page.wait_for(lambda: len(page.all("#pair img")) == 4)


def test_a_picture_that_the_browser_cannot_show_is_shown_by_the_service(page):
    tiff = io.BytesIO()
    Image.new("RGB", (64, 48), (255, 0, 0)).save(tiff, "TIFF")
    drop(page, "red.tiff", tiff.getvalue())
    page.wait_for_first("red.png")
    page.wait_for(lambda: page.one("#picture").get_property("naturalWidth") == 64)


def test_back_goes_to_where_one_was_while_browsing(page):
    page.browser.execute_script("document.body.style.minHeight = '5000px'; window.scrollTo(0, 700)")
    page.browser.execute_script("document.querySelector('#grid .open').click()")
    page.wait_for(lambda: "ms." in page.text("#status"))
    page.browser.back()
    page.wait_for(lambda: "5 pictures" in page.text("#status"))
    page.wait_for(lambda: page.browser.execute_script("return window.scrollY") == 700)


@pytest.mark.parametrize("width", [360, 1600])
def test_nothing_reaches_beyond_the_screen(page, width):
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    page.give("drop", "#ff0000")
    page.wait_for_first("red.png")
    reach = page.browser.execute_script("return document.documentElement.scrollWidth")
    page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert reach <= width
