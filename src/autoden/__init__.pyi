from . import datasets as datasets
from . import io as io
from . import models as models
