"""Step 4: with C types.

What changed: u, r and phi are C doubles, i and n are C integers, z is memory that holds doubles, and the
functions are those of the C library.  The loop and the arithmetic are now C; no objects are made for them.

What remains: the uniforms still come from Python's Random.  Its two calls are the bright yellow lines of the
loop in the annotated page, and take most of the time.  The pale ones check each z[i] against the length of z.
"""

from libc.math cimport M_PI as pi, cos, log, sin, sqrt

from random import Random as Generator


def fill(double[:] z, rng: Generator):
    """Fill z with standard normals."""
    cdef Py_ssize_t i, n = len(z)
    cdef double u, r, phi
    for i in range(0, n, 2):
        u = 1.0 - rng.random()
        r = sqrt(-2.0 * log(u))
        phi = 2.0 * pi * rng.random()
        z[i] = r * cos(phi)
        if i + 1 < n:
            z[i + 1] = r * sin(phi)
