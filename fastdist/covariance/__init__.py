"""Covariance matrices: what is one, its Cholesky factor, and the ellipse that it describes.

Its modules:

    checks    symmetric, finite and positive semidefinite; errors that name the entry
    factors   the factor, kept with what densities and samples need of it
    ellipse   regions of two coordinates that hold a given probability
"""
