"""What a batch normalisation multiplies with and adds, made of what tasks found."""

# mypy: disable-error-code="no-untyped-def"

import numpy as np

from autoden.models.narrow.codes import AT_BIAS, AT_SCALE, AT_SHIFT, N_OUT, OF_BATCH
from autoden.models.narrow.kernels.tiles import INVERSE, LEVEL, MEAN, SCALE, SHIFT, TILT
from autoden.native.compiling.language import part, shaped, square_root
from autoden.native.compiling.memory import take


@part
def settle(parts, sizes, n, weights, layer, running, momentum, eps, constants):
    """Find the constants of a batch normalisation, from the batch or from the running statistics.

    `running` is mean and variance, to which those of the batch are added with the weight
    `momentum`. Those of tasks are joined after Chan, Golub & LeVeque, "Updating formulae and a
    pairwise algorithm for computing sample variances" (1979).
    """
    for c in range(layer[N_OUT]):
        mean, variance = float(running[0, c]), float(running[1, c])
        if layer[OF_BATCH]:
            mean = squares = 0.0
            count = 0
            for task in range(n * len(sizes)):
                size = sizes[task % len(sizes)]
                far = parts[task, c, 0] - mean
                mean += far * size / (count + size)
                squares += parts[task, c, 1] + far * far * count * size / (count + size)
                count += size
            variance = squares / count
            running[0, c] += momentum * (mean - running[0, c])
            running[1, c] += momentum * (squares / max(count - 1, 1) - running[1, c])
        inverse = 1 / square_root(variance + eps)
        scale = weights[layer[AT_SCALE] + c] * inverse
        constants[SCALE, c] = scale
        constants[SHIFT, c] = weights[layer[AT_SHIFT] + c] - scale * mean
        constants[MEAN, c] = mean
        constants[INVERSE, c] = inverse


@part
def settle_back(memory, parts, n_tasks, count, layer, constants):
    """Find the constants of the way back; `count` is that of the numbers of a channel.

    Gives the sums of gradients of each channel, alone and times raw - mean, in `memory`.
    """
    sums = shaped(take(memory, 2 * layer[N_OUT], np.float64), (2, layer[N_OUT]))
    sums[:] = 0
    for c in range(layer[N_OUT]):
        for task in range(n_tasks):
            sums[0, c] += parts[task, c, 0]
            sums[1, c] += parts[task, c, 1]
        constants[LEVEL, c] = -sums[0, c] / count
        constants[TILT, c] = -constants[INVERSE, c] * constants[INVERSE, c] * sums[1, c] / count
    return sums


@part
def write_settled(sums, layer, constants, by_weights):
    """Write the gradients by bias, scale and shift.

    A function of its own: threads that call it settle with the same code as those that do not, and
    find the same bits.
    """
    for c in range(layer[N_OUT]):
        by_weights[layer[AT_SCALE] + c] = sums[1, c] * constants[INVERSE, c]
        by_weights[layer[AT_SHIFT] + c] = sums[0, c]
        # what is added to all is taken off by the normalisation
        by_bias = 0 if layer[OF_BATCH] else constants[SCALE, c] * sums[0, c]
        by_weights[layer[AT_BIAS] + c] = by_bias
