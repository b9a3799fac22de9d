"""``random_state``, the argument of SciPy's distributions that says what random numbers are made of."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.random import RandomState, SeedSequence

from fastdist.random.generator import default_rng


def check_random_state(seed: Any) -> np.random.Generator | RandomState:
    """What to draw from.

    Parameters
    ----------
    seed : None, int, SeedSequence, numpy.random.Generator, numpy.random.RandomState or module numpy.random
        A `fastdist.Generator` is made of fresh entropy, or of an int or SeedSequence; Generators and
        RandomStates are what they are; the module stands for its own global RandomState.

    Returns
    -------
    numpy.random.Generator or numpy.random.RandomState
        With the method ``standard_normal``.

    Raises
    ------
    ValueError
        For a negative integer, and for anything else.

    Examples
    --------
    >>> from fastdist.random.random_state import check_random_state
    >>> check_random_state(7).standard_normal() == check_random_state(7).standard_normal()
    True
    """
    if isinstance(seed, np.random.Generator | RandomState):
        return seed
    if isinstance(seed, Integral) and seed < 0:
        raise ValueError(f"random_state must be a non-negative integer, not {seed}")
    if seed is None or isinstance(seed, Integral | SeedSequence):
        return default_rng(seed)  # type: ignore[arg-type]
    if seed is np.random:
        state: RandomState = np.random.mtrand._rand
        return state
    raise ValueError(
        f"{seed!r} cannot be used to seed a fastdist.Generator instance: pass None, an int, a SeedSequence, "
        "a Generator or a RandomState"
    )
