"""Simulated measurements with a known truth, for the demo, the documentation and the tests.

Nothing is downloaded and nothing is stored: every data set is computed from its settings and its
seed. The names are imported when they are first used; ``__init__.pyi`` lists them.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
