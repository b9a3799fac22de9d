"""The normal distribution in one dimension, as ``scipy.stats.norm``.

Its modules:

    normal       Normal, the class of ``norm``
    frozen       a normal distribution with its parameters
    array_calls  calls of the ufuncs with arrays: dtypes, threads, errors
    likelihood   sums over data, and the parameters that make data most likely
    arguments    what arguments may be, and the errors for others
    scipy_norm   what is left to SciPy
"""

from fastdist.normal.normal import Normal, norm

__all__ = ["Normal", "norm"]
