"""``random_state``, which says what random numbers are made of: an argument and an attribute, as in SciPy."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.random import RandomState, SeedSequence

from fastdist.random.generator import default_rng

Source = np.random.Generator | RandomState


def check_random_state(seed: Any) -> Source:
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


# The stream of `norm`, of its copies and of its frozen distributions, until they have one of their own.
SHARED = check_random_state(None)


class HasRandomState:
    """A base with the attribute `random_state`: what its methods draw from if nothing else is given."""

    _random_state: Source | None = None  # its own, if it has one

    @property
    def random_state(self) -> Source:
        return self._source(None)

    @random_state.setter
    def random_state(self, seed: Any) -> None:
        self._random_state = self._own_random_state(seed)

    def _inherited_random_state(self) -> Source:
        """What the methods draw from while there is no state of its own."""
        return SHARED

    def _own_random_state(self, seed: Any) -> Source | None:
        """What ``random_state = seed`` keeps."""
        return check_random_state(seed)

    def _source(self, random_state: Any) -> Source:
        """What a method draws from whose argument `random_state` is this one."""
        if random_state is not None:
            return check_random_state(random_state)
        return self._inherited_random_state() if self._random_state is None else self._random_state
