"""The networks: convolutional networks in one, two and three dimensions.

A network is described by a small record (`NetworkParamsDnCNN` and its sisters in
`autoden.models.config`), which builds it with ``get_model``; or it is constructed directly, as
in ``autoden.models.unet.UNet(1, 1, n_features=32, n_levels=3)``. Every network takes a tensor
``(N, C_in, *S)`` of any spatial size ``S`` and returns one of shape ``(N, C_out, *S)``.

The names are imported when they are first used; describing a network does not import torch.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
