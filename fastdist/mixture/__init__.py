"""Mixtures of normal distributions, as ``sklearn.mixture.GaussianMixture``, and as generative models.

    gaussian_mixture           the class, with all of its methods
    estimator                  its base: scikit-learn's protocol, and the fitted attributes

The computations are functions of parameters and arrays:

    parameters                 weights, means, factored covariances; what they say of complete points
    missing_values             the same for points with missing values
    data                       rows and batches, as the kernels take them
    initialization             where a fit starts: given parameters, k-means, at random
    expectation_maximization   E step, M step, until the likelihood stays; the progress of a fit
    moments                    sums over data, and the parameters that follow from them
    sampling                   random rows
    quantiles                  probabilities in one dimension, and their inverse
    relations                  marginals and conditionals
    modes                      maxima of the density
    plot                       the picture
"""

from fastdist.mixture.gaussian_mixture import GaussianMixture

__all__ = ["GaussianMixture"]
