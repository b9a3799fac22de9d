"""The kernels again in pure Python, with nothing but the standard library: written to be read.

Each module bears the name of the kernel it mirrors, and holds one or both of

- the *twin*: the kernel's algorithm, step by step, from the same random words to the same bits.
  Tests compare the kernel with it, and it is what to read before the kernel.
- the *textbook version* (``textbook_...``): the few lines that anyone would write.
  Benchmarks measure against it.

Modules here import nothing of fastdist but each other.
"""
