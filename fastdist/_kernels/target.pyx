"""What a build was compiled with, and which instruction sets the CPU at hand has."""

cdef extern from *:
    """
    #if defined(__clang__) || !defined(__GNUC__)
    #define FASTDIST_COMPILER_NAME ""
    #else
    #define FASTDIST_COMPILER_NAME "GCC "
    #endif
    #ifdef __VERSION__
    #define FASTDIST_COMPILER FASTDIST_COMPILER_NAME __VERSION__
    #else
    #define FASTDIST_COMPILER "unknown"
    #endif

    /* The features that tell the psABI levels apart; the rest came with these in every CPU made.
       The operating system's support for the wider registers is included in the answer. */
    #if defined(__GNUC__) && defined(__x86_64__)
    static int fastdist_x86_64_v3(void) {
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
            && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    }
    static int fastdist_x86_64_v4(void) {
        return fastdist_x86_64_v3() && __builtin_cpu_supports("avx512f")
            && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd")
            && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    }
    #else
    static int fastdist_x86_64_v3(void) { return 0; }
    static int fastdist_x86_64_v4(void) { return 0; }
    #endif
    """
    const char *FASTDIST_COMPILER
    const char *FASTDIST_FLAGS
    bint fastdist_x86_64_v3()
    bint fastdist_x86_64_v4()

compiler = FASTDIST_COMPILER.decode()
flags = FASTDIST_FLAGS.decode()


def cpu_levels():
    """The instruction sets that this CPU has, from the plainest on."""
    levels = ["baseline"]
    if fastdist_x86_64_v3():
        levels.append("x86_64_v3")
    if fastdist_x86_64_v4():
        levels.append("x86_64_v4")
    return tuple(levels)
