"""Linear transforms of tensors: wavelets, filter banks, and projections of tomography.

They know signals as tensors (N, C, *S) and nothing of noise or of networks that denoise.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
