"""Remove noise from scientific data with networks trained on the noisy data itself.

The names are imported when they are first used, so that ``import autoden`` is cheap; the stub
``__init__.pyi`` beside this file lists them.
"""

from typing import Any as _Any

import lazy_loader as _lazy

_load, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)


def __getattr__(name: str) -> _Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("autoden")
    return _load(name)
