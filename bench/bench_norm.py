"""`fastdist.norm`: each function from pure Python up to all threads; sums over data; what needs no data."""

from __future__ import annotations

import numpy as np

from bench.bench_normal import MILLION
from bench.cases import characteristics
from bench.cases.benchmarks import test_operation as test_operation
from bench.cases.case import Case, Operation
from bench.cases.characteristics import ARGUMENTS, Characteristic
from bench.cases.densities import ARRAY_COPY, FUNCTIONS, OF_ALL_DATA, Function, rungs_of
from bench.cases.limits import ARRAY_FILL
from bench.cases.sampling import RVS, Samples
from bench.peers.densities import (
    CHARACTERISTIC_PEERS,
    DENSITIES,
    NUMPY_IN_PLACE,
    PEERS,
    RVS_PEERS,
    SCIPY,
    SPECIAL,
)

# Where the overhead of a call ends; 1e4 fit L1 or L2, 1e5 L2, 1e6 L3, 5e7 only RAM.
SIZES = (1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 50_000_000)
FEW_SIZES = (100, MILLION)
CURVES = ("pdf", "logpdf", "cdf", "ppf")
# Of one number the other functions differ from one of these in nothing that a peer has not too.
OF_ONE_NUMBER = ("logpdf", "cdf", "ppf")


def function(name: str, method: str, *cases: Case, peer: str = SCIPY.name, headline: int = -1) -> Operation:
    return Operation(
        name,
        cases,
        [*PEERS, *rungs_of(method, cases[0].dtype), ARRAY_COPY],
        peer,
        covers=[f"norm.{method}"],
        headline=cases[headline],
    )


def float64(method: str) -> Operation:
    sizes = SIZES if method in CURVES else FEW_SIZES
    cases = [Function(method, "out", np.float64, size) for size in sizes]
    return function(f"norm.{method}, float64", method, *cases, headline=sizes.index(MILLION))


def float32(method: str) -> Operation:
    peer = NUMPY_IN_PLACE if method in DENSITIES else SPECIAL  # SciPy's norm makes float64 of it
    case = Function(method, "out", np.float32, MILLION)
    return function(f"norm.{method}, float32", method, case, peer=peer.name)


def with_parameters(method: str, given: str) -> Operation:
    case = Function(method, "out", np.float64, MILLION, given)
    return function(f"norm.{method}, loc and scale {given}", method, case)


def of_all_data(method: str) -> Operation:
    sizes = FEW_SIZES if method == "fit" else (MILLION,)
    parameters = "numbers" if method == "nnlf" else ""
    return function(
        f"norm.{method}", method, *(Function(method, "new", np.float64, n, parameters) for n in sizes)
    )


def without_data(method: str, *names: str) -> Operation:
    return Operation(
        f"norm.{method}" if method in ARGUMENTS else "norm(loc, scale)",
        [Characteristic(method, "scalar")],
        [*CHARACTERISTIC_PEERS, *characteristics.FASTDIST],
        SCIPY.name,
        covers=[f"norm.{name}" for name in names or (method,)],
    )


OPERATIONS = [
    *map(float64, FUNCTIONS),
    *map(float32, FUNCTIONS),
    *(function(f"norm.{name}, one number", name, Function(name, "scalar")) for name in OF_ONE_NUMBER),
    function("norm.logpdf, one number, frozen", "logpdf", Function("logpdf", "scalar", parameters="frozen")),
    *(with_parameters(method, given) for method in CURVES for given in ("numbers", "arrays")),
    *map(of_all_data, OF_ALL_DATA),
    Operation(
        "norm.rvs",
        [Samples("rvs", "new", np.float64, MILLION)],
        [*RVS_PEERS, *RVS, ARRAY_FILL],
        SCIPY.name,
        covers=["norm.rvs"],
    ),
    without_data("freeze", "freeze", "__call__"),
    *map(without_data, ARGUMENTS),
]
