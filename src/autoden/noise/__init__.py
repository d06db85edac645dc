"""What the randomness of a measurement is: models of noise, their estimation, and their tests."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
