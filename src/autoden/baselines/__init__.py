"""The classical filters that a network has to beat, tuning themselves on held-out data."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
