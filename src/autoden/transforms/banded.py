"""Products with a banded matrix, by machine code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from autoden.native.availability import has_kernels
from autoden.native.kernel import Kernel

MULTIPLY = Kernel("autoden.transforms.kernels.banded", "multiply", "T2 T2 T2w")

Rows = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Banded:
    """A square matrix of which only diagonals near the main one are filled.

    Parameters
    ----------
    rows : ndarray of float32, shape (n, 2 * reach + 1)
        Row i holds the elements of columns ``i - reach`` to ``i + reach``, 0 beyond the matrix.

    Examples
    --------
    >>> matrix = Banded.of(sparse.csr_array([[1.0, 2.0], [0.0, 3.0]]))
    >>> matrix.times(np.array([[1.0, 10.0]], np.float32))
    array([[21., 30.]], dtype=float32)
    """

    rows: Rows

    @classmethod
    def of(cls, matrix: sparse.sparray) -> Banded:
        """Take the elements of a sparse matrix."""
        entries = matrix.tocoo()
        offsets = entries.col - entries.row
        reach = int(np.abs(offsets).max(initial=0))
        rows = np.zeros((matrix.shape[0], 2 * reach + 1), np.float32)
        rows[entries.row, offsets + reach] = entries.data
        return cls(rows)

    def times(self, vectors: Rows) -> Rows:
        """Multiply each vector; shape (B, n) in and out."""
        reach = self.rows.shape[1] // 2
        padded = np.pad(vectors, ((0, 0), (reach, reach)))
        if not has_kernels(np.float32, __name__):
            return _multiply(self.rows, padded)
        products = np.empty(vectors.shape, np.float32)
        MULTIPLY(self.rows, padded, products)
        return products


def try_out(dtype: type[np.float32]) -> None:
    """Multiply a single number, which needs the kernel."""
    one = np.ones((1, 1), dtype)
    MULTIPLY(one, one, one.copy())


def _multiply(rows: Rows, padded: Rows) -> Rows:
    """Do what the kernel does, diagonal by diagonal."""
    n, n_diagonals = rows.shape
    products = np.zeros((len(padded), n), np.float32)
    for k in range(n_diagonals):
        products += rows[:, k] * padded[:, k : k + n]
    return products
