"""Step 1: Box-Muller in pure Python, as in the textbook.

    r = sqrt(-2 ln u)      z0 = r cos(phi)      z1 = r sin(phi)      u in (0, 1], phi in [0, 2 pi)

G. E. P. Box, M. E. Muller, Ann. Math. Statist. 29 (1958).

The interpreter is where the time goes: each operation looks up its operands' types, makes a new object for
its result, and counts references.  The arithmetic itself is the least of it.

Step 3 is this file too, compiled by Cython unchanged.  The interpreter is gone then, but not what it did: the
compiled loop looks up, makes and counts the same objects.  There is little to win, or nothing: since Python
3.11 the interpreter itself specialises what it runs often (PEP 659).
"""

from collections.abc import MutableSequence
from math import cos, log, pi, sin, sqrt
from random import Random as Generator


def fill(z: MutableSequence[float], rng: Generator) -> None:
    """Fill z with standard normals."""
    n = len(z)
    for i in range(0, n, 2):
        u = 1.0 - rng.random()
        r = sqrt(-2.0 * log(u))
        phi = 2.0 * pi * rng.random()
        z[i] = r * cos(phi)
        if i + 1 < n:
            z[i + 1] = r * sin(phi)
