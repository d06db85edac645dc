from .beam import Beam as Beam
from .detector import Detector as Detector
from .lines import LINES as LINES
from .lines import Line as Line
from .lines import element_lines as element_lines
from .xrf import BRASS_AND_ZIRCON as BRASS_AND_ZIRCON
from .xrf import XRFSpectra as XRFSpectra
from .xrf import xrf_spectra as xrf_spectra
