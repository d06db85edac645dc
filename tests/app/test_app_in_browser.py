"""The app as its users see it: in a browser, with the mouse or with the keyboard alone."""

import base64
import json
import re
import urllib.error
import urllib.request

import numpy as np
import pytest

import autoden as ad
from autoden.signals import Axis, Signal

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

COMPUTING_MS = 300_000
"""What a computation may take on a machine that has much else to do; it usually takes seconds."""

CHANNELS = 120
ENERGY = np.linspace(1.0, 10.0, CHANNELS)
TRUTH = 2 + sum(
    height * np.exp(-0.5 * ((ENERGY - line) / 0.25) ** 2)
    for line, height in ((3.0, 30), (5.5, 60), (6.4, 20))
)
ROWS, COLUMNS = np.mgrid[:32, :40]
WAVES = 100 + 50 * np.sin(COLUMNS / 6) * np.cos(ROWS / 8)
DROP = """
([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true });
    if (document.body.dispatchEvent(event)) throw new Error(`the browser itself takes ${kind}`);
  }
}
"""


@pytest.fixture
def spectra(tmp_path):
    """Three repeats of a spectrum with three lines, as a table."""
    counts = np.random.default_rng(0).poisson(TRUTH, (3, CHANNELS))
    path = tmp_path / "three lines.csv"
    ad.write(path, Signal(counts, (Axis("repeat"), Axis("energy", "keV", ENERGY))))
    return path


@pytest.fixture
def image(tmp_path):
    """A noisy image."""
    noisy = WAVES + np.random.default_rng(0).normal(0, 20, WAVES.shape)
    path = tmp_path / "waves.tif"
    ad.write(path, Signal(noisy.astype(np.float32), ("y", "x")))
    return path


def curves(page):
    """Give what the figure shows: values by name of the curve."""
    page.wait_for_function("document.querySelector('[data-testid=spectrum]')?.data?.length > 0")
    return page.evaluate(
        "Object.fromEntries(document.querySelector('[data-testid=spectrum]')"
        ".data.map(trace => [trace.name, [...trace.y]]))"
    )


def span(page):
    return page.evaluate(
        "document.querySelector('[data-testid=spectrum]').layout.xaxis.range.map(Number)"
    )


def choose(page, name, option):
    page.get_by_test_id(name).click()
    page.get_by_role("option", name=option).click()


def download(page, what, folder):
    with page.expect_download() as started:
        page.get_by_test_id(f"download-{what}").click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def test_a_spectrum_is_denoised_and_comes_back(page, spectra, tmp_path):
    page.get_by_test_id("files").set_input_files(spectra)
    page.get_by_text("Taken for 3 repeats of one spectrum of 120").wait_for()
    assert page.get_by_test_id("axes").input_value() == "RE"
    assert list(curves(page)) == ["measured"]
    np.testing.assert_allclose(
        curves(page)["measured"], ad.read(spectra).data.mean(axis=0), rtol=1e-6
    )

    choose(page, "budget", "fast")
    page.get_by_test_id("denoise").click()
    page.get_by_test_id("progress").wait_for()
    page.get_by_test_id("verdict").wait_for(timeout=COMPUTING_MS)
    page.wait_for_function(
        "document.querySelector('[data-testid=spectrum]')?.data?.some(t => t.name == 'estimate')"
    )
    shown = curves(page)
    assert {"measured", "estimate", "± 1 sigma"} <= set(shown)
    assert shown["estimate"] != shown["measured"]
    assert "root mean square error" in page.get_by_test_id("verdict").inner_text()

    result = download(page, "result", tmp_path)
    assert result.name == "three lines-denoised.csv"
    estimate, sigma = ad.read(result).data
    np.testing.assert_allclose(estimate, shown["estimate"], rtol=1e-6)
    assert (sigma > 0).all()
    error = np.mean((estimate - TRUTH) ** 2)
    assert error < np.mean((np.asarray(shown["measured"]) - TRUTH) ** 2) / 2
    assert "<html" in download(page, "report", tmp_path).read_text()[:500]
    assert download(page, "model", tmp_path).suffix == ".safetensors"
    settings = json.loads(download(page, "settings", tmp_path).read_text())
    assert (settings["run"]["command"], settings["run"]["budget"]) == ("denoise", "fast")

    page.get_by_test_id("scale").get_by_text("log").click()
    page.wait_for_function(
        "document.querySelector('[data-testid=spectrum]').layout.yaxis.type == 'log'"
    )
    page.get_by_test_id("from").fill("5")
    page.get_by_test_id("to").fill("6")
    page.wait_for_function(
        "document.querySelector('[data-testid=spectrum]').layout.xaxis.range[1] == 6"
    )
    assert span(page) == [5, 6]
    page.get_by_test_id("all").click()
    page.wait_for_function(
        "document.querySelector('[data-testid=spectrum]').layout.xaxis.range[1] == 10"
    )

    page.reload()  # the job is still there, and its data are read again
    page.wait_for_function(
        "document.querySelector('[data-testid=spectrum]')?.data?.some(t => t.name == 'estimate')"
    )
    assert curves(page) == shown
    page.get_by_role("button", name="Remove job").click()
    page.get_by_text("None yet").wait_for()
    page.get_by_text("Drop a measurement to begin").wait_for()


def test_a_training_is_watched_and_cancelled_while_another_waits(page, image, tmp_path):
    page.get_by_test_id("path").fill(str(image))
    page.get_by_test_id("path").press("Enter")
    page.get_by_text("Taken for one image of 32 x 40").wait_for()
    page.locator("img.measured").wait_for()
    choose(page, "method", "n2v:")
    page.get_by_test_id("setting--epochs").fill("1000000")
    page.get_by_test_id("denoise").click()
    page.get_by_test_id("curve").wait_for(timeout=COMPUTING_MS)
    assert re.search(
        r"epoch \d+ of 1000000, held-out loss", page.get_by_test_id("progress-text").inner_text()
    )
    page.get_by_test_id("denoise").click()
    page.get_by_text("waiting for its turn").wait_for()
    second = page.locator(".job").first
    second.get_by_role("button", name="Cancel").click()
    page.get_by_text("cancelled before there was anything to keep").wait_for()

    page.locator(".job").nth(1).locator(".choose").click()
    page.get_by_test_id("cancel").click()
    page.get_by_test_id("download-result").wait_for(timeout=COMPUTING_MS)
    assert "cancelled" in page.get_by_test_id("what").inner_text()
    assert ad.read(download(page, "result", tmp_path)).shape == (32, 40)
    assert download(page, "model", tmp_path).suffix == ".safetensors"
    assert "<html" in download(page, "report", tmp_path).read_text()[:500]

    page.locator("img.denoised").wait_for()
    slider = page.get_by_test_id("cut")
    slider.focus()
    slider.press("ArrowRight")
    cut = page.get_by_test_id("compare").evaluate("e => e.style.getPropertyValue('--cut')")
    assert cut == "51%"


def test_an_image_is_dropped_and_denoised_without_choosing(page, image, tmp_path):
    page.get_by_test_id("files").wait_for()
    page.evaluate(DROP, [image.name, base64.b64encode(image.read_bytes()).decode()])
    page.get_by_text("Taken for one image of 32 x 40").wait_for()
    choose(page, "budget", "fast")
    page.get_by_test_id("denoise").click()
    page.get_by_test_id("progress").wait_for()
    page.locator("img.measured").wait_for()  # to be looked at meanwhile
    page.get_by_test_id("verdict").wait_for(timeout=COMPUTING_MS)
    page.locator("img.denoised").wait_for()
    assert page.get_by_test_id("failure").count() == 0
    estimate = ad.read(download(page, "result", tmp_path)).data
    noisy = ad.read(image).data
    assert np.mean((estimate - WAVES) ** 2) < np.mean((noisy - WAVES) ** 2) / 4
    assert (ad.read(download(page, "sigma", tmp_path)).data > 0).all()
    assert "<html" in download(page, "report", tmp_path).read_text()[:500]

    page.get_by_test_id("cut").fill("80")
    page.get_by_test_id("size").get_by_text("4:1").click()
    page.wait_for_function("document.querySelector('.compare .frame').clientWidth == 160")
    cut = page.get_by_test_id("compare").evaluate("e => e.style.getPropertyValue('--cut')")
    assert cut == "80%"


@pytest.mark.parametrize("suffix", [".h5", ".msa", ".npy"])
def test_spectra_of_other_formats_are_uploaded_and_shown(page, spectra, tmp_path, suffix):
    if suffix == ".h5":
        pytest.importorskip("h5py")
    signal = ad.read(spectra)
    if suffix == ".msa":  # which holds one spectrum
        paths = [tmp_path / f"repeat {i}.msa" for i in range(3)]
        for path, counts in zip(paths, signal.data, strict=True):
            ad.write(path, Signal(counts, signal.axes[1:]))
    else:
        paths = [tmp_path / f"spectra{suffix}"]
        ad.write(paths[0], signal)
    page.get_by_test_id("files").set_input_files(paths)
    page.get_by_text("3 x 120").first.wait_for()
    if suffix == ".npy":  # which keeps no names of axes
        page.get_by_test_id("axes").fill("RE")
        page.get_by_test_id("apply").click()
    mean = signal.data.mean(axis=0)
    np.testing.assert_allclose(curves(page)["measured"], mean, rtol=1e-6)
    assert page.get_by_test_id("axes").input_value() == "RE"
    assert page.get_by_test_id("denoise").is_enabled()


def test_a_figure_may_go_before_it_is_drawn(page, spectra):
    page.get_by_test_id("files").set_input_files(spectra)
    page.get_by_text("Taken for 3 repeats").wait_for()
    page.get_by_test_id("denoise").click()
    page.get_by_test_id("cancel").click()
    page.get_by_role("button", name="Remove job").first.click()  # once the job has ended
    page.wait_for_function("document.querySelector('[data-testid=spectrum]')?.data?.length === 1")
    assert list(curves(page)) == ["measured"]


def test_axes_that_nothing_tells_are_asked_for(page, tmp_path):
    path = tmp_path / "stack.npy"
    np.save(path, np.random.default_rng(0).normal(size=(3, 20, 30)))
    page.get_by_test_id("files").set_input_files(path)
    page.get_by_text("Say what runs along each axis, on the left").wait_for()
    assert page.get_by_test_id("denoise").is_disabled()
    page.get_by_test_id("axes").fill("QYX")
    page.get_by_test_id("apply").click()
    page.get_by_text("must be 3 different letters of R (repeats)").wait_for()
    page.get_by_test_id("axes").fill("ryx")
    page.get_by_test_id("axes").press("Enter")
    page.locator("img.measured").wait_for()
    assert page.get_by_test_id("axes").input_value() == "RYX"
    assert page.get_by_test_id("denoise").is_enabled()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"\x00\xff", "broken.csv"), (None, "does not exist")],
    ids=["empty", "binary", "absent"],
)
def test_files_that_cannot_be_read_say_why(page, tmp_path, content, message):
    path = tmp_path / "broken.csv"
    if content is not None:
        path.write_bytes(content)
    page.get_by_test_id("path").fill(str(path))
    page.get_by_test_id("open").click()
    page.locator(".status.error", has_text=message).wait_for()


def test_the_keyboard_reaches_everything_and_shows_where_it_is(page, spectra):
    def focused():
        return page.evaluate(
            "(() => { const e = document.activeElement;"
            " return e.dataset.testid || e.closest('label')?.innerText || e.innerText })()"
        )

    reached = []
    page.get_by_test_id("theme").wait_for()
    for _ in range(9):
        page.keyboard.press("Tab")
        reached.append(focused().partition("\n")[0])
    order = ["Skip to the figure", "theme", "files", "path", "open", "Method", "Budget"]
    assert [name for name in reached if name in order] == order, reached

    page.get_by_test_id("theme").focus()
    before = page.get_by_test_id("theme").get_attribute("aria-label")
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    page.wait_for_selector("body.body--dark")
    assert page.get_by_test_id("theme").get_attribute("aria-label") != before
    page.keyboard.press("Tab")
    outline = page.locator(".drop").evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline == "solid"


def test_only_who_holds_the_key_is_answered(address):
    def answer(url, **headers):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as given:
                return given.status, given.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def status(url, **headers):
        return answer(url, **headers)[0]

    bare = address.partition("?")[0]
    key = address.partition("key=")[2]
    port = re.search(r":(\d+)/", address)[1]
    cookie = f"autoden-{port}={key}"
    assert status(bare) == 403
    assert status(bare, Cookie=cookie) == 200
    assert status(bare, Cookie=cookie, Host=f"evil.example:{port}") == 403
    assert status(bare, Cookie=cookie, Origin="http://evil.example") == 403
    assert status(f"{bare}jobs/1/nothing", Cookie=cookie) == 404
    for path in ("jobs/1/../../page.py", "static/../page.py", "static/..%2Fpage.py"):
        assert b"from nicegui" not in answer(bare + path, Cookie=cookie)[1]
