"""Box-Muller in steps, from pure Python to SIMD and threads: sources to be compared line by line.

    step_1_pure_python.py   the textbook's formula
    step_2_numpy.py         each line for all numbers at once
    step_3_compiled         step_1_pure_python.py, compiled unchanged
    step_4_types.pyx        with C types
    step_5_pointers.pyx     with contiguous pointers, and no GIL
    step_6_tiles.pyx        with tiles, and SIMD
    step_7_threads.py       with threads

Each has ``Generator(seed)`` and ``fill(z, rng)``, which fills z with standard normals, and says at its top
what changed, why it is faster, and what remains.  Open two beside each other, or

    diff --side-by-side --width=200 bench/ladder/step_1_pure_python.py bench/ladder/step_4_types.pyx

``build.load(step)`` compiles what has to be compiled, and imports it.
"""

from pathlib import Path

from fastdist._dispatch import LEVEL

FOLDER = Path(__file__).parent
# Compiled modules lie here, where git ignores them; those of another instruction set beside them.
BUILT = FOLDER / "_build" / LEVEL
__path__.append(str(BUILT))
