"""The normal distribution in several dimensions, as ``scipy.stats.multivariate_normal``.

Its modules:

    normal       MultivariateNormal, the class of ``multivariate_normal``
    frozen       a multivariate normal distribution with its parameters
    parameters   checks of mean, covariance and precision
    relations    what marginals and conditionals share with those of mixtures
    likelihood   sums over data, and the parameters that make data most likely
"""

from fastdist.multivariate.normal import MultivariateNormal, multivariate_normal

__all__ = ["MultivariateNormal", "multivariate_normal"]
