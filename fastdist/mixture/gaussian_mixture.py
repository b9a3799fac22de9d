"""A drop-in for ``sklearn.mixture.GaussianMixture``, which is a generative model as well."""

from __future__ import annotations

from typing import Any, Self

from numpy.typing import ArrayLike

from fastdist.mixture.distribution import MixtureDistribution
from fastdist.mixture.exploration import MixtureExploration
from fastdist.mixture.learning import MixtureLearning
from fastdist.mixture.parameters import checked


class GaussianMixture(MixtureLearning, MixtureDistribution, MixtureExploration):
    """A mixture of K normal distributions: p(x) = sum_k weight_k N(x; mean_k, covariance_k).

    Constructor, methods and fitted attributes are those of `sklearn.mixture.GaussianMixture`; scikit-learn is
    not needed.

    Parameters
    ----------
    n_components : int, optional
        K.
    covariance_type : {'full', 'tied', 'diag', 'spherical'}, optional
        A covariance for each component; one that all share; a diagonal one, or a multiple of the identity,
        for each.
    tol : float, optional
        A fit has converged when the mean log-likelihood changes by less in a step.
    reg_covar : float or 'scale', optional
        Added to the variances, so that no covariance becomes singular.  'scale' adds 1e-6 times the variance
        of each feature in the data, and measures the distances of k-means in its standard deviations: then
        the fit does not depend on the units of features, but for 'spherical'.
    max_iter : int, optional
        Steps at most.
    n_init : int, optional
        Starts, of which the one of the largest likelihood is kept.
    init_params : {'kmeans', 'k-means++', 'random', 'random_from_data'}, optional
        How responsibilities start: as the labels of k-means; as those of K rows alone, which k-means++ or
        chance draws; or at random.
    weights_init : array_like, shape (K,), optional
        Weights to start with.
    means_init : array_like, shape (K, d), optional
        Means to start with.
    precisions_init : array_like, optional
        Inverses of the covariances to start with, in the shape of `covariances_`.
    random_state : None, int, SeedSequence, numpy.random.Generator or RandomState, optional
        What fits and samples are made with.  With an int both can be repeated, on any number of threads; None
        is fresh entropy, whatever ``numpy.random.seed`` was given.
    warm_start : bool, optional
        Whether a fit starts where the last one ended.
    verbose : int, bool or 'bar', optional
        1 prints each `verbose_interval` steps, 2 times and changes as well; 'bar' shows a bar of tqdm.
    verbose_interval : int, optional
        Steps between two lines.

    Attributes
    ----------
    weights_ : ndarray, shape (K,)
        Weights: of sum 1.  This and the next four are of the dtype of the data, float64 or float32.
    means_ : ndarray, shape (K, d)
        Means.
    covariances_ : ndarray
        Covariances, of shape (K, d, d), (d, d), (K, d) or (K,) for the four types.
    precisions_ : ndarray
        Their inverses.
    precisions_cholesky_ : ndarray
        U with ``precision = U @ U.T``, upper triangular; for the last two types its diagonal.
    converged_ : bool
        Whether the fit has converged.
    n_iter_ : int
        Steps that it took.
    lower_bound_ : float
        Mean log-likelihood of the data, in the last step.
    lower_bounds_ : list of float
        That of each step.
    n_features_in_ : int
        d.
    feature_names_in_ : ndarray of str
        Names of the features, if the data of the fit were a data frame, or batches of frames, whose names are
        all strings.

    See Also
    --------
    fastdist.multivariate_normal : the distribution of a single component.

    Notes
    -----
    The model computes with float64 parameters, also after a fit of float32 data, whose densities are computed
    in float32.  The arrays of parameters are read-only: assign a new one to change one.

    From the same start, a fit takes the same steps as scikit-learn's, in one pass over the data each; nothing
    of the size n x K is made, and the data are not copied.  Its sums are about the means before the step, so
    that data far from 0 lose no digits.  Results are bit-identical for any number of threads.

    What differs: missing values (NaN) are marginalised; weights are normalised also before the first step; a
    component without points stays where it was; of many rows k-means runs on a sample, of at most 65 536 rows
    and some 500 000 numbers, but of no fewer than 64 rows a component, and its centres label them all;
    `sample` gives the next rows with each call, not the same again.

    Examples
    --------
    >>> import numpy as np
    >>> from fastdist import GaussianMixture
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> model = GaussianMixture(n_components=2, random_state=0).fit(X)
    >>> model.means_[model.means_[:, 0].argsort()].round(6)
    array([[ 1.,  2.],
           [10.,  2.]])
    >>> model.predict([[0, 0], [12, 3]]) == model.predict([[1, 0], [10, 4]])
    array([ True,  True])
    """

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: Any = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: str = "kmeans",
        weights_init: ArrayLike | None = None,
        means_init: ArrayLike | None = None,
        precisions_init: ArrayLike | None = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: Any = 0,
        verbose_interval: int = 10,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval

    @classmethod
    def from_parameters(
        cls,
        weights: ArrayLike,
        means: ArrayLike,
        covariances: ArrayLike,
        covariance_type: str | None = None,
        **params: Any,
    ) -> Self:
        """The mixture with these parameters, as if it were fitted.

        Parameters
        ----------
        weights : array_like, shape (K,)
            Not negative; their sum may differ from 1 by 1e-8 (float32: by 1e-6), and becomes 1.
        means : array_like, shape (K, d)
            Means.
        covariances : array_like
            Covariances, positive definite: of shape (K, d, d), (d, d), (K, d) or (K,).
        covariance_type : {'full', 'tied', 'diag', 'spherical'}, optional
            None takes what the shape says; if K = d, 'tied' and 'diag' must be said.
        **params : dict
            Other parameters of the constructor.

        Returns
        -------
        GaussianMixture
            With ``n_iter_`` 0; with ``warm_start=True`` a fit starts here.

        Raises
        ------
        ValueError
            If shapes do not match, or an entry is not finite; if weights are no probabilities, or a
            covariance is not symmetric and positive definite.  The component or entry is named.
        TypeError
            If an argument is complex.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.3, 0.7], [[0], [5]], [1, 4], "spherical")
        >>> model.score_samples([[0.0], [5.0]]).round(6)
        array([-2.072922, -1.968757])
        """
        parameters = checked(weights, means, covariances, covariance_type)
        model = cls(parameters.components, covariance_type=parameters.covariance_type, **params)
        model._take(parameters)
        return model
