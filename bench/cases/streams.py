"""Streams themselves: how one is made from a seed, moved to another place, or made from another one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.cases.case import SEED, Call, Case
from bench.cases.fastdist_rungs import rungs_in_use

DELTA = 1000
WORDS = 4
ARGUMENTS = {"default_rng": f"{SEED}", "advance": f"{DELTA}", "jumped": ""}


@dataclass(frozen=True)
class Stream(Case):
    """``default_rng(seed)``, ``bit_generator.advance(delta)`` or ``bit_generator.jumped()``."""

    element = "call"

    def __str__(self) -> str:
        return f"{self.method}({ARGUMENTS[self.method]})"

    def results(self, call: Call) -> NDArray[Any]:
        """The words that follow, and how else the same may be had; at last those of the seed."""
        made = call()
        if self.method == "default_rng":
            made = made.bit_generator
        origin = type(made)(SEED)
        words = made.random_raw(WORDS)
        if self.method == "advance":
            again = origin.random_raw(DELTA + WORDS)[DELTA:]
        elif self.method == "jumped":
            again = origin.jumped().random_raw(WORDS)
        else:
            again = origin.random_raw(WORDS)
        return np.array([words, again, type(made)(SEED).random_raw(WORDS)])

    def check(self, results: NDArray[Any]) -> None:
        words, again, of_seed = results.tolist()
        assert words == again
        assert len(set(words)) == WORDS
        assert (words == of_seed) == (self.method == "default_rng")


def call_of(case: Stream, make: Any) -> Call:
    """``make`` is ``default_rng``."""
    if case.method == "default_rng":
        return partial(make, SEED)
    bit_generator = make(SEED).bit_generator
    return partial(bit_generator.advance, DELTA) if case.method == "advance" else bit_generator.jumped


FASTDIST = rungs_in_use(
    lambda case, package: call_of(case, package.default_rng),
    how="`fastdist.default_rng`, and the methods of its bit generator",
    dtypes=(np.uint64,),
)
