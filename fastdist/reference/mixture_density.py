"""Densities and responsibilities of a mixture: the twin of ``_kernels/mixture_density.pxd``.

    a_k = ln(w_k p_k(x)) = log_height_k - q_k / 2,    q_k = |L_k^-1 (x - m_k)|^2
    ln p(x) = ln sum_k exp a_k,    r_k = exp(a_k) / sum_j exp(a_j)

It computes in the type of the data, and it subtracts the largest a_k before exp.  Factors are *triangular*,
matrices L_k (or one that all components share), or *diagonal*, vectors of standard deviations.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

from .arithmetic import fused_multiply_add
from .cholesky import Matrix
from .mathematics import exponential

Vector: TypeAlias = Sequence[float]
Factors: TypeAlias = Any  # for each component a matrix or, if diagonal, a vector


class Component(NamedTuple):
    """A component's parameters, in the type of the data."""

    log_height: float  # ln w_k + log_peak: the weighted log density at the mean
    weight: float
    mean: Vector
    mean_low: Vector  # what rounding the mean has lost; zeros in float64
    scale_tril: Matrix  # L; empty if diagonal
    reciprocals: Vector  # -1 / L[i][i], or 1 / deviation[i] if diagonal
    diagonal: bool


def is_diagonal(factors: Factors) -> bool:
    """Whether factors or products are vectors.

    >>> is_diagonal([[2.0, 3.0]]), is_diagonal([[[2.0, 0.0], [1.0, 3.0]]])
    (True, False)
    """
    return not isinstance(factors[0][0], Sequence)


def split(mean: Vector, number: type[float]) -> tuple[list[float], list[float]]:
    """The mean in a type, and what rounding it to that type loses.

    >>> from fastdist.reference.arithmetic import Float32
    >>> split([1e8 + 1.5], Float32)
    ([Float32(100000000.0)], [Float32(1.5)])
    """
    high = [number(m) for m in mean]
    return high, [number(float(m) - float(rounded)) for m, rounded in zip(mean, high, strict=True)]


def prepare(
    log_heights: Vector,
    weights: Vector,
    means: Matrix,
    factors: Factors,
    number: type[float] = float,
) -> list[Component]:
    """The components of a mixture, for data of the type ``float`` or ``Float32``.

    Reciprocals are computed in float64, and then rounded.

    >>> (component,) = prepare([-1.0], [1.0], [[3.0]], [[[2.0]]])
    >>> component.reciprocals
    [-0.5]
    """

    def rounded(vector: Vector) -> list[float]:
        return [number(entry) for entry in vector]

    diagonal = is_diagonal(factors)
    components = []
    for k, (log_height, weight, mean) in enumerate(zip(log_heights, weights, means, strict=True)):
        factor = factors[k] if len(factors) > 1 else factors[0]
        reciprocals = [1 / s for s in factor] if diagonal else [-1 / row[i] for i, row in enumerate(factor)]
        components.append(
            Component(
                number(log_height),
                number(weight),
                *split(mean, number),
                [] if diagonal else [rounded(row) for row in factor],
                rounded(reciprocals),
                diagonal,
            )
        )
    return components


def centred(x: Vector, mean: Vector, mean_low: Vector) -> list[float]:
    """x - mean, in two steps: a Float32 x may be close to a mean that Float32 cannot represent.

    >>> from fastdist.reference.arithmetic import Float32
    >>> centred([Float32(1e8)], *split([1e8 + 1.5], Float32))
    [Float32(-1.5)]
    """
    return [x[i] - mean[i] - mean_low[i] for i in range(len(x))]


def weighted_log_density(q: float, log_height: float) -> float:
    """log_height - q / 2;  a distance that overflows, or becomes inf - inf on the way, is infinite.

    >>> weighted_log_density(9.0, 0.5), weighted_log_density(math.nan, 0.5)
    (-4.0, -inf)
    """
    if not q < math.inf:
        q = type(q)(math.inf)
    return fused_multiply_add(-0.5, q, log_height)


def squared_distance(v: Vector, component: Component) -> float:
    """q = |w|^2,  w = -L^-1 v:  as in ``multivariate_density``, but in the type of the data.

    >>> (component,) = prepare([0.0], [1.0], [[10.0, 20.0]], [[[2.0, 0.0], [1.0, 3.0]]])
    >>> squared_distance([2.0, -5.0], component)
    5.0
    """
    w: list[float] = []
    q = type(v[0])(0)
    for i in range(len(v)):
        total = v[i]
        for j in range(0 if component.diagonal else i):
            total = fused_multiply_add(component.scale_tril[i][j], w[j], total)
        w.append(total * component.reciprocals[i])
        q = fused_multiply_add(w[i], w[i], q)
    return q


def larger(a: float, b: float) -> float:
    """The larger one; the first if they are equal or b is NaN."""
    return b if a < b else a


def log_sum_exp(a: Vector) -> tuple[float, list[float], float]:
    """(base, e, total) with  ln sum_k exp a_k = base + ln total,  e_k = exp(a_k - base).

    The base is the largest a_k, so that total >= 1 and no term overflows; where all a_k are -inf, it is 0,
    and so is the total.

    >>> log_sum_exp([1000.0, 1000.0])
    (1000.0, [1.0, 1.0], 2.0)
    >>> log_sum_exp([-math.inf, -math.inf])
    (0.0, [0.0, 0.0], 0.0)
    """
    base = a[0]
    for each in a:
        base = larger(base, each)
    if not base > -math.inf:
        base = type(base)(0)
    e = [exponential(each - base) for each in a]
    total = e[0]
    for each in e[1:]:
        total = total + each
    return base, e, total


def scaled_distance(x: Vector, component: Component, unit: float) -> float:
    """q with x and mean multiplied by a unit, a power of two; inf if it overflows nevertheless."""
    mean = [m * unit for m in component.mean]
    mean_low = [m * unit for m in component.mean_low]
    q = squared_distance(centred([each * unit for each in x], mean, mean_low), component)
    return q if q < math.inf else type(q)(math.inf)


def give_to_heaviest_tail(x: Vector, mixture: Sequence[Component]) -> list[float]:
    """Responsibilities of a point so far away that all its densities underflow, logarithms included.

    There a_k = -q_k / 2, since log_height_k is nothing beside it.  Of the components whose weight is
    positive, the one with the least q_k takes all; several that have it share by their weights.  If squares
    overflow in any unit, the responsibilities are the weights.

    >>> mixture = prepare([0.0] * 3, [0.5, 0.25, 0.25], [[0.0], [0.0], [9.0]], [[1.0], [2.0], [2.0]])
    >>> give_to_heaviest_tail([1e200], mixture)
    [0.0, 0.5, 0.5]
    """
    weights = [component.weight for component in mixture]
    zero, size = type(x[0])(0), max(map(abs, [*x, *(m for component in mixture for m in component.mean)]))
    if size == 0:
        return weights
    unit = type(size)(2.0 ** -math.frexp(size)[1])
    q = [scaled_distance(x, each, unit) if each.weight > 0 else math.inf for each in mixture]
    shares = [weight if each == min(q) else zero for each, weight in zip(q, weights, strict=True)]
    total = zero
    for share in shares:
        total = total + share
    return [share / total for share in shares] if total > 0 else weights


def normalise(e: Vector, total: float, x: Vector, mixture: Sequence[Component]) -> list[float]:
    """The responsibilities  e_k / total,  as ``log_sum_exp`` gives them."""
    if total == 0:
        return give_to_heaviest_tail(x, mixture)
    reciprocal = 1 / total
    return [each * reciprocal for each in e]
