"""Tests of `GaussianMixture` and of its kernels."""
