"""Tests of `multivariate_normal` and of its kernels."""
