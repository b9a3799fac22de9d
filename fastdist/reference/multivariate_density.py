"""The density of the multivariate normal distribution, of mean m and covariance  S = L L^T.

    p(x) = exp(-q / 2) / sqrt((2 pi)^d det S),    q = (x - m)^T S^-1 (x - m)

q is the squared Mahalanobis distance of x from m.  With  y = L^-1 (x - m),  found by forward substitution,

    y_i = (x_i - m_i - sum_{k<i} L[i][k] y_k) / L[i][i],    q = y_0^2 + ... + y_(d-1)^2

and  det S = (product of the L[i][i])^2.  No matrix is inverted.  If x is normal, the y_i are independent
standard normals: x is *whitened*.

``textbook_logpdf`` is those formulas.  The rest is the twin of ``_kernels/multivariate_density.pyx``.  Sums
run with k ascending, one fused multiply-add a term, and a multiplication by 1 / L[i][i], which is known
before any x is, replaces the division.  It computes  w = -y,  so that no term is negated.  Everything
is float64; for a ``Float32`` x the result is rounded to ``Float32`` in the end.
"""

import math
from collections.abc import Sequence

from .arithmetic import Float32, fma
from .cholesky import Matrix, textbook_cholesky
from .deviations import add
from .mathematics import exponential
from .normal import log_scale

# As anyone would write it


def textbook_logpdf(x: Sequence[float], mean: Sequence[float], cov: Matrix) -> float:
    """The log density, the covariance factored each time.

    >>> round(textbook_logpdf([3.0, 6.0], [1.0, 2.0], [[4.0, 2.0], [2.0, 10.0]]), 12)
    -4.629636535637
    """
    d = len(mean)
    factor = textbook_cholesky(cov)
    y: list[float] = []
    for i in range(d):
        rest = x[i] - mean[i] - sum(factor[i][k] * y[k] for k in range(i))
        y.append(rest / factor[i][i])
    half_log_det = sum(math.log(factor[i][i]) for i in range(d))
    return -0.5 * (sum(v * v for v in y) + d * math.log(2 * math.pi)) - half_log_det


# The twin


def reciprocal(x: float) -> float:
    """1 / x, also of zero, where Python raises and IEEE 754 has an infinity.

    >>> reciprocal(4.0), reciprocal(-0.0)
    (0.25, -inf)
    """
    return 1 / x if x != 0 else math.copysign(math.inf, x)


def as_data(result: float, x: Sequence[float]) -> float:
    """The result, rounded to the type of the data."""
    return Float32(result) if x and isinstance(x[0], Float32) else result


def substitute(w: list[float], scale_tril: Matrix) -> None:
    """In place, by forward substitution:  v  becomes  w = -L^-1 v.

    w[i] = (v[i] + sum_{k<i} L[i][k] w[k]) (-1 / L[i][i])

    >>> w = [2.0, -5.0]
    >>> substitute(w, [[2.0, 0.0], [1.0, 3.0]])
    >>> w
    [-1.0, 2.0]
    """
    for i, row in enumerate(scale_tril):
        total = w[i]
        for k in range(i):
            total = fma(row[k], w[k], total)
        w[i] = total * -reciprocal(row[i])


def sum_squares(w: Sequence[float]) -> float:
    """q = w^T w."""
    total = 0.0
    for each in w:
        total = fma(each, each, total)
    return total


def is_usable(scale_tril: Matrix) -> bool:
    """Whether L and the reciprocals of its diagonal are finite.

    >>> is_usable([[2.0, 0.0], [1.0, 3.0]]), is_usable([[2.0, 0.0], [1.0, 0.0]])
    (True, False)
    """
    return all(
        math.isfinite(reciprocal(row[i])) and all(map(math.isfinite, row[: i + 1]))
        for i, row in enumerate(scale_tril)
    )


def is_nan_point(x: Sequence[float], mean: Sequence[float]) -> bool:
    """Whether x - mean is NaN in any coordinate: NaN itself, or  inf - inf.

    >>> is_nan_point([math.inf, 0.0], [0.0, 0.0]), is_nan_point([math.inf, 0.0], [math.inf, 0.0])
    (False, True)
    """
    return any(math.isnan(float(a) - float(b)) for a, b in zip(x, mean, strict=True))


def settle_nan(q: float, x: Sequence[float], mean: Sequence[float], scale_tril: Matrix) -> float:
    """A point that is infinitely far away has  q = inf,  not NaN.

    An infinite coordinate, or an overflow, may lead to  inf - inf  or  0 inf  further down in y.

    >>> settle_nan(math.nan, [math.inf, 0.0], [0.0, 0.0], [[2.0, 0.0], [1.0, 3.0]])
    inf
    """
    if math.isnan(q) and is_usable(scale_tril) and not is_nan_point(x, mean):
        return math.inf
    return q


def score(x: Sequence[float], mean: Sequence[float], scale_tril: Matrix) -> float:
    """q, the squared Mahalanobis distance, in float64 whatever x is."""
    w = [float(x[i]) - float(mean[i]) for i in range(len(mean))]
    substitute(w, scale_tril)
    return settle_nan(sum_squares(w), x, mean, scale_tril)


def squared_mahalanobis(x: Sequence[float], mean: Sequence[float], scale_tril: Matrix) -> float:
    """(x - mean)^T (L L^T)^-1 (x - mean) = |y|^2,  y = L^-1 (x - mean).

    >>> squared_mahalanobis([12.0, 15.0], [10.0, 20.0], [[2.0, 0.0], [1.0, 3.0]])
    5.0
    """
    return as_data(score(x, mean, scale_tril), x)


def logpdf(x: Sequence[float], mean: Sequence[float], scale_tril: Matrix, peak: float) -> float:
    """The log density, its value at the mean being known: see ``log_peak``.

    >>> factor = [[2.0, 0.0], [1.0, 3.0]]
    >>> logpdf([3.0, 6.0], [1.0, 2.0], factor, log_peak(factor))
    -4.629636535637401
    """
    return as_data(fma(-0.5, score(x, mean, scale_tril), peak), x)


def pdf(x: Sequence[float], mean: Sequence[float], scale_tril: Matrix, peak: float) -> float:
    """The density.

    >>> pdf([0.0, 0.0], [0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]], log_peak([[1.0, 0.0], [0.0, 1.0]]))
    0.15915494309189532
    """
    return as_data(exponential(fma(-0.5, score(x, mean, scale_tril), peak)), x)


def whiten(x: Sequence[float], mean: Sequence[float], scale_tril: Matrix) -> list[float]:
    """y = L^-1 (x - mean);  no zero in the result is -0.

    >>> whiten([12.0, 15.0], [10.0, 20.0], [[2.0, 0.0], [1.0, 3.0]])
    [1.0, -2.0]
    """
    w = [float(x[i]) - float(mean[i]) for i in range(len(mean))]
    substitute(w, scale_tril)
    return [0 - each for each in w]


def log_peak(scale_tril: Matrix) -> float:
    """The log density at the mean:  -sum_i (ln L[i][i] + ln(2 pi) / 2).

    Large terms may cancel, so what each addition rounds away is added in the end.  It is NaN unless the
    diagonal is positive.

    >>> log_peak([[2.0, 0.0], [1.0, 3.0]])
    -3.6296365356374003
    """
    high = low = 0.0
    for i, row in enumerate(scale_tril):
        term = log_scale(float(row[i])) if row[i] > 0 else math.nan
        high, low = add(high, low, term)
    return 0 - (high + low)  # never -0
