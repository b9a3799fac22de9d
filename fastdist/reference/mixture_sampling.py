"""Samples of a mixture of normal distributions: a component by its weight, and then a normal from it.

    k = the number of cumulative weights  w_0 + ... + w_j <= u,    u uniform in [0, 1)
    x = m_k + L_k z,    z independent standard normals

``textbook_mixture_samples`` is that.  The rest is the twin of ``_kernels/mixture_sampling.pyx``.  Row r of a
stream is made of word r, which gives u, and of the normals  r d  to  r d + d - 1.  It depends on the key and
on r alone, and only the chosen component is computed.
"""

import random as python_random
from collections.abc import Callable, Sequence

from .box_muller import normals_float64
from .cholesky import Matrix
from .mixture_density import Factors, is_diagonal
from .multivariate_sampling import colorize, textbook_multivariate_normals
from .stream import uniforms

# As anyone would write it


def textbook_mixture_samples(
    n: int,
    weights: Sequence[float],
    means: Matrix,
    covariances: Sequence[Matrix],
    random: Callable[[], float] = python_random.random,
) -> tuple[list[list[float]], list[int]]:
    """n samples, and the component of each.

    >>> numbers = iter([0.9, 0.5, 0.25]).__next__  # the second component, and z = 0
    >>> textbook_mixture_samples(1, [0.5, 0.5], [[0.0], [3.0]], [[[1.0]], [[4.0]]], numbers)
    ([[3.0]], [1])
    """
    rows: list[list[float]] = []
    labels: list[int] = []
    for _ in range(n):
        k, rest = 0, random()
        while k < len(weights) - 1 and rest >= weights[k]:
            rest -= weights[k]
            k += 1
        rows += textbook_multivariate_normals(1, means[k], covariances[k], random)
        labels.append(k)
    return rows, labels


# The twin


def choose(u: float, cumulative: Sequence[float]) -> int:
    """The component for a uniform u in [0, 1): the number of cumulative weights, except the last, up to u.

    A component of weight 0 is never chosen, unless it is the last and the others sum to less than 1.

    >>> [choose(u, [0.5, 0.5, 1.0]) for u in (0.0, 0.25, 0.5, 0.75)]
    [0, 0, 2, 2]
    """
    return sum(1 for each in cumulative[:-1] if each <= u)


def map_diagonal(z: Sequence[float], mean: Sequence[float], deviations: Sequence[float]) -> list[float]:
    """m + s z:  ``colorize`` for independent coordinates.

    >>> map_diagonal([1.0, -2.0], [10.0, 20.0], [2.0, 3.0])
    [12.0, 14.0]
    """
    return [(m + 0.0) + s * each for m, s, each in zip(mean, deviations, z, strict=True)]


def mixture_samples(
    key: Sequence[int],
    first_word: int,
    first_normal: int,
    n: int,
    cumulative: Sequence[float],
    means: Matrix,
    factors: Factors,
) -> tuple[list[list[float]], list[int]]:
    """n rows and their components, from the words and normals of a key, both from given positions on.

    >>> key, mixture = (1, 2, 3, 4), ([0.5, 1.0], [[0.0, 1.0], [3.0, 4.0]], [[1.0, 1.0], [2.0, 2.0]])
    >>> rows, labels = mixture_samples(key, 0, 0, 3, *mixture)
    >>> (rows[1:], labels[1:]) == mixture_samples(key, 1, 2, 2, *mixture)
    True
    """
    d = len(means[0])
    normals = normals_float64(key, first_normal, n * d)
    z = [normals[row * d : row * d + d] for row in range(n)]
    return apply(uniforms(key, first_word, n), z, cumulative, means, factors)


def apply(
    uniforms: Sequence[float],
    z: Matrix,
    cumulative: Sequence[float],
    means: Matrix,
    factors: Factors,
) -> tuple[list[list[float]], list[int]]:
    """A row and its component for each uniform and row of z.

    >>> apply([0.9], [[1.0]], [0.5, 1.0], [[0.0], [3.0]], [[1.0], [2.0]])
    ([[5.0]], [1])
    """
    transform = map_diagonal if is_diagonal(factors) else colorize
    labels = [choose(u, cumulative) for u in uniforms]
    rows = [
        transform(each, means[k], factors[k] if len(factors) > 1 else factors[0])
        for each, k in zip(z, labels, strict=True)
    ]
    return rows, labels
