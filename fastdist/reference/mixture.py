"""A mixture of normal distributions: K components of weights w_k, means m_k, covariances  S_k = L_k L_k^T.

    p(x) = sum_k w_k p_k(x),    p_k the density of component k            density
    r_k(x) = w_k p_k(x) / p(x)                                            responsibilities (Bayes)

The responsibility is the probability that component k made x, once x is known.  From data, the parameters are
found by expectation-maximization (A. P. Dempster, N. M. Laird, D. B. Rubin, J. R. Statist. Soc. B 39 (1977)).
A step makes the likelihood larger or leaves it: from the responsibilities come the sums

    N_k = sum_n r_nk,    s_k = sum_n r_nk (x_n - c_k),    P_k = sum_n r_nk (x_n - c_k) (x_n - c_k)^T

and from these  w_k = N_k / n,  m_k = c_k + s_k / N_k,  S_k = P_k / N_k - (m_k - c_k) (m_k - c_k)^T.  Any
centres c_k will do; near the means, the last difference loses no digits.

``textbook_...`` is those formulas.  The rest is the twin of ``_kernels/mixture.pyx``.  It computes in the
type of the data, and densities as logarithms, of which the largest is taken away before exp; sums of many
rows are float64, made of sums of some rows in the type of the data.  Factors and products are of one of two
forms: *triangular*, matrices L_k (or one, which all components share) and P_k; or *diagonal*, vectors of
standard deviations and of the diagonals of P_k.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

from .arithmetic import fused_multiply_add
from .cholesky import Matrix
from .mathematics import exponential, logarithm
from .multivariate_density import textbook_logpdf

Vector: TypeAlias = Sequence[float]
OfForm: TypeAlias = Any  # a matrix for each component, or, of the diagonal form, a vector

BLOCK = 256  # rows that are summed on their own, if they are short
PIECE = 64  # and if they are long
LANES = 16  # sums side by side
LONGEST_SHORT = 15  # numbers of a row that is short

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


# The twin: densities


class Component(NamedTuple):
    """A component's parameters, in the type of the data."""

    log_height: float  # ln w_k + log_peak: the weighted log density at the mean
    weight: float
    mean: Vector
    mean_low: Vector  # what the rounding of the mean took away; in float64 zeros
    scale_tril: Matrix  # L; of a diagonal form not looked at
    reciprocals: Vector  # -1 / L[i][i]; of a diagonal form 1 / s[i]
    diagonal: bool


def is_diagonal(form: OfForm) -> bool:
    """Whether factors or products are vectors.

    >>> is_diagonal([[2.0, 3.0]]), is_diagonal([[[2.0, 0.0], [1.0, 3.0]]])
    (True, False)
    """
    return not isinstance(form[0][0], Sequence)


def split(mean: Vector, number: type[float]) -> tuple[list[float], list[float]]:
    """The mean in a type, and what that has lost of it.

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
    factors: OfForm,
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
    """x - mean.  In two steps, since of a Float32 x the difference from the exact mean is wanted.

    >>> from fastdist.reference.arithmetic import Float32
    >>> centred([Float32(1e8)], *split([1e8 + 1.5], Float32))
    [Float32(-1.5)]
    """
    return [x[i] - mean[i] - mean_low[i] for i in range(len(x))]


def whiten(x: Vector, component: Component) -> list[float]:
    """L^-1 (x - mean), or minus that, which has the same square: see ``multivariate_density.whiten``.

    >>> (component,) = prepare([0.0], [1.0], [[10.0, 20.0]], [[[2.0, 0.0], [1.0, 3.0]]])
    >>> whiten([12.0, 15.0], component)
    [-1.0, 2.0]
    """
    v = centred(x, component.mean, component.mean_low)
    if component.diagonal:
        return [v[i] * component.reciprocals[i] for i in range(len(x))]
    w: list[float] = []
    for i in range(len(x)):
        total = v[i]
        for j in range(i):
            total = fused_multiply_add(component.scale_tril[i][j], w[j], total)
        w.append(total * component.reciprocals[i])
    return w


def weighted_log_density(x: Vector, component: Component) -> float:
    """ln(w_k p_k(x)) = log_height - |w|^2 / 2.

    Where something overflows on the way, x is infinitely far from the mean: NaN comes of inf - inf alone.

    >>> (component,) = prepare([0.5], [1.0], [[0.0]], [[1.0]])
    >>> weighted_log_density([3.0], component), weighted_log_density([1e200], component)
    (-4.0, -inf)
    """
    q = type(x[0])(0)
    for w in whiten(x, component):
        q = fused_multiply_add(w, w, q)
    if not q < math.inf:
        q = type(q)(math.inf)
    return fused_multiply_add(-0.5, q, component.log_height)


def weighted_log_densities(x: Vector, mixture: Sequence[Component]) -> list[float]:
    """a_k = ln(w_k p_k(x)) of every component.

    >>> weighted_log_densities([3.0], prepare([0.5, 0.5], [0.5, 0.5], [[0.0], [3.0]], [[1.0], [1.0]]))
    [-4.0, 0.5]
    """
    return [weighted_log_density(x, component) for component in mixture]


def log_sum_exp(a: Vector) -> tuple[float, list[float], float]:
    """(ln sum_k exp a_k,  e,  s):  with base = max a,  e_k = exp(a_k - base),  s = sum_k e_k,  base + ln s.

    s is at least 1, and no term overflows; but where all a_k are -inf, the base is 0 and s is 0.

    >>> log_sum_exp([1000.0, 1000.0])
    (1000.6931471805599, [1.0, 1.0], 2.0)
    >>> log_sum_exp([-math.inf, -math.inf])
    (-inf, [0.0, 0.0], 0.0)
    """
    m = a[0]
    for each in a:
        m = each if m < each else m
    base = m if m > -math.inf else type(m)(0)
    e = [exponential(each - base) for each in a]
    s = e[0]
    for each in e[1:]:
        s = s + each
    return base + logarithm(s), e, s


def scaled_distance(x: Vector, component: Component, unit: float) -> float:
    """|w|^2 with all multiplied by a unit, a power of two; inf if it overflows still."""
    scaled = component._replace(
        mean=[m * unit for m in component.mean], mean_low=[m * unit for m in component.mean_low]
    )
    q = type(x[0])(0)
    for w in whiten([number * unit for number in x], scaled):
        q = fused_multiply_add(w, w, q)
    return q if q < math.inf else type(q)(math.inf)


def share_of_heaviest_tail(x: Vector, mixture: Sequence[Component]) -> list[float]:
    """Responsibilities of a point so far away that the logarithms of all densities overflow.

    There ln(w_k p_k) = -q_k / 2, but for what is nothing beside it: of the components that have a weight the
    one of the least q_k takes all, and several of these share by their weights.  If squares overflow in any
    unit, the weights remain.

    >>> mixture = prepare([0.0] * 3, [0.5, 0.25, 0.25], [[0.0], [0.0], [9.0]], [[1.0], [2.0], [2.0]])
    >>> share_of_heaviest_tail([1e200], mixture)
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


def responsibilities(x: Vector, mixture: Sequence[Component]) -> tuple[list[float], float]:
    """(r, ln p):  r_k = exp(a_k - ln p),  ln p = log_sum_exp(a),  of the weighted log densities a_k.

    >>> mixture = prepare([0.5, 0.5], [0.25, 0.75], [[0.0], [0.0]], [[1.0], [1.0]])
    >>> responsibilities([3.0], mixture), responsibilities([1e200], mixture)
    (([0.5, 0.5], -3.3068528194400546), ([0.25, 0.75], -inf))
    """
    log_density, e, s = log_sum_exp(weighted_log_densities(x, mixture))
    if s == 0:
        return share_of_heaviest_tail(x, mixture), log_density
    scale = 1 / s
    return [each * scale for each in e], log_density


def predict(x: Vector, mixture: Sequence[Component]) -> int:
    """The component of the largest responsibility: the first of equals.

    >>> mixture = prepare([0.5, 0.5], [0.25, 0.75], [[0.0], [0.0]], [[1.0], [2.0]])
    >>> predict([0.0], mixture), predict([1e200], mixture)
    (0, 1)
    """
    return largest(responsibilities(x, mixture)[0])


def nearest(x: Vector, mixture: Sequence[Component]) -> int:
    """The component of the largest weighted log density: the first of equals."""
    return largest(weighted_log_densities(x, mixture))


def largest(a: Vector) -> int:
    """Which is largest: the first of equals.

    >>> largest([-3.0, -1.0, -1.0])
    1
    """
    place = 0
    for k, each in enumerate(a):
        if a[place] < each:
            place = k
    return place


# The twin: sums over data


def sum_of(terms: Vector, factors: Vector | None) -> float:
    """sum_n terms[n],  or  sum_n terms[n] factors[n]:  one after the other, in their type.

    >>> sum_of([1.0, 2.0], None), sum_of([1.0, 2.0], [2.0, 3.0])
    (3.0, 8.0)
    """
    total = type(terms[0])(0)
    for n, term in enumerate(terms):
        total = total + term if factors is None else fused_multiply_add(term, factors[n], total)
    return total


def sum_in_strands(terms: Vector, factors: Vector | None = None, block: int = BLOCK) -> float:
    """``sum_of``, in LANES strands: row n belongs to strand n % LANES.  These are added in pairs.

    A strand is summed for each block on its own, and these sums in float64.

    >>> sum_in_strands([1.0, 2.0, 3.0]), sum_in_strands([1.0] * 600, [0.5] * 600)
    (6.0, 300.0)
    """
    strands = [0.0] * LANES
    for first in range(0, len(terms), block):
        for lane in range(min(LANES, len(terms) - first)):
            rows = slice(first + lane, first + block, LANES)
            strands[lane] += float(sum_of(terms[rows], factors and factors[rows]))
    while len(strands) > 1:
        half = len(strands) // 2
        strands = [strands[lane] + strands[lane + half] for lane in range(half)]
    return strands[0]


def add_in_pieces(start: float, terms: Vector, factors: Vector | None) -> float:
    """start + ``sum_of``:  PIECE rows on their own, these sums in float64 for each block, and those as well.

    >>> add_in_pieces(1.0, [1.0] * 600, [0.5] * 600)
    301.0
    """
    for first in range(0, len(terms), BLOCK):
        total = 0.0
        for piece in range(first, min(first + BLOCK, len(terms)), PIECE):
            rows = slice(piece, piece + PIECE)
            total += float(sum_of(terms[rows], factors and factors[rows]))
        start += total
    return start


def add_moments(
    x: Matrix,
    responsibilities: Matrix,
    centres: Matrix,
    totals: list[float],
    sums: list[list[float]],
    products: OfForm,
) -> None:
    """Add N_k, s_k and P_k to what there is: of P_k the lower triangle, or the diagonal.

    Short rows, and diagonals, are summed in strands, and long rows in pieces.

    >>> totals, sums, products = [0.0], [[0.0, 0.0]], [[[0.0, 0.0], [0.0, 0.0]]]
    >>> add_moments([[1.0, 2.0], [3.0, 5.0]], [[1.0], [0.5]], [[0.0, 0.0]], totals, sums, products)
    >>> totals, sums, products
    ([1.5], [[2.5, 4.5]], [[[5.5, 0.0], [9.5, 16.5]]])
    """
    if not x:
        return
    d, diagonal = len(centres[0]), is_diagonal(products)

    def add(start: float, terms: Vector, factors: Vector | None) -> float:
        if diagonal or d <= LONGEST_SHORT:
            return start + sum_in_strands(terms, factors)
        return add_in_pieces(start, terms, factors)

    for k, centre in enumerate(centres):
        parts = split(centre, type(x[0][0]))
        g = [row[k] for row in responsibilities]
        rows = [centred(row, *parts) for row in x]
        v = [[row[i] for row in rows] for i in range(d)]
        u = [[weight * number for weight, number in zip(g, column, strict=True)] for column in v]
        totals[k] += sum_in_strands(list(map(float, g)), block=len(g))
        for i in range(d):
            sums[k][i] = add(sums[k][i], u[i], None)
            if diagonal:
                products[k][i] = add(products[k][i], u[i], v[i])
            else:
                for j in range(i + 1):
                    products[k][i][j] = add(products[k][i][j], u[i], v[j])


def add_expectations(
    x: Matrix,
    sample_weight: Vector | None,
    mixture: Sequence[Component],
    centres: Matrix,
    totals: list[float],
    sums: list[list[float]],
    products: OfForm,
) -> float:
    """``add_moments`` with the responsibilities times the weights of the rows; returns the log-likelihood.

    >>> totals, sums, products = [0.0], [[0.0]], [[0.0]]
    >>> mixture = prepare([0.0], [1.0], [[1.0]], [[1.0]])
    >>> add_expectations([[1.0], [3.0]], [1.0, 2.0], mixture, [[1.0]], totals, sums, products)
    -4.0
    >>> totals, sums, products
    ([3.0], [[4.0]], [[8.0]])
    """
    weight = [1.0] * len(x) if sample_weight is None else sample_weight
    found = [responsibilities(row, mixture) for row in x]
    weighted = [[type(each)(float(each) * g) for each in r] for g, (r, _) in zip(weight, found, strict=True)]
    add_moments(x, weighted, centres, totals, sums, products)
    # A row of weight 0 adds nothing, whatever its density.
    terms = [g * float(log_density) if g else 0.0 for g, (_, log_density) in zip(weight, found, strict=True)]
    return sum_in_strands(terms, block=max(1, len(terms)))
