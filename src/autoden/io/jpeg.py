"""JPEG: pictures that lost something when they were written; read only, for that reason."""

from autoden.io.files import FilePath, check_source
from autoden.io.image import axes_of, decode
from autoden.signals import Signal


def read(path: FilePath) -> Signal:
    """Read a JPEG picture.

    Parameters
    ----------
    path : path-like
        Grey or colours of 8 bits.

    Returns
    -------
    Signal
        Shape (y, x), or (y, x, channel) with red, green and blue, uint8. ``metadata["assumed"]``
        says that the compression is ignored: it removes some noise and makes the rest alike
        within blocks of 8 x 8 pixels, which no denoiser here expects.

    Raises
    ------
    InputError
        A damaged file, more pixels than Pillow takes for harmless, colours for print (CMYK).
    """
    source = check_source(path)
    data, assumed, _ = decode(source, "JPEG")
    assumed.append("the noise is independent between pixels, though JPEG compression changes that")
    return Signal(data, axes_of(data), {"source": str(source), "assumed": assumed})
