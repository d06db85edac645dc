"""Products with a banded matrix: the rows are short, and read many times."""

# mypy: disable-error-code="no-untyped-def"

from numba import uint64

from autoden.native.compiling.language import part


@part
def multiply(rows, padded, products):
    """Multiply vectors by a matrix.

    Parameters
    ----------
    rows : ndarray
        Shape (n, 2 * reach + 1), the elements near the main diagonal.
    padded : ndarray
        Shape (B, n + 2 * reach), the vectors between zeros.
    products : ndarray
        Shape (B, n), where to write.
    """
    for i in range(rows.shape[0]):
        row, first = rows[i], uint64(i)
        for b in range(padded.shape[0]):
            vector, s = padded[b], rows.dtype.type(0)
            for k in range(uint64(rows.shape[1])):
                s += row[k] * vector[first + k]
            products[b, i] = s
