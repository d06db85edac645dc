from .losses import loss_figure as loss_figure
from .ring_correlation import ring_correlation_figure as ring_correlation_figure
from .saving import save_figure as save_figure
from .spectra import spectrum_figure as spectrum_figure
