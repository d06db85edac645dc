"""Data terms (what an error costs) and penalties (what a prediction should look like)."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
