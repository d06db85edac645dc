"""What programs read: one JSON object per line, and nothing else on standard output."""

import json
from dataclasses import fields

import numpy as np
import pytest

import autoden as ad
from autoden.cli.events import (
    KINDS,
    Failure,
    Message,
    Outcome,
    Plan,
    Progress,
    Start,
    parse,
    to_line,
)

EVENTS = [
    Start("n2n", "1.0", ["a.csv", "b.csv"]),
    Progress("training", 0.25, 1.5, 4.5, 3, 12, 0.02, 0.03),
    Message("warning", "Energie in keV, not µm"),
    Plan(["Read it."], ["Would train."], {"output": "out.csv"}, {"epochs": 3}),
    Outcome({"output": "out.csv"}, 2.5, "interrupted", {"mse": 0.5}),
    Failure("in.csv does not exist: check the path.", 1),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.event)
def test_an_event_comes_back_from_its_line(event):
    line = to_line(event)
    assert "\n" not in line
    assert json.loads(line)["event"] == event.event
    assert parse(line) == event


def test_every_kind_is_tried():
    assert {event.event for event in EVENTS} == set(KINDS)


def test_numbers_that_are_none_are_left_out():
    line = to_line(Progress("training", 0.5, held_out=np.float64("nan"), train=float("inf")))
    assert json.loads(line) == {"event": "progress", "stage": "training", "fraction": 0.5}


@pytest.mark.parametrize("line", ["", "[]", "3", "null", '{"event": "new"}', '{"event": "error"}',
                                  "Killed", '{"event": ["x"]}'])  # fmt: skip
def test_what_is_no_known_event_is_none(line):
    assert parse(line) is None


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.event)
def test_every_name_is_documented(kind):
    for each in fields(kind):
        assert each.name in kind.__doc__


def events_of(out):
    """Parse standard output, which must hold nothing else."""
    events = [parse(line) for line in out.splitlines()]
    assert None not in events, out
    return events


def test_an_algorithm_tells_its_start_its_epochs_and_its_end(run, spectra, tmp_path):
    output = tmp_path / "out.csv"
    code, out, err = run("n2n", spectra, "-o", output, "--epochs", "3", "--json")
    assert (code, err) == (0, "")
    start, *told, outcome = events_of(out)
    assert start == Start("n2n", ad.__version__, [str(spectra)])
    last = [event for event in told if isinstance(event, Progress)][-1]
    assert (last.stage, last.fraction, last.epoch, last.epochs) == ("training", 1.0, 3, 3)
    assert last.remaining_s == 0
    assert last.held_out > 0
    assert any(isinstance(event, Message) and "held-out loss" in event.text for event in told)
    assert outcome.written == {"output": str(output), "settings": f"{output}.autoden.json"}
    assert outcome.found["epochs"] == 3
    assert outcome.stopped is None


def test_denoise_tells_its_verdict(run, denoising, spectra, tmp_path):
    words = ["--report", tmp_path / "report.html", "--json"]
    code, out, err = run("denoise", spectra, "-o", tmp_path / "out.npy", *words)
    assert (code, err) == (0, "")
    *_, outcome = events_of(out)
    assert set(outcome.written) == {"output", "sigma", "report", "settings"}
    assert outcome.found["verdict"] == ["It is worth 9 times the exposure.",
                                        "The total agrees: z is 0.3."]  # fmt: skip
    assert [each["name"] for each in outcome.found["candidates"] if each["chosen"]] == [
        "kernel mixture"
    ]
    assert outcome.found["warnings"] == ["Repeat 1 is scaled: leave it out, or give --axes SE."]


def test_denoise_passes_its_stages_on(run, denoising, spectra, tmp_path):
    run("denoise", spectra, "-o", tmp_path / "out.csv", "--json")
    progress = denoising[0]["progress"]
    progress("mixture", 1.0, {"epoch": 2, "epochs": 24, "unknown": 3})


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["n2n", "none.csv", "-o", "out.csv"], 1, "none.csv"),
        (["n2n", "none.csv"], 2, "--output"),
        (["nothing"], 2, "There is no command 'nothing'"),
    ],
)
def test_an_error_is_the_last_line(run, tmp_path, monkeypatch, words, code, message):
    monkeypatch.chdir(tmp_path)
    found, out, err = run(*words, "--json")
    failure = events_of(out)[-1]
    assert (found, failure.code) == (code, code)
    assert message in failure.message
    assert err.count("\n") == 1


def test_info_tells_axes_in_numbers(run, spectra):
    code, out, _ = run("info", spectra, "--json")
    assert code == 0
    found = events_of(out)[-1].found
    assert found["shape"] == [6, 2000]
    assert [axis["name"] for axis in found["axes"]] == ["repeat", "energy"]
    assert found["axes"][1]["unit"] == "keV"


def test_quiet_leaves_out_the_messages_that_are_no_warnings(run, spectra, tmp_path):
    words = ["--epochs", "3", "--json", "--quiet"]
    code, out, _ = run("n2n", spectra, "-o", tmp_path / "out.csv", *words)
    assert code == 0
    told = [event for event in events_of(out) if isinstance(event, Message)]
    assert all(event.level == "warning" for event in told)
