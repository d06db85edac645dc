"""The program ``autoden``: its commands, its exit codes, and how errors reach the user.

Every error is one line that says what to do; ``--debug`` shows where in the code it came from.
"""

from __future__ import annotations

import difflib
import logging
import sys
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress

import cyclopts

from autoden.algorithms.registry import ALGORITHMS
from autoden.cli import EXIT_INTERRUPTED
from autoden.cli.configuration import ConfigError, Configuration
from autoden.cli.events import Failure
from autoden.cli.presets import say_presets
from autoden.cli.record import Record
from autoden.cli.telling import Lines, tell_line
from autoden.cli.versions import debug_info, version
from autoden.cli.wording import reworded
from autoden.errors import AutodenError

EXIT_UNUSABLE, EXIT_USAGE, EXIT_BUG = 1, 2, 70
EXIT_CODES = (
    "Exit codes: 0 done; 1 unusable data, file or setting, or a training that failed; 2 wrong "
    "command line or --config; 70 an error in autoden itself; 130 interrupted."
)
INTERRUPTING = "Ctrl-C ends the training early; the best result so far is still written."

app = cyclopts.App(
    name="autoden",
    help="Remove noise from scientific data with networks trained on the noisy data itself.",
    help_epilogue=EXIT_CODES,
    version=version,
    version_flags=["--version", "-V"],
    help_format="plaintext",
    suppress_keyboard_interrupt=False,  # `main` tells of it
)
app.command(
    "autoden.cli.denoise:denoise",
    name="denoise",
    help="Denoise without choosing: compare methods on held-out data, use the best, and "
    "say how sure it is.",
    help_epilogue=EXIT_CODES,
)
train = cyclopts.App(
    name="train",
    help="Train a model for autoden infer, without denoising anything.",
    help_epilogue=EXIT_CODES,
)
for algorithm in ALGORITHMS.values():  # by where it is, so that nothing of it is imported here
    presets = f"{say_presets(algorithm.name)}\n\n{EXIT_CODES}"
    app.command(
        f"autoden.cli.algorithm:{algorithm.name}",
        name=algorithm.name,
        help=f"{algorithm.summary}\n\n{INTERRUPTING}",
        help_epilogue=presets,
    )
    train.command(
        f"autoden.cli.training:{algorithm.name}",
        name=algorithm.name,
        help=algorithm.summary,
        help_epilogue=presets,
    )
app.command(train)
app.command(
    "autoden.cli.infer:infer",
    name="infer",
    help="Denoise files with a model that autoden train, or --save-model, saved; one of autoden "
    "denoise also says how sure it is.",
    help_epilogue=EXIT_CODES,
)
app.command(
    "autoden.cli.evaluate:evaluate",
    name="evaluate",
    help="Say how good a denoised file is: what the residuals tell and, with a reference, the "
    "errors.",
    help_epilogue=EXIT_CODES,
)
app.command(
    "autoden.cli.convert:convert",
    name="convert",
    help="Write what is in a file in another format; the suffix says which.",
    help_epilogue=EXIT_CODES,
)
app.command(
    "autoden.cli.page:start",
    name="app",
    help="Open the local app in a browser; nothing leaves this machine.",
)
app.command(
    "autoden.cli.info:info",
    name="info",
    help="Show what is in a file of data, or in one of a trained model, and what was assumed.",
)
app.command(
    "autoden.cli.demo:demo",
    name="demo",
    help="Simulate 32 X-ray spectra, denoise 4 of them, and compare with the known truth.\n\n"
    "By Noise2Noise, and as autoden denoise does it; the other 28 serve as its reference.",
    help_epilogue=EXIT_CODES,
)
app.command(debug_info, name="--debug-info")
app.register_install_completion_command(
    help="Let bash, zsh or fish complete commands and options of autoden."
)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and give the program's exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after the program's name; None takes those of the process.
    """
    logging.basicConfig(format="%(message)s", level=logging.INFO, handlers=[Lines()], force=True)
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _log_warning
            return _call(words)
    except KeyboardInterrupt:
        return _fail(words, "interrupted", EXIT_INTERRUPTED)
    except cyclopts.CycloptsError as error:
        return _fail(words, f"error: {_say(error)}", EXIT_USAGE)
    except AutodenError as error:
        code = EXIT_USAGE if isinstance(error, ConfigError) else EXIT_UNUSABLE
        return _fail(words, f"error: {reworded(str(error))}", code)
    except OSError as error:  # what the system refuses: a folder, a full disk
        return _fail(words, f"error: {error}", EXIT_UNUSABLE)
    except MemoryError:
        said = "error: there is not enough memory: give less data at a time, or a --batch-size."
        return _fail(words, said, EXIT_UNUSABLE)
    except Exception as error:  # an error in autoden itself
        said = f"error in autoden itself: {type(error).__name__}: {_one_line(error)}; please report"
        return _fail(words, f"{said} what --debug shows.", EXIT_BUG)


def _call(words: Sequence[str]) -> int:
    """Find the command, and call it with its options and, if it wants them, their record."""
    configuration = Configuration(words)
    app.config = configuration
    command, bound, ignored = app.parse_args(
        configuration.words, exit_on_error=False, print_error=False
    )
    record = Record(_command_of(configuration.words), configuration.settings())
    records = {name: record for name, hint in ignored.items() if hint is Record}
    code = command(*bound.args, **bound.kwargs, **records)
    return code if isinstance(code, int) else 0


def _command_of(words: Sequence[str]) -> str:
    """Name the command of a command line."""
    return " ".join(app.parse_commands(words)[0])


def _fail(words: Sequence[str], message: str, code: int) -> int:
    """Tell what went wrong, in one line; give the exit code."""
    if "--debug" in words and code != EXIT_INTERRUPTED:
        traceback.print_exc()
    sys.stderr.write(f"autoden: {message}\n")
    if "--json" in words:
        with suppress(OSError):  # nobody reads any more
            tell_line(Failure(message.removeprefix("error: "), code))
    return code


def _say(error: cyclopts.CycloptsError) -> str:
    """Say what is wrong with a command line, and where help is."""
    if isinstance(error, cyclopts.UnknownCommandError):
        return _say_unknown(error)
    said = _one_line(error)
    return f"{said}{'' if said.endswith(('.', '?')) else '.'} See autoden --help."


def _say_unknown(error: cyclopts.UnknownCommandError) -> str:
    """Say which commands there are, without importing any."""
    word = (error.unused_tokens or [""])[0]
    names = [name for name in error.app or app if not name.startswith("-")]
    near = difflib.get_close_matches(word, names, 1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"There is no command {word!r}: {hint}There are {', '.join(sorted(names))}."


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _log_warning(message: Warning | str, *_: object, **__: object) -> None:
    """Say a warning without the place in the code that it came from."""
    logging.getLogger(__name__).warning("%s", message)
