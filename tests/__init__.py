"""Tests of fastdist; what several of them share is in `support`."""
