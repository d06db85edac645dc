"""The program ``autoden``: its commands, its exit codes, and how errors reach the user.

Exit codes: 0 done; 1 the data, a file or a setting cannot be used, or the training failed; 2 the
command line itself is wrong; 130 interrupted with Ctrl-C (a training that had begun still writes
its best result so far).
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Sequence

import cyclopts

from autoden.algorithms.registry import ALGORITHMS
from autoden.cli.demo import demo
from autoden.cli.info import info
from autoden.cli.presets import say_presets
from autoden.cli.versions import debug_info, version
from autoden.errors import AutodenError

EXIT_UNUSABLE, EXIT_USAGE = 1, 2
EXIT_CODES = "Exit codes: 0 done, 1 unusable input, 2 wrong command line, 130 interrupted."
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
    help="Denoise spectra without choosing: compare methods on held-out counts, use the best, and "
    "say how sure it is.",
    help_epilogue=EXIT_CODES,
)
for algorithm in ALGORITHMS.values():  # by where it is, so that nothing of it is imported here
    app.command(
        f"autoden.cli.algorithm:{algorithm.name}",
        name=algorithm.name,
        help=f"{algorithm.summary}\n\n{INTERRUPTING}",
        help_epilogue=f"{say_presets(algorithm.name)}\n\n{EXIT_CODES}",
    )
app.command(
    "autoden.cli.infer:infer",
    name="infer",
    help="Denoise files with a model that --save-model of one of the algorithms saved.",
)
app.command(info)
app.command(demo)
app.command(debug_info, name="--debug-info")


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and give the program's exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after the program's name; None takes those of the process.
    """
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr, force=True)
    words = None if arguments is None else list(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _log_warning
            code = app(words, exit_on_error=False, result_action="return_value")
    except cyclopts.CycloptsError:  # already shown, with a suggestion
        code = EXIT_USAGE
    except AutodenError as error:
        sys.stderr.write(f"autoden: error: {error}\n")
        code = EXIT_UNUSABLE
    except OSError as error:  # what the system refuses: a folder, a full disk
        sys.stderr.write(f"autoden: error: {error}\n")
        code = EXIT_UNUSABLE
    return code or 0


def _log_warning(message: Warning | str, *_: object, **__: object) -> None:
    """Say a warning without the place in the code that it came from."""
    logging.getLogger(__name__).warning("%s", message)
