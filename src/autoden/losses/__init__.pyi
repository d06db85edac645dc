from .bounds import LowerLimit as LowerLimit
from .data import squared_error as squared_error
from .filter_banks import LossCCF as LossCCF
from .generalized_variation import LossTGV as LossTGV
from .regularizers import LossRegularizer as LossRegularizer
from .regularizers import LossTV as LossTV
from .wavelets import LossDWTN as LossDWTN
from .wavelets import LossSWTN as LossSWTN
