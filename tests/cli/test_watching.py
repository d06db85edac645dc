"""Progress that is seen where somebody looks, and Ctrl-C that keeps the best so far."""

import io
import signal
import subprocess
import sys

import numpy as np
import pytest

import autoden as ad
from autoden.auto.progress import ENDED_EARLY
from autoden.cli.events import Outcome, Progress, parse
from autoden.cli.telling import LEAST_SECONDS, Teller, Terminal
from autoden.cli.watching import Epochs, Stages
from autoden.signals import Axis, Signal
from autoden.training import EpochRecord, StopTraining


class Notes(Teller):
    """Keeps what it is told."""

    def __init__(self):
        super().__init__()
        self.told = []

    def show(self, lines):
        self.told.append(lines)

    def close(self):
        pass

    def _progress(self, event):
        self.told.append(event)

    _tell = _progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets."""
    time = {"now": 0.0}
    monkeypatch.setattr("autoden.cli.telling.time.monotonic", lambda: time["now"])
    return time


def test_epochs_are_told_with_their_losses_and_the_time_that_is_left(clock):
    notes = Notes()
    epochs = Epochs(notes, 10)
    for epoch in range(10):
        clock["now"] += 1.0
        epochs.on_epoch(EpochRecord(epoch, 0.5, 0.4, 0.3, 0.2))
    assert [event.epoch for event in notes.told] == list(range(1, 11))
    assert [event.remaining_s for event in notes.told] == [None, *range(8, -1, -1)]
    last = notes.told[-1]
    assert (last.stage, last.fraction, last.train, last.held_out) == ("training", 1.0, 0.5, 0.3)


def test_quick_epochs_are_not_all_told_but_the_last_one_is(clock):
    notes = Notes()
    epochs = Epochs(notes, 100)
    for epoch in range(100):
        clock["now"] += LEAST_SECONDS / 20
        epochs.on_epoch(EpochRecord(epoch, 0.5, 0.4, 0.3, 0.2))
    assert 5 <= len(notes.told) <= 7
    assert notes.told[-1].epoch == 100


class Tty(io.StringIO):
    """A terminal that keeps what it shows."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "quiet", "is_drawn"),
    [(Tty, False, True), (Tty, True, False), (io.StringIO, False, False)],
)
def test_a_bar_is_drawn_in_a_terminal_and_nowhere_else(monkeypatch, stream, quiet, is_drawn):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stderr", stream())
    err, teller = sys.stderr, Terminal(quiet=quiet)
    teller.progress("training", 0.5, epoch=5, epochs=10, held_out=0.0123)
    teller.close()
    assert ("epoch 5/10, held-out loss 0.0123" in err.getvalue()) == is_drawn
    assert ("Training" in err.getvalue()) == is_drawn


@pytest.fixture
def heard():
    """Hear SIGINT, also where the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_ctrl_c_asks_for_the_end_and_the_second_one_ends_it(heard, caplog):
    before = signal.getsignal(signal.SIGINT)
    with Stages(Notes()) as stages:
        stages("filters", 0.1, {})
        signal.raise_signal(signal.SIGINT)
        assert "Ctrl-C again" in caplog.text
        with pytest.raises(StopTraining):
            stages("filters", 0.2, {})
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert stages.interrupted
    assert signal.getsignal(signal.SIGINT) is before


@pytest.fixture
def small(tmp_path):
    """A CSV of 4 short spectra."""
    simulated = ad.datasets.xrf_spectra(n_exposures=4, n_channels=256, seed=0)
    axes = (Axis("repeat"), Axis("energy", "keV", simulated.energies_keV))
    ad.write(tmp_path / "small.csv", Signal(simulated.counts, axes))
    return tmp_path / "small.csv"


def test_denoise_that_is_interrupted_writes_the_best_so_far(
    heard, run, small, tmp_path, monkeypatch
):
    tell = Stages.__call__

    def interrupted(self, stage, fraction, detail):
        if stage == "mixture" and not self.interrupted:
            signal.raise_signal(signal.SIGINT)
        tell(self, stage, fraction, detail)

    monkeypatch.setattr(Stages, "__call__", interrupted)
    code, out, err = run("denoise", small, "-o", tmp_path / "out.csv", "--budget", "fast")
    assert code == 130
    assert ENDED_EARLY in err
    assert "kernel mixture" not in out
    estimate, sigma = ad.read(tmp_path / "out.csv").data
    assert np.isfinite(estimate).all()
    assert (sigma > 0).all()


@pytest.fixture
def start():
    """Start a program that tells JSON lines, and wait until it trains."""
    programs = []

    def call(*words, **options):
        program = subprocess.Popen(
            [sys.executable, "-m", "autoden", *map(str, words), "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
        )  # fmt: skip
        programs.append(program)
        for line in program.stdout:
            event = parse(line)
            if isinstance(event, Progress) and event.epoch:
                return program
        raise AssertionError(program.stderr.read())

    yield call
    for program in programs:
        program.kill()
        program.communicate()


def ignore_sigint():
    """Do as a shell does that starts a program in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def test_a_program_that_gets_sigint_keeps_the_best_so_far(start, small, tmp_path):
    words = ["-o", tmp_path / "out.csv", "--epochs", "1000000"]
    program = start("n2n", small, *words, preexec_fn=ignore_sigint)
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=60)
    outcome = parse(out.splitlines()[-1])
    assert isinstance(outcome, Outcome), err
    assert outcome.stopped == "interrupted"
    assert program.returncode == 130
    assert np.isfinite(ad.read(tmp_path / "out.csv").data).all()


@pytest.mark.slow
def test_a_program_that_is_terminated_leaves_nothing_behind(start, small, tmp_path):
    program = start("n2n", small, "-o", tmp_path / "out.csv", "--epochs", "1000000")
    program.terminate()
    program.communicate(timeout=60)
    assert program.returncode != 0
    assert [path.name for path in tmp_path.iterdir()] == ["small.csv"]
