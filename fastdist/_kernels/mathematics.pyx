"""The elementary functions on arrays, so that tests and lessons can look at each alone."""


cdef int check_lengths(Py_ssize_t arguments, Py_ssize_t results) except -1:
    if arguments != results:
        raise ValueError(f"{arguments} arguments for {results} results")
    return 0


def evaluate_minus_log(const floating[::1] f, const floating[::1] e, floating[::1] out):
    """out = -ln((1 + f) 2^-e)."""
    cdef Py_ssize_t i
    check_lengths(f.shape[0], out.shape[0])
    check_lengths(e.shape[0], out.shape[0])
    for i in range(out.shape[0]):
        out[i] = minus_log(f[i], e[i])


def evaluate_sin_pi(const floating[::1] t, floating[::1] out):
    """out = sin(pi t)."""
    cdef Py_ssize_t i
    check_lengths(t.shape[0], out.shape[0])
    for i in range(out.shape[0]):
        out[i] = sin_pi(t[i])


def evaluate_cos_pi(const floating[::1] t, floating[::1] out):
    """out = cos(pi t)."""
    cdef Py_ssize_t i
    check_lengths(t.shape[0], out.shape[0])
    for i in range(out.shape[0]):
        out[i] = cos_pi(t[i])


def evaluate_exp(const floating[::1] a, floating[::1] out):
    """out = exp(a), for a <= 0, down to where it rounds to 0: about -745.2, in float32 -104."""
    cdef Py_ssize_t i
    cdef floating high, low, shifted_exponent
    check_lengths(a.shape[0], out.shape[0])
    for i in range(out.shape[0]):
        exp_parts(a[i], <floating> 0, &high, &low, &shifted_exponent)
        out[i] = scale_small((high + low) * small_power(high), shifted_exponent)
