"""The denoising algorithms: each says which batches the network sees and which loss counts."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
