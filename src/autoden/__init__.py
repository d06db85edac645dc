"""Remove noise from scientific data with networks trained on the noisy data itself.

The names are imported when they are first used, so that ``import autoden`` is cheap; the stub
``__init__.pyi`` beside this file lists them.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
