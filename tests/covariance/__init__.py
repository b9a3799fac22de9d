"""Tests of Cholesky factors."""
