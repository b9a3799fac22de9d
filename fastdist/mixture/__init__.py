"""Mixtures of normal distributions, as ``sklearn.mixture.GaussianMixture``, and as generative models.

    gaussian_mixture           the class, with all of its methods
    estimator                  its base: scikit-learn's protocol, and the fitted attributes

The computations are functions of parameters and arrays:

    parameters                 weights, means, factored covariances; what they say of complete points
    missing_values             the same for points with missing values
    missing_patterns           such points, sorted by which values are missing
    data                       rows and batches, as the kernels take them
    initial_parameters         where a fit starts, if the caller gives it
    initialization             where it starts otherwise
    kmeans                     the labels that most fits start from
    moments                    the sums of the E step, and the M step
    expectation_maximization   steps, until the likelihood no longer changes
    progress                   what is printed meanwhile
    sampling                   random rows
    quantiles                  probabilities in one dimension, and their inverse
    relations                  marginals and conditionals
    modes                      maxima of the density
    plot                       the picture
"""

from fastdist.mixture.gaussian_mixture import GaussianMixture

__all__ = ["GaussianMixture"]
