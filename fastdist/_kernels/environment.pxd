"""The floating-point environment that the kernels compute in, whatever their caller has set."""

cdef extern from *:
    """
    /* The kernels compute in the default floating-point environment, rounding to nearest and with subnormal
       numbers, and leave the caller's as it was, its status flags included. */
    #if defined(__SSE2__)
    #include <immintrin.h>
    typedef unsigned int fastdist_environment;
    static inline fastdist_environment fastdist_enter(void) {
        fastdist_environment caller = _mm_getcsr();
        _mm_setcsr(0x1F80);
        return caller;
    }
    static inline void fastdist_leave(fastdist_environment caller) { _mm_setcsr(caller); }
    #else
    #include <fenv.h>
    typedef fenv_t fastdist_environment;
    static inline fastdist_environment fastdist_enter(void) {
        fastdist_environment caller;
        fegetenv(&caller);
        fesetenv(FE_DFL_ENV);
        return caller;
    }
    static inline void fastdist_leave(fastdist_environment caller) { fesetenv(&caller); }
    #endif

    /* x, which is not to be computed with before this: a compiler may move operations on registers across a
       change of the environment, but not beyond a volatile read.  All other operands come from memory. */
    static inline double fastdist_here(double x) {
        volatile double here = x;
        return here;
    }
    """
    ctypedef struct environment "fastdist_environment":
        pass
    environment enter "fastdist_enter"() noexcept nogil
    void leave "fastdist_leave"(environment caller) noexcept nogil
    double here "fastdist_here"(double x) noexcept nogil
