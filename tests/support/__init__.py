"""What several test modules share.

Its modules:

    multivariate_cases    means, covariances and factors of every shape
    mixture_cases         parameters, data and sums of mixtures
    mixture_fits          data from which mixtures are learned
    mixtures_with_gaps    mixtures, and samples of them of which numbers are missing
    univariate_mixtures   mixtures of numbers
    golden_normal         golden values of the functions of norm, by mpmath
    golden_multivariate   the same for multivariate normals
    golden_mixture        the same for mixtures
    golden_file           how golden values are written and compared
    deviates              statistics of samples, and which are too large
    digests               what freezes results
    frozen_stream         the samples that are frozen
    frozen_multivariate   the same for multivariate normals
    frozen_mixture        the same for mixtures
    remembered            results of slow functions, computed once for all instruction sets
    processes             results on another instruction set, by a process of its own
    synthetic_run         a run of the benchmarks that was made up
"""
