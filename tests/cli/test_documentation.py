"""What ``docs/command-line.md`` says is what there is."""

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from autoden.algorithms.registry import ALGORITHMS
from autoden.cli.app import EXIT_BUG, EXIT_UNUSABLE, EXIT_USAGE, app
from autoden.cli.events import KINDS, Progress, parse

PAGE = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
COMMANDS = [line[2:] for line in PAGE.splitlines() if line.startswith("$ autoden ")]
WRONG = ("--epoch ", "--config")  # shown for their errors, or read before the command line


@pytest.mark.parametrize("name", sorted(name for name in app if not name.startswith("-")))
def test_every_command_is_described(name):
    assert f"`{name}" in PAGE or name in ALGORITHMS


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_line_can_be_read(line):
    if any(part in line for part in WRONG):
        return
    words = shlex.split(line)[1:]
    command, bound, _ = app.parse_args(words, exit_on_error=False, print_error=False)
    assert callable(command)
    assert bound.arguments


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.event)
def test_every_event_is_described_with_its_names(kind):
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{kind.event}` |"))
    for each in fields(kind):
        assert f"`{each.name}`" in row


def test_the_lines_that_are_shown_are_events():
    lines = [line for line in PAGE.splitlines() if line.startswith('{"event"')]
    events = [parse(line) for line in lines]
    assert None not in events
    assert sum(isinstance(event, Progress) for event in events) > 2


def test_every_exit_code_is_described():
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
    assert codes == {0, EXIT_UNUSABLE, EXIT_USAGE, EXIT_BUG, 130}
