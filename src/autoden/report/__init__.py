"""Figures and pages of spectra, images, trainings and ring correlations, drawn from plain arrays.

This is the only room that draws. Matplotlib is imported when the first figure is asked for, and
only its objects are used: no pyplot, no window, no choice of backend, no settings changed. The
names are imported when they are first used; ``__init__.pyi`` lists them.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
