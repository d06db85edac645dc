"""Numbers by which kernels and those who call them mean the same."""

(
    N_IN, N_OUT, TAPS, DILATION, REACH, MODE, RESPONDS, IS_NORMALISED, OF_BATCH, CHANNELS_BEFORE,
    AT_WEIGHT, AT_BIAS, AT_SCALE, AT_SHIFT,
) = (0, 1, 2, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 17)  # fmt: skip
"""Columns of the table of whole numbers that describes a chain, with a row for each layer.

Taps and reach are three each, one for each axis. The last four say where a layer's weights begin.
Raw values that are not kept are before channel -1."""
N_COLUMNS = 18
SLOPE_BEFORE, SLOPE, EPS, MOMENTUM = range(4)
"""Columns of the table of other numbers; first the slope of what a layer convolves."""
N_INPUTS, N_WEIGHTS = 2, 4
"""What gradients may be asked for: by two inputs; and of each layer by weight and bias of the
convolution, then of the normalisation."""

ZEROS, REPLICATE, REFLECT, CIRCULAR = range(4)
"""What is beyond an edge."""

AVERAGE, SPREAD, INTERPOLATE, GATHER = range(4)
"""Changes of scale: the second is the way back through the first, the fourth through the third."""
