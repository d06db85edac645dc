"""Only the page that its own user opened is answered; uploads stay small, private and harmless."""

import asyncio
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autoden.app
from autoden.app.address import listen
from autoden.app.guard import Guard
from autoden.app.tray import Tray, plain_name
from autoden.errors import InputError

PORT = 8123
GOOD = {"host": f"127.0.0.1:{PORT}", "cookie": f"autoden-{PORT}=secret"}


def ask(headers, path="/", query="", kind="http", method="GET"):
    """Give the messages that a guarded application answers with."""
    sent = []

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200,
                    "headers": [(b"access-control-allow-origin", b"*")]})  # fmt: skip
        await send({"type": "http.response.body", "body": b"secret data"})

    async def send(message):
        sent.append(message)

    scope = {
        "type": kind, "method": method, "path": path, "query_string": query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }  # fmt: skip
    asyncio.run(Guard(application, PORT, "secret")(scope, None, send))
    return sent


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"[::1]:{PORT}"])
def test_its_own_page_is_answered(host):
    sent = ask({**GOOD, "host": host, "origin": f"http://{host}"})
    assert sent[0]["status"] == 200
    names = dict(sent[0]["headers"])
    assert b"access-control-allow-origin" not in names
    assert b"default-src 'self'" in names[b"content-security-policy"]


@pytest.mark.parametrize(
    "changed",
    [
        {"host": f"evil.example:{PORT}"},
        {"host": "127.0.0.1"},
        {"host": f"127.0.0.1:{PORT + 1}"},
        {"host": f"127.0.0.1.evil.example:{PORT}"},
        {"host": ""},
        {"origin": "http://evil.example"},
        {"origin": f"http://evil.example:{PORT}"},
        {"origin": f"https://127.0.0.1:{PORT}"},
        {"origin": "null"},
        {"cookie": ""},
        {"cookie": f"autoden-{PORT}=guess"},
        {"cookie": f"autoden-{PORT}=sécret"},
    ],
)
def test_everything_else_is_refused(changed):
    sent = ask({**GOOD, **changed})
    assert sent[0]["status"] == 403
    assert b"secret data" not in sent[1]["body"]
    assert ask({**GOOD, **changed}, kind="websocket") == [{"type": "websocket.close", "code": 1008}]


def test_the_key_opens_the_page_once_and_leaves_the_address():
    without = {"host": GOOD["host"]}
    sent = ask(without, query="key=secret")
    headers = dict(sent[0]["headers"])
    assert sent[0]["status"] == 303
    assert headers[b"location"] == b"/"
    assert b"HttpOnly" in headers[b"set-cookie"]
    assert ask(without, query="key=wrong")[0]["status"] == 403
    assert ask(without, path="/jobs/1/result", query="key=secret")[0]["status"] == 403
    assert ask({"host": "evil.example"}, query="key=secret")[0]["status"] == 403


def test_each_run_has_a_key_of_its_own():
    assert Guard(None, PORT).key != Guard(None, PORT).key


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "::", "example.org", ""])
def test_no_address_that_others_reach(host):
    with pytest.raises(InputError, match="serves this machine only"):
        autoden.app.run(host)


def test_a_port_that_is_taken_is_refused():
    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(InputError, match="cannot be used"):
            listen("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(InputError, match="65535"):
        listen("127.0.0.1", 65536)


async def parts(*chunks):
    for chunk in chunks:
        yield chunk


def test_an_upload_lies_in_a_private_folder_that_goes():
    with Tray() as tray:
        path = asyncio.run(tray.take("../../spectra.csv", parts(b"1,2", b",3")))
        assert path.read_bytes() == b"1,2,3"
        assert path.name == "spectra.csv"
        assert path.is_relative_to(tray.folder)
        assert stat.S_IMODE(tray.folder.stat().st_mode) == 0o700
        twin = asyncio.run(tray.take("spectra.csv", parts(b"4")))
        assert twin != path
    assert not tray.folder.exists()


def test_an_upload_that_is_too_large_is_refused_and_not_kept():
    with Tray(limit=10) as tray:
        with pytest.raises(InputError, match="larger than 10 bytes"):
            asyncio.run(tray.take("a.csv", parts(b"123456", b"789012")))
        assert list(tray.folder.iterdir()) == []


@given(st.text())
def test_every_name_becomes_a_harmless_one(name):
    plain = plain_name(name)
    assert plain
    assert len(plain) <= 100
    assert not set(plain) & set("/\\\0\n:*?\"<>|'`$;&")
    assert not plain.startswith((".", "-"))
    assert plain_name(plain) == plain


def test_messages_name_files_without_their_private_folder():
    with Tray() as tray:
        path = tray.new_folder() / "bad file.csv"
        assert tray.by_name(f"{path}: no numbers.") == "bad file.csv: no numbers."
        assert tray.by_name("/data/mine.csv: no numbers.") == "/data/mine.csv: no numbers."
