"""A browser and the app in a process of its own, for tests that use both."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, Queue

import pytest

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
START = ("-m", "autoden", "app", "--no-show")
STARTING_S = 60.0


@pytest.fixture(scope="session")
def chromium():
    """A headless browser; the test is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not Path(CHROMIUM).is_file():
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """The address of the app, with its key, on a port that was free."""
    pytest.importorskip("nicegui")
    folder = tmp_path_factory.mktemp("server")
    env = {**os.environ, "TMPDIR": str(folder), "OMP_NUM_THREADS": "1"}
    env.pop("PYTEST_CURRENT_TEST", None)  # by which NiceGUI would take it for a test of itself
    process = subprocess.Popen([sys.executable, *START], stderr=subprocess.PIPE, text=True, env=env)
    lines = Queue()
    listener = threading.Thread(target=lambda: [lines.put(line) for line in process.stderr])
    listener.start()
    said = []
    try:
        while True:
            said.append(lines.get(timeout=STARTING_S))
            found = re.search(r"http://127\.0\.0\.1:\d+/\S*", said[-1])
            if found:
                break
        yield found[0]
    except Empty:
        pytest.fail("the app did not start: " + "".join(said))
    finally:
        process.send_signal(signal.SIGINT)  # Ctrl-C
        code = process.wait(timeout=60)
        listener.join()
        process.stderr.close()
        said += lines.queue
    assert code == 0
    assert not any("Traceback" in line for line in said), "".join(said)
    assert list(folder.glob("autoden-app-*")) == [], "files of the user were left behind"


def forget_jobs(page):
    """Remove what other tests left, in whatever order they run; the page is new then."""
    page.get_by_test_id("theme").wait_for()
    remove = page.get_by_role("button", name="Remove job")
    if not remove.count():
        return
    while remove.count():
        row = page.locator("li.job", has=remove).first
        name = row.get_attribute("data-testid")
        row.get_by_role("button", name="Remove job").click()
        page.get_by_test_id(name).wait_for(state="detached")
    page.reload()
    page.get_by_test_id("theme").wait_for()


@pytest.fixture
def page(chromium, address):
    """A page of the app; at the end, nothing left the machine and nothing was complained about."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(90_000)
    asked, complaints = [], []
    context.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console", lambda said: said.type in ("error", "warning") and complaints.append(said.text)
    )
    page.goto(address)
    forget_jobs(page)
    yield page
    context.close()
    host = re.match(r"http://([^/]+)/", address)[1]
    own = re.compile(rf"(http|ws)://{re.escape(host)}/|data:|blob:http://{re.escape(host)}/")
    assert [url for url in asked if not own.match(url)] == []
    assert any(url.startswith("ws://") for url in asked)
    assert complaints == []
