"""``python -m fastdist``."""
