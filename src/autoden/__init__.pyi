from . import algorithms as algorithms
from . import datasets as datasets
from . import evaluation as evaluation
from . import inference as inference
from . import io as io
from . import losses as losses
from . import models as models
from . import report as report
from . import signals as signals
from . import training as training
from . import transforms as transforms
from .algorithms.deep_image_prior import DIP as DIP
from .algorithms.noise2inverse import N2I as N2I
from .algorithms.noise2noise import N2N as N2N
from .algorithms.noise2void import N2V as N2V
from .algorithms.saving import load as load
from .algorithms.supervised import Supervised as Supervised
from .io.registry import read as read
from .io.registry import write as write
from .models.config import NetworkParamsDnCNN as NetworkParamsDnCNN
from .models.config import NetworkParamsMSD as NetworkParamsMSD
from .models.config import NetworkParamsResnet as NetworkParamsResnet
from .models.config import NetworkParamsUNet as NetworkParamsUNet

__version__: str
