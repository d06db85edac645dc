"""Products with banded matrices are those of numpy."""

import numpy as np
import pytest
from scipy import sparse

from autoden.transforms import banded
from autoden.transforms.banded import Banded


@pytest.mark.parametrize("with_kernels", [True, False])
@pytest.mark.parametrize(("n", "offsets"), [(1, [0]), (7, [-2, 0, 1]), (50, [-9, -1, 0, 4, 30])])
def test_product_is_that_of_the_whole_matrix(n, offsets, with_kernels, monkeypatch):
    if not with_kernels:
        monkeypatch.setattr(banded, "has_kernels", lambda dtype, module: False)
    rng = np.random.default_rng(0)
    whole = sum(np.diag(rng.normal(size=n - abs(k)), k) for k in offsets)
    vectors = rng.normal(size=(3, n)).astype(np.float32)
    product = Banded.of(sparse.csr_array(whole)).times(vectors)
    np.testing.assert_allclose(product, vectors @ whole.T, atol=1e-5)


def test_nothing_times_anything_is_nothing():
    assert not Banded.of(sparse.csr_array((4, 4))).times(np.ones((2, 4), np.float32)).any()
