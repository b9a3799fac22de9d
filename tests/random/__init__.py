"""Tests of the stream, of the generators over it, and of the samples' statistics."""
