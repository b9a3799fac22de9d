"""What several test modules share.

Its modules:

    multivariate_cases    means, covariances and factors of every shape
    mixture_cases         parameters, data and sums of mixtures
    mixture_fits          data from which mixtures are learned
    golden_normal         golden values of the functions of norm, by mpmath
    golden_multivariate   the same for multivariate normals
    golden_mixture        the same for mixtures
    golden_file           how golden values are written and compared
    deviates              statistics of samples, and which are too large
    digests               what freezes results
    synthetic_run         a run of the benchmarks that was made up
"""
