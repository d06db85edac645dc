"""The errors that autoden raises itself.

Every message names what was given, what is allowed and what to do about it. Errors of the
libraries underneath are not caught here: they mean a bug in autoden, not in the user's data.
"""


class AutodenError(Exception):
    """Base of every error that autoden raises on purpose."""


class InputError(AutodenError, ValueError):
    """The data, a file or a setting given by the user cannot be used as it is."""


class TrainingError(AutodenError, RuntimeError):
    """The training cannot go on, for example because its gradients stay invalid."""
