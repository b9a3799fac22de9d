"""Tests of `norm`."""
