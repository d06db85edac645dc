"""Weighted squared errors, their gradient, and sums of what is held out; compiled by numba."""

# mypy: disable-error-code="no-untyped-def"

from numba import uint64

from autoden.transforms.compiled import compiled

BLOCK = 2**12
"""So many numbers are summed in their own precision; the sums of blocks in double precision."""


@compiled
def compare_squares(output, target, weight, chosen, factor, gradient, sums):
    """Go once through rows of numbers.

    Parameters
    ----------
    output, target, weight, chosen : ndarray
        Shape (n,); `chosen` is 1 for what is held out, else 0.
    factor : float
        Of the loss.
    gradient : ndarray
        Shape (n,): where to write the gradient of the loss by the output.
    sums : ndarray of double
        Shape (5,): where to write the loss, the `factor` times the sum of the weighted squared
        errors; and of what is held out the sums of the squared errors e, of the outputs o, of o^2
        and of o times the target.
    """
    sums[:] = 0
    twice = output.dtype.type(2 * factor)
    for block in range(0, len(output), BLOCK):
        loss = e = o = oo = ot = output.dtype.type(0)
        for i in range(uint64(block), uint64(min(block + BLOCK, len(output)))):
            far = output[i] - target[i]
            pull = weight[i] * far
            held = chosen[i] * output[i]
            gradient[i] = twice * pull
            loss += pull * far
            e += chosen[i] * far * far
            o += held
            oo += held * output[i]
            ot += held * target[i]
        sums[0] += loss
        sums[1] += e
        sums[2] += o
        sums[3] += oo
        sums[4] += ot
    sums[0] *= factor
