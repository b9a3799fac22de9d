"""A Gaussian mixture explored: modes, marginals and conditionals, a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from numpy.typing import ArrayLike

from fastdist.mixture import modes, plot, relations
from fastdist.mixture.fitted import FittedMixture
from fastdist.mixture.modes import Modes
from fastdist.mixture.parameters import MixtureParameters

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class MixtureExploration(FittedMixture):
    """Methods of `fastdist.GaussianMixture` that show what it is like."""

    def modes(self, X: ArrayLike | None = None) -> Modes:
        """Where the density has its maxima, how high they are, and how many.

        Parameters
        ----------
        X : array_like, shape (n, d), optional
            Data, from whose quantiles the ascent starts as well as from the means; rows with NaN are not
            taken.  In one dimension they are not needed: no mode is missed.

        Returns
        -------
        Modes
            ``locations`` of shape (m, d), ``heights`` and ``log_heights`` of shape (m,), the highest first;
            ``len(modes)`` is m.

        Raises
        ------
        NotFittedError, ValueError
            As `score_samples` raises them.

        See Also
        --------
        is_unimodal : whether there is but one.

        Notes
        -----
        From each start the fixed-point iteration ``x <- (sum_k r_k S_k^-1)^-1 sum_k r_k S_k^-1 mean_k`` [1]_
        climbs, where r are the responsibilities and S the covariances; what it finds is a mode if the density
        curves down in all directions.  In more than one dimension there may be more modes than components,
        and one to which no start leads is missed.

        References
        ----------
        .. [1] M. A. Carreira-Perpinan, "Mode-finding for mixtures of Gaussian distributions", IEEE
           Transactions on Pattern Analysis and Machine Intelligence 22 (2000).

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.25, 0.75], [[0], [6]], [1, 1], "spherical")
        >>> modes = model.modes()
        >>> len(modes), modes.locations.ravel().round(6), modes.heights.round(6)
        (2, array([6., 0.]), array([0.299207, 0.099736]))
        """
        if X is None:
            return modes.modes(self._fitted())
        parameters, x, _ = self._points(X)
        return modes.modes(parameters, modes.starts_of_data(x))

    def is_unimodal(self, X: ArrayLike | None = None) -> bool:
        """Whether the density has one maximum.

        Parameters
        ----------
        X : array_like, shape (n, d), optional
            Data, as for `modes`.

        Returns
        -------
        bool
            Whether `modes` finds one.

        Raises
        ------
        NotFittedError, ValueError
            As `modes` raises them.

        Notes
        -----
        Two equal components of standard deviation s merge into one mode as soon as their means are no further
        apart than 2 s [1]_.

        References
        ----------
        .. [1] C. A. Robertson, J. G. Fryer, "Some descriptive properties of normal mixtures", Scandinavian
           Actuarial Journal (1969).

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> for distance in (2.0, 2.1):
        ...     model = GaussianMixture.from_parameters([0.5, 0.5], [[0], [distance]], [1, 1], "spherical")
        ...     print(model.is_unimodal())
        True
        False
        """
        return len(self.modes(X)) == 1

    def marginal(self, indices: ArrayLike) -> Self:
        """The mixture of some of the features.

        Parameters
        ----------
        indices : int or 1-D array_like of ints
            Which, and in which order; negative ones count from the end.

        Returns
        -------
        GaussianMixture
            Of the same weights and the same covariance type:
            p(x_a) = sum_k weight_k N(x_a; mean_k,a, S_k,aa).  What is left out is integrated over.

        Raises
        ------
        NotFittedError
            If the model has no parameters.
        ValueError
            If `indices` is empty, holds no integers, one twice, or one that there is not.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.5, 0.5], [[0, 1, 2], [3, 4, 5]], [1, 1])
        >>> model.marginal([2, 0]).means_
        array([[2., 0.],
               [5., 3.]])
        """
        return self._of(relations.marginal(self._fitted(), indices))

    def conditional(self, indices: ArrayLike, values: ArrayLike) -> Self:
        """The mixture of the other features, given the values of some.

        Parameters
        ----------
        indices : int or 1-D array_like of ints
            Which are given: b.
        values : array_like, shape (len(indices),)
            Their values; a number will do for one.

        Returns
        -------
        GaussianMixture
            Of the features a that are not given, in their order; of the same covariance type.

        Raises
        ------
        NotFittedError
            If the model has no parameters.
        ValueError
            If `indices` is empty, holds all of them, no integers, one twice, or one that there is not; if
            `values` is of another length, or not finite.
        TypeError
            If `values` is complex.
        numpy.linalg.LinAlgError
            If a covariance is so nearly singular that it has no factor in the order that this takes.

        Notes
        -----
        Each component becomes its own conditional, and its weight says how well it explains the values [1]_:

            p(x_a | x_b) = sum_k r_k N(x_a; m_k, C_k),  r_k proportional to weight_k N(x_b; mean_k,b, S_k,bb),
            m_k = mean_k,a + S_k,ab S_k,bb^-1 (x_b - mean_k,b),  C_k = S_k,aa - S_k,ab S_k,bb^-1 S_k,ba.

        Where the values are so far from all components that no logarithm of a density is finite, the
        component of the least distance from them has weight 1 (see `predict_proba`).

        References
        ----------
        .. [1] Z. Ghahramani, M. I. Jordan, "Supervised learning from incomplete data via an EM approach",
           Advances in Neural Information Processing Systems 6 (1994), section 3.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> cov = [[1, 0.5], [0.5, 1]]
        >>> model = GaussianMixture.from_parameters([0.5, 0.5], [[-2, -1], [2, 1]], cov, "tied")
        >>> right = model.conditional(0, 2.0)
        >>> right.weights_.round(4), right.means_.ravel()
        (array([3.000e-04, 9.997e-01]), array([1., 1.]))
        """
        return self._of(relations.conditional(self._fitted(), indices, values))

    def plot(
        self,
        ax: Axes | None = None,
        *,
        data: ArrayLike | None = None,
        names: Sequence[str] | None = None,
        components: bool = True,
        modes_marked: bool = True,
    ) -> Axes:
        """Draw the density in one or two dimensions, its components, its modes, and data, with matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where; a new figure of pyplot if it is not given.
        data : array_like, shape (n, d), optional
            Drawn as a histogram in one dimension, as points in two, of which at most 5000 are shown.  Rows
            with NaN are left out.
        names : sequence of d strings, optional
            What the features are called, along the axes; those of the fit, if it knew any.
        components : bool, optional
            Whether to draw each component: its weighted density in one dimension, in two the ellipses that
            hold it with probabilities 0.5 and 0.95.
        modes_marked : bool, optional
            Whether to mark the modes.

        Returns
        -------
        matplotlib.axes.Axes
            `ax`, or the new one.

        Raises
        ------
        ImportError
            Without matplotlib, which is an extra.
        NotFittedError
            If the model has no parameters.
        ValueError
            If there are more than two dimensions; if `data` or `names` are for another number of dimensions.

        Notes
        -----
        In two dimensions the shades are regions of highest density: the darkest is the smallest region that
        holds 25 % of the probability, the others hold 50, 75 and 95 %.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> from matplotlib.figure import Figure
        >>> model = GaussianMixture.from_parameters([0.5, 0.5], [[-2], [2]], [1, 1], "spherical")
        >>> model.plot(Figure().subplots()).get_ylabel()
        'density'
        """
        parameters = self._fitted()
        return plot.plot(
            parameters,
            ax,
            data=data,
            names=getattr(self, "feature_names_in_", None) if names is None else names,
            components=components,
            modes_marked=modes_marked,
        )

    def _of(self, parameters: MixtureParameters) -> Self:
        """A model like this one, with other parameters: fits of it start anew."""
        model = type(self)(**self.get_params())
        model.weights_init = model.means_init = model.precisions_init = None
        model._take(parameters, dtype=self._dtype)
        return model
