"""A drop-in for ``scipy.stats.multivariate_normal``, with batches, and with all from one factor."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastdist.multivariate.frozen import FrozenMultivariateNormal
from fastdist.multivariate.functions import MultivariateNormalFunctions
from fastdist.multivariate.likelihood import fit
from fastdist.random.generator import Size
from fastdist.random.random_state import check_random_state


class MultivariateNormal(MultivariateNormalFunctions):
    """The multivariate normal distribution with mean `mean` and covariance `cov`.

    ``multivariate_normal(mean, cov)`` is the distribution with these parameters kept, its covariance factored
    once: see `freeze`.

    Parameters
    ----------
    seed : optional
        What `rvs` draws from if nothing else is given: all that its ``random_state`` accepts.

    Attributes
    ----------
    random_state : numpy.random.Generator or numpy.random.RandomState
        That; a `fastdist.Generator` on fresh entropy, until it is set.

    Notes
    -----
    The interface is that of `scipy.stats.multivariate_normal`: the same order of arguments, the same shapes,
    the same errors.  All methods take the parameters of `freeze`, as well by name.

    Beyond SciPy: `scale_tril` and `precision` instead of `cov`; means of shape (..., d) and covariances of
    shape (..., d, d), which broadcast against each other and against x of shape (..., d), and of whose
    results no axis is removed; `mahalanobis`, `conditional`, `loglikelihood`, `kl_divergence`, `wasserstein`
    and `confidence_ellipse`.

    A point is infinitely far from the mean if it is so in one coordinate: its density is 0, unless another
    coordinate of ``x - mean`` is NaN, which makes NaN.

    What differs from SciPy: a covariance must be finite and symmetric (SciPy reads its lower triangle), and
    is regular as long as its factor can be told from rounding errors, up to condition numbers of some
    1e15 / d of its correlations (SciPy refuses more than 4.5e9; with ``allow_singular=True``, the same is
    singular here as there, but for least eigenvalues between the limit and some d times less).
    float32 x give float32, complex numbers are refused, an integer `random_state` names another stream (a
    NumPy Generator or RandomState gives the values that it gives SciPy), and without one numbers are drawn
    from ``multivariate_normal.random_state``.  `fit` gives float64.
    ``cdf`` and ``logcdf`` are SciPy's: ``pip install 'fastdist-kernels[scipy]'``.

    Examples
    --------
    >>> from fastdist import multivariate_normal
    >>> multivariate_normal.pdf([[0, 0], [1, 1]], mean=[0, 0], cov=[[2, 0.5], [0.5, 1]]).round(6)
    array([0.12031 , 0.067941])
    """

    def __init__(self, seed: Any = None) -> None:
        self._random_state = check_random_state(seed)

    def __reduce__(self) -> str | tuple[Any, ...]:
        if self is multivariate_normal:
            return "multivariate_normal"
        return type(self), (self._random_state,)

    def freeze(
        self,
        mean: Any = None,
        cov: Any = 1,
        allow_singular: bool | None = False,
        seed: Any = None,
        maxpts: int | None = None,
        abseps: float = 1e-5,
        releps: float = 1e-5,
        *,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> FrozenMultivariateNormal:
        """The distribution with its parameters: ``multivariate_normal(mean, cov)``.

        Parameters
        ----------
        mean : array_like, shape (..., d), optional
            Mean; None for zeros.
        cov : array_like or scipy.stats.Covariance, optional
            Covariance, of shape (..., d, d), finite, symmetric and positive definite; a 1-D array is its
            diagonal, a number that of all variances.
        allow_singular : bool, optional
            Whether it may be singular: of the variances that are left when the components are taken in turn,
            the largest first, those below 2.2e-10 of the first are zeros.  Then the density is that on its
            support.  Batches of covariances must be regular; those of means may share a singular one.  None,
            which SciPy has not, takes a covariance as singular only where it cannot be taken as regular.
        seed : optional
            What `rvs` draws from, as its ``random_state``.
        maxpts, abseps, releps : optional
            For `cdf` and `logcdf`: SciPy's.
        scale_tril : array_like, shape (..., d, d), optional
            Instead of `cov`: its factor L, ``cov = L @ L.T``, lower triangular with a positive diagonal.
        precision : array_like, shape (..., d, d), optional
            Instead of `cov`: its inverse.

        Returns
        -------
        FrozenMultivariateNormal
            With the methods of `multivariate_normal`, which need none of these.

        Raises
        ------
        ValueError
            If shapes do not match, or `mean` is empty; if a matrix is not finite, not symmetric, or has
            negative eigenvalues; if `scale_tril` is no factor; if a parameter holds strings.
        numpy.linalg.LinAlgError
            A ValueError, too: unless ``allow_singular=True``, if the covariance is singular or not symmetric;
            if `precision` is not positive definite.
        TypeError
            If a parameter is complex, or no number; if more than one of `cov`, `scale_tril` and `precision`
            is given.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> body = multivariate_normal([170, 70], [[100, 60], [60, 80]])
        >>> body.pdf([170, 70]).round(6), body.entropy().round(6)
        (np.float64(0.002399), np.float64(7.032557))
        """
        return FrozenMultivariateNormal(
            self,
            mean,
            cov,
            allow_singular,
            seed,
            maxpts,
            abseps,
            releps,
            scale_tril=scale_tril,
            precision=precision,
        )

    __call__ = freeze

    @property
    def random_state(self) -> np.random.Generator | np.random.RandomState:
        return self._random_state

    @random_state.setter
    def random_state(self, seed: Any) -> None:
        self._random_state = check_random_state(seed)

    def rvs(
        self,
        mean: Any = None,
        cov: Any = 1,
        size: Size = 1,
        random_state: Any = None,
        *,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> Any:
        """Draw random rows.

        Parameters
        ----------
        mean, cov, scale_tril, precision : optional
            The parameters, as `freeze` takes them; the covariance may be singular, unless it is
            one of a batch.
        size : int or tuple of ints, optional
            How many.  For a batch the whole shape to which it broadcasts, less the last axis, and 1 stands
            for one row for each member.
        random_state : optional
            None draws from ``multivariate_normal.random_state``; an int or a SeedSequence is a seed for
            `fastdist.default_rng`; a `fastdist.Generator`, a NumPy Generator or RandomState is drawn from.
            The module `numpy.random` stands for its own global RandomState.

        Returns
        -------
        float64 or ndarray of float64, shape (..., d)
            What `Generator.multivariate_normal` draws; of a NumPy Generator or RandomState, what it draws
            itself.  Without axes of length 1, unless there is a batch, or `cov` is a
            `scipy.stats.Covariance`.

        Raises
        ------
        ValueError, TypeError, numpy.linalg.LinAlgError
            As `freeze` and `Generator.multivariate_normal` raise them; ValueError also for any other
            `random_state`.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> multivariate_normal.rvs([0, 10], [[4, 1], [1, 1]], size=5, random_state=7).shape
        (5, 2)
        """
        frozen = self.freeze(mean, cov, None, scale_tril=scale_tril, precision=precision)
        return frozen.rvs(size, random_state)

    def entropy(
        self,
        mean: Any = None,
        cov: Any = 1,
        *,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> Any:
        """Differential entropy, in nats.

        Parameters
        ----------
        mean, cov, scale_tril, precision : optional
            The parameters, as `freeze` takes them; the covariance may be singular, unless it is
            one of a batch.

        Returns
        -------
        float64 or ndarray of float64
            ``(d (1 + log(2 pi)) + log det cov) / 2``; of a singular covariance with its rank for d and its
            pseudo-determinant.

        Raises
        ------
        ValueError, TypeError, numpy.linalg.LinAlgError
            As `freeze` raises them.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> multivariate_normal.entropy([0, 0], [[4, 1], [1, 1]]).round(6)
        np.float64(3.387183)
        """
        frozen = self.freeze(mean, cov, None, scale_tril=scale_tril, precision=precision)
        return frozen.entropy()

    def fit(
        self, x: ArrayLike, fix_mean: ArrayLike | None = None, fix_cov: ArrayLike | None = None
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """The mean and covariance for which data are most likely.

        Parameters
        ----------
        x : array_like, shape (n, d)
            The data; also a memory map larger than memory.
        fix_mean : array_like, shape (d,), optional
            The mean, if it is known.
        fix_cov : array_like, shape (d, d), optional
            The covariance, if it is known.

        Returns
        -------
        mean : ndarray of float64, shape (d,)
            The mean of the data, or a copy of `fix_mean`.  Of a column with an infinity it is infinite, with
            infinities of both signs, or NaN, it is NaN.
        cov : ndarray of float64, shape (d, d)
            The mean of ``(x - mean) (x - mean)^T``, or a copy of `fix_cov`.  NaN for columns that are not
            finite.

        Raises
        ------
        ValueError
            If `x` is not two-dimensional, or a fixed parameter does not fit it; if `fix_cov` is not finite,
            symmetric and positive semidefinite; if an argument holds strings.
        TypeError
            If an argument is complex, or no number.

        Warns
        -----
        RuntimeWarning
            If there are no data: what is not fixed is NaN then.

        Notes
        -----
        The data are read twice, in blocks: for the mean, then for the sums of products of deviations from
        it.  No array of their size is made.  The sums of the mean are compensated: they are as exact as in
        twice the precision.  All sums are in a fixed order: the number of threads does not affect the result.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> mean, cov = multivariate_normal.fit([[0, 1], [2, 1], [4, 4]])
        >>> mean, cov.round(6)
        (array([2., 2.]), array([[2.666667, 2.      ],
               [2.      , 2.      ]]))
        """
        return fit(x, fix_mean, fix_cov)


multivariate_normal = MultivariateNormal()
