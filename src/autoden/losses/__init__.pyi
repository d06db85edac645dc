from .bounds import LowerLimit as LowerLimit
from .data import squared_error as squared_error
from .regularizers import LossRegularizer as LossRegularizer
from .regularizers import LossTV as LossTV
