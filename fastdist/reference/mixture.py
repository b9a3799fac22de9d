"""A mixture of normal distributions: K components of weights w_k, means m_k, covariances  S_k = L_k L_k^T.

    p(x) = sum_k w_k p_k(x),    p_k the density of component k            density
    r_k(x) = w_k p_k(x) / p(x)                                            responsibilities (Bayes)

The responsibility is the probability that component k made x, once x is known.  From data, the parameters are
found by expectation-maximization (A. P. Dempster, N. M. Laird, D. B. Rubin, J. R. Statist. Soc. B 39 (1977)).
A step makes the likelihood larger or leaves it: from the responsibilities come the sums

    N_k = sum_n r_nk,    s_k = sum_n r_nk (x_n - c_k),    P_k = sum_n r_nk (x_n - c_k) (x_n - c_k)^T

and from these  w_k = N_k / n,  m_k = c_k + s_k / N_k,  S_k = P_k / N_k - (m_k - c_k) (m_k - c_k)^T.  Any
centres c_k will do; near the means, the last difference loses no digits.

``textbook_...`` is those formulas.  The rest is the twin of ``_kernels/mixture.pyx``, by the steps of
``mixture_density`` and ``mixture_moments``.
"""

import math
from collections.abc import Sequence

from .cholesky import Matrix
from .mathematics import logarithm
from .mixture_density import (
    Component,
    Factors,
    Vector,
    centred,
    is_diagonal,
    log_sum_exp,
    normalise,
    split,
    squared_distance,
    weighted_log_density,
)
from .mixture_moments import (
    BLOCK_ROWS,
    PIECE_ROWS,
    SHORT_DIMENSION,
    add_log_likelihood,
    add_short,
    sum_of,
)
from .multivariate_density import textbook_logpdf

# As anyone would write it


def textbook_density(x: Vector, weights: Vector, means: Matrix, covariances: Sequence[Matrix]) -> float:
    """sum_k w_k p_k(x).

    >>> covariances = [[[1.0]], [[4.0]]]
    >>> round(textbook_density([1.0], [0.5, 0.5], [[0.0], [3.0]], covariances), 12)
    0.181478043389
    """
    parameters = zip(weights, means, covariances, strict=True)
    return sum(weight * math.exp(textbook_logpdf(x, mean, cov)) for weight, mean, cov in parameters)


def textbook_responsibilities(
    x: Vector, weights: Vector, means: Matrix, covariances: Sequence[Matrix]
) -> list[float]:
    """w_k p_k(x) / p(x).  It divides by zero where x is far from all means: exp gives 0 then.

    >>> r = textbook_responsibilities([1.0], [0.5, 0.5], [[0.0], [3.0]], [[[1.0]], [[4.0]]])
    >>> [round(v, 12) for v in r]
    [0.666666666667, 0.333333333333]
    """
    parameters = zip(weights, means, covariances, strict=True)
    joint = [weight * math.exp(textbook_logpdf(x, mean, cov)) for weight, mean, cov in parameters]
    return [each / sum(joint) for each in joint]


def textbook_em_step(
    x: Matrix, weights: Vector, means: Matrix, covariances: Sequence[Matrix]
) -> tuple[list[float], list[list[float]], list[list[list[float]]]]:
    """One step of expectation-maximization: weights, means and covariances that make x more likely.

    >>> weights, means, covariances = textbook_em_step([[0.0], [2.0]], [1.0], [[0.0]], [[[1.0]]])
    >>> weights, means, covariances
    ([1.0], [[1.0]], [[[1.0]]])
    """
    n, d = len(x), len(x[0])
    r = [textbook_responsibilities(row, weights, means, covariances) for row in x]
    new_weights, new_means, new_covariances = [], [], []
    for k in range(len(weights)):
        total = sum(r[row][k] for row in range(n))
        mean = [sum(r[row][k] * x[row][i] for row in range(n)) / total for i in range(d)]
        cov = [
            [
                sum(r[row][k] * (x[row][i] - mean[i]) * (x[row][j] - mean[j]) for row in range(n)) / total
                for j in range(d)
            ]
            for i in range(d)
        ]
        new_weights.append(total / n)
        new_means.append(mean)
        new_covariances.append(cov)
    return new_weights, new_means, new_covariances


# The twin


def score_component(x: Vector, component: Component) -> float:
    """a_k = ln(w_k p_k(x)).

    >>> from fastdist.reference.mixture_density import prepare
    >>> (component,) = prepare([0.5], [1.0], [[0.0]], [[1.0]])
    >>> score_component([3.0], component), score_component([1e200], component)
    (-4.0, -inf)
    """
    q = squared_distance(centred(x, component.mean, component.mean_low), component)
    return weighted_log_density(q, component.log_height)


def add_long(start: float, terms: Vector, factors: Vector | None) -> float:
    """start + ``sum_of``:  in pieces of PIECE_ROWS rows, then float64 over a block, then over blocks.

    >>> add_long(1.0, [1.0] * 600, [0.5] * 600)
    301.0
    """
    for first in range(0, len(terms), BLOCK_ROWS):
        total = 0.0
        for piece in range(first, min(first + BLOCK_ROWS, len(terms)), PIECE_ROWS):
            rows = slice(piece, piece + PIECE_ROWS)
            total += float(sum_of(terms[rows], factors and factors[rows]))
        start += total
    return start


def add_component(
    v: Sequence[Vector],
    g: Vector,
    k: int,
    totals: list[float],
    sums: list[list[float]],
    products: Factors,
) -> None:
    """Add the moments of component k, for centred rows v with weights g.

    Moments of short rows, and of diagonals, have partial sums; those of long rows are summed in pieces.
    """
    d, diagonal = len(sums[k]), is_diagonal(products)
    add = add_short if diagonal or d <= SHORT_DIMENSION else add_long
    columns = [[row[i] for row in v] for i in range(d)]
    weighted = [[weight * each for weight, each in zip(g, column, strict=True)] for column in columns]
    totals[k] = add_short(totals[k], list(map(float, g)), block=len(g))
    for i in range(d):
        sums[k][i] = add(sums[k][i], weighted[i], None)
        if diagonal:
            products[k][i] = add(products[k][i], weighted[i], columns[i])
        else:
            for j in range(i + 1):
                products[k][i][j] = add(products[k][i][j], weighted[i], columns[j])


def score_components(x: Vector, mixture: Sequence[Component]) -> list[float]:
    """a_k of every component.

    >>> from fastdist.reference.mixture_density import prepare
    >>> score_components([3.0], prepare([0.5, 0.5], [0.5, 0.5], [[0.0], [3.0]], [[1.0], [1.0]]))
    [-4.0, 0.5]
    """
    return [score_component(x, component) for component in mixture]


def responsibilities(x: Vector, mixture: Sequence[Component]) -> tuple[list[float], float]:
    """(r, ln p):  r_k = exp(a_k) / sum_j exp(a_j),  ln p = ln sum_j exp(a_j).

    >>> from fastdist.reference.mixture_density import prepare
    >>> mixture = prepare([0.5, 0.5], [0.25, 0.75], [[0.0], [0.0]], [[1.0], [1.0]])
    >>> responsibilities([3.0], mixture), responsibilities([1e200], mixture)
    (([0.5, 0.5], -3.3068528194400546), ([0.25, 0.75], -inf))
    """
    base, e, total = log_sum_exp(score_components(x, mixture))
    return normalise(e, total, x, mixture), base + logarithm(total)


def predict(x: Vector, mixture: Sequence[Component]) -> int:
    """The first component with the largest responsibility.

    >>> from fastdist.reference.mixture_density import prepare
    >>> mixture = prepare([0.5, 0.5], [0.25, 0.75], [[0.0], [0.0]], [[1.0], [2.0]])
    >>> predict([0.0], mixture), predict([1e200], mixture)
    (0, 1)
    """
    r, _ = responsibilities(x, mixture)
    return r.index(max(r))


def nearest(x: Vector, mixture: Sequence[Component]) -> int:
    """The first component with the largest weighted log density."""
    a = score_components(x, mixture)
    return a.index(max(a))


def add_expectations(
    x: Matrix,
    sample_weight: Vector | None,
    mixture: Sequence[Component],
    centres: Matrix,
    totals: list[float],
    sums: list[list[float]],
    products: Factors,
) -> float:
    """``add_moments`` with the responsibilities times the weights of the rows; returns the log-likelihood.

    >>> from fastdist.reference.mixture_density import prepare
    >>> totals, sums, products = [0.0], [[0.0]], [[0.0]]
    >>> mixture = prepare([0.0], [1.0], [[1.0]], [[1.0]])
    >>> add_expectations([[1.0], [3.0]], [1.0, 2.0], mixture, [[1.0]], totals, sums, products)
    -4.0
    >>> totals, sums, products
    ([3.0], [[4.0]], [[8.0]])
    """
    weight = [1.0] * len(x) if sample_weight is None else sample_weight
    found = [responsibilities(row, mixture) for row in x]
    g = [[type(each)(float(each) * weight[n]) for each in r] for n, (r, _) in enumerate(found)]
    add_moments(x, g, centres, totals, sums, products)
    return add_log_likelihood([log_density for _, log_density in found], weight)


def add_moments(
    x: Matrix,
    responsibilities: Matrix,
    centres: Matrix,
    totals: list[float],
    sums: list[list[float]],
    products: Factors,
) -> None:
    """Add N_k, s_k and P_k for given responsibilities: of P_k the lower triangle, or the diagonal.

    >>> totals, sums, products = [0.0], [[0.0, 0.0]], [[[0.0, 0.0], [0.0, 0.0]]]
    >>> add_moments([[1.0, 2.0], [3.0, 5.0]], [[1.0], [0.5]], [[0.0, 0.0]], totals, sums, products)
    >>> totals, sums, products
    ([1.5], [[2.5, 4.5]], [[[5.5, 0.0], [9.5, 16.5]]])
    """
    if not x:
        return
    for k, centre in enumerate(centres):
        mean, mean_low = split(centre, type(x[0][0]))
        v = [centred(row, mean, mean_low) for row in x]
        add_component(v, [row[k] for row in responsibilities], k, totals, sums, products)
