from . import datasets as datasets
from . import denoiser as denoiser
from . import noise2noise as noise2noise
from .denoiser import Denoiser as Denoiser
from .noise2noise import N2N as N2N
