"""Cholesky factors, as generalised ufuncs."""

from typing import Final

import numpy as np

# (a): the lower triangular L of a = L L^T; NaN where a is not positive definite.
cholesky: Final[np.ufunc]
# (a, tolerance): L, permutation p and rank, a[p][:, p] = L L^T.
pivoted_cholesky: Final[np.ufunc]
