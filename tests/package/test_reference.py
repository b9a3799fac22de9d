"""The pure-Python reference: its arithmetic is that of IEEE 754, and it stands on its own."""

from __future__ import annotations

import ast
import doctest
import importlib
import math
import operator
import random
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastdist.reference
from fastdist._dispatch import KERNELS
from fastdist.reference import arithmetic, box_muller, mathematics

FOLDER = Path(fastdist.reference.__path__[0])
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def nearest(exact: Fraction, precision: int, lowest_exponent: int) -> Fraction:
    """The number of a floating-point format nearest to ``exact``, ties to even; overflow not considered."""
    if exact == 0:
        return exact
    exponent = abs(exact.numerator).bit_length() - exact.denominator.bit_length()
    if abs(exact) < Fraction(2) ** exponent:
        exponent -= 1
    quantum = Fraction(2) ** (max(exponent, lowest_exponent) - precision + 1)
    return round(exact / quantum) * quantum


def check_fused(
    got: float, a: float, b: float, c: float, precision: int, lowest: int, largest: float
) -> None:
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    want = nearest(exact, precision, lowest)
    message = f"a={a.hex()} b={b.hex()} c={c.hex()} got={got.hex()} exact={exact}"
    if abs(want) > largest:
        assert got == (math.inf if exact > 0 else -math.inf), message
    else:
        assert Fraction(got) == want, message
        if want == 0:
            if exact:
                sign = 1.0 if exact > 0 else -1.0
            elif a == 0 or b == 0:
                sign = math.copysign(1.0, a * b + c)
            else:
                sign = 1.0
            assert math.copysign(1.0, got) == sign, message


def finite(width: int) -> st.SearchStrategy[float]:
    """Numbers of every magnitude: of any bits, or small integers times a power of two, so that sums tie."""
    lowest, highest = {64: (-1074, 960), 32: (-149, 110)}[width]
    return st.floats(allow_nan=False, allow_infinity=False, width=width) | st.builds(
        math.ldexp, st.integers(-(2**12), 2**12).map(float), st.integers(lowest, highest)
    )


FUSED = sorted({arithmetic.fma, arithmetic.fma_of_integers}, key=lambda function: function.__name__)


@pytest.mark.parametrize("fma", FUSED)
@settings(max_examples=300, deadline=None)
@given(a=finite(64), b=finite(64), c=finite(64), cancel=st.booleans(), ulps=st.integers(-2, 2))
def test_fma_rounds_the_exact_result_once(fma, a, b, c, cancel, ulps):
    """fma(a, b, c) is the float64 nearest to a b + c, also where it is subnormal or nearly cancels."""
    if cancel and math.isfinite(a * b):
        c = -(a * b) + ulps * math.ulp(a * b)
        if not math.isfinite(c):
            c = 0.0
    check_fused(fma(a, b, c), a, b, c, 53, -1022, sys.float_info.max)


@settings(max_examples=300, deadline=None)
@given(a=finite(32), b=finite(32), c=finite(32), cancel=st.booleans(), ulps=st.integers(-2, 2))
def test_fma_float32_rounds_the_exact_result_once(a, b, c, cancel, ulps):
    """fma_float32(a, b, c) is the float32 nearest to a b + c."""
    if cancel:
        c = arithmetic.float32(-(a * b) * (1 + ulps * 2.0**-23))
        if not math.isfinite(c):
            c = 0.0
    check_fused(arithmetic.fma_float32(a, b, c), a, b, c, 24, -126, float(2**128 - 2**104))


def test_fma_float32_does_not_round_twice():
    """Where float64 arithmetic meets a tie between two float32, what float64 could not hold decides."""
    a = b = 1 + 2.0**-12  # a b = 1 + 2^-11 + 2^-24, half-way between two float32
    assert arithmetic.fma_float32(a, b, 2.0**-80) == 1 + 2.0**-11 + 2.0**-23
    assert arithmetic.fma_float32(a, b, -(2.0**-80)) == 1 + 2.0**-11
    assert arithmetic.fma_float32(a, b, 0.0) == 1 + 2.0**-11  # ties to even


INF, NAN = math.inf, math.nan


@pytest.mark.parametrize("fma", [*FUSED, arithmetic.fma_float32])
@pytest.mark.parametrize(
    ("a", "b", "c", "want"),
    [
        (INF, 1.0, -1.0, INF),
        (-INF, 2.0, 0.0, -INF),
        (1.0, 1.0, -INF, -INF),
        (INF, 1.0, -INF, NAN),
        (0.0, INF, 1.0, NAN),
        (NAN, 1.0, 1.0, NAN),
        (1.0, 1.0, NAN, NAN),
        (0.0, 1.0, -0.0, 0.0),
        (-0.0, 1.0, -0.0, -0.0),
        (0.0, -1.0, -0.0, -0.0),
        (1.0, 1.0, -1.0, 0.0),
        (-1.0, 1.0, 1.0, 0.0),
    ],
)
def test_fma_of_special_values(fma, a, b, c, want):
    """Infinities, NaN and the signs of zeros are those of IEEE 754."""
    assert fma(a, b, c).hex() == want.hex()


@pytest.mark.parametrize("fma", FUSED)
def test_fma_overflows_to_infinity_only_in_the_end(fma):
    """A product too large does no harm when the sum is finite; an infinite addend wins over it."""
    assert fma(1e308, 10.0, -sys.float_info.max) == INF
    assert fma(2.0**600, 2.0**424, -(2.0**1023)) == 2.0**1023
    assert fma(-1e308, 10.0, INF) == INF
    assert fma(2.0**-600, -(2.0**-600), 0.0).hex() == "-0x0.0p+0"


@settings(max_examples=300, deadline=None)
@given(a=finite(32), b=finite(32))
def test_float32_operations_may_be_computed_in_float64(a, b):
    """float32(a + b) and its like round the exact result once."""
    for got, exact in (
        (arithmetic.float32(a + b), Fraction(a) + Fraction(b)),
        (arithmetic.float32(a - b), Fraction(a) - Fraction(b)),
        (arithmetic.float32(a * b), Fraction(a) * Fraction(b)),
        (arithmetic.float32(a / b) if b else 0.0, Fraction(a) / Fraction(b) if b else Fraction(0)),
    ):
        want = nearest(exact, 24, -126)
        if abs(want) < Fraction(2) ** 128:
            assert Fraction(got) == want, (a.hex(), b.hex())
        else:
            assert got == (INF if exact > 0 else -INF), (a.hex(), b.hex())


@settings(max_examples=300, deadline=None)
@given(a=finite(32), b=finite(32))
def test_a_float32_is_computed_in_float32(a, b):
    """Float32 on either side, or on both, gives the Float32 that NumPy gives."""
    x, y = arithmetic.Float32(a), arithmetic.Float32(b)
    with np.errstate(all="ignore"):
        for operation in (operator.add, operator.sub, operator.mul, operator.truediv):
            if b == 0 and operation is operator.truediv:
                continue
            want = operation(np.float32(a), np.float32(b)).item()
            for got in (operation(x, y), operation(x, b), operation(a, y)):
                assert type(got) is arithmetic.Float32
                assert got.hex() == want.hex(), (operation, a.hex(), b.hex())
    for got, want in (
        (-x, -a),
        (abs(x), abs(a)),
        (arithmetic.square_root(abs(x)), np.sqrt(np.float32(abs(a)))),
    ):
        assert type(got) is arithmetic.Float32
        assert got.hex() == float(want).hex()


def test_a_number_beside_a_float32_is_rounded_first():
    """As a constant is where it is written."""
    x = arithmetic.Float32(3)
    assert x * 0.1 == 0.1 * x == arithmetic.float32(3 * arithmetic.float32(0.1))
    assert arithmetic.fused_multiply_add(x, 0.1, 0.0) == arithmetic.float32(3 * arithmetic.float32(0.1))


def test_bits_there_and_back():
    """Bit casts undo each other."""
    for x in (0.0, -0.0, 1.0, -1.5, 2.0**-149, INF):
        assert arithmetic.float64_of_bits(arithmetic.bits_of_float64(x)).hex() == x.hex()
        assert arithmetic.float32_of_bits(arithmetic.bits_of_float32(x)).hex() == x.hex()
    assert arithmetic.bits_of_float32(1.0) == 0x3F800000


@pytest.mark.parametrize(
    ("rough", "least", "normal"),
    [
        (mathematics.rough_half_reciprocal, -1074, -1022),
        (lambda x: mathematics.rough_half_reciprocal(arithmetic.Float32(x)), -149, -126),
    ],
    ids=["float64", "float32"],
)
def test_rough_half_reciprocal(rough, least, normal):
    """1 / (2 x) within 6 % where x and the result are normal numbers; finite and positive below, at 0 too."""
    mantissas = [1 + i / 64 for i in range(64)]
    for exponent in range(normal, -normal - 2):
        worst = max(abs(rough(math.ldexp(m, exponent)) * math.ldexp(m, exponent) * 2 - 1) for m in mantissas)
        assert worst <= 0.06, f"{worst:.4f} in [2^{exponent}, 2^{exponent + 1})"
    for x in (0.0, *(2.0**exponent for exponent in range(least, normal))):
        assert 0 < rough(x) < INF, x.hex()


def test_textbook_normals_are_standard_normals():
    """Mean, variance and distribution function of 100 000 samples, seed 1; alpha = 1e-4 for each."""
    n = 100_000
    z = sorted(box_muller.textbook_normals(n, random.Random(1).random))
    mean = math.fsum(z) / n
    variance = math.fsum(v * v for v in z) / n
    # |N(0, 1)| exceeds 3.891 with probability 1e-4.  sd(mean) = n^(-1/2), sd(mean of z^2) = (2 / n)^(1/2)
    assert abs(mean) < 3.891 / math.sqrt(n)
    assert abs(variance - 1) < 3.891 * math.sqrt(2 / n)
    # Kolmogorov: P(sqrt(n) D > x) = 2 exp(-2 x^2) + ...: x = sqrt(ln(2 / 1e-4) / 2) = 2.2253
    cdf = [math.erfc(-v / math.sqrt(2)) / 2 for v in z]
    distance = max(max((i + 1) / n - p, p - i / n) for i, p in enumerate(cdf))
    assert distance * math.sqrt(n) < 2.2253


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_textbook_gives_n(n):
    """n normals for every n, odd ones too."""
    assert len(box_muller.textbook_normals(n)) == n


@pytest.mark.parametrize("module", MODULES)
def test_reference_imports_only_the_standard_library_and_itself(module):
    """Law 6: ``reference`` imports nothing from the rest of fastdist, and nothing that must be installed."""
    tree = ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            imported = [node.module or ""]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 1
            assert node.module in MODULES
            continue
        else:
            continue
        for name in imported:
            assert name.partition(".")[0] in sys.stdlib_module_names, f"{module} imports {name}"


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings(module):
    """The examples in the reference's docstrings are true."""
    results = doctest.testmod(importlib.import_module(f"fastdist.reference.{module}"))
    assert results.failed == 0


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_kernel_has_a_twin(kernel):
    """Law 6: same stem, save for ``target``, which computes nothing."""
    assert kernel in MODULES or kernel == "target"
