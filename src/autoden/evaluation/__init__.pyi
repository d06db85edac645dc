from .fidelity import equivalent_exposures as equivalent_exposures
from .fidelity import excess_poisson_deviance as excess_poisson_deviance
from .fidelity import mean_squared_error as mean_squared_error
from .fidelity import unbiased_mse as unbiased_mse
