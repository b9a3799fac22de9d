"""Tests of what belongs to no topic: layout, dispatch, threads, stated errors, arithmetic of the twins."""
