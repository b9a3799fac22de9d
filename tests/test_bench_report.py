"""The report and the tables of the documentation: what the newest run gives, and what made-up runs give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("bench.report", reason="the benchmarks are in the checkout alone")

from bench import BENCH
from bench.operations import OPERATIONS
from bench.report import agreement, charts, measurements, sections
from bench.report.changes import changes
from bench.report.history import find_run, full_runs, run_before, runs_up_to
from bench.report.markdown import WIDTH, bullet, duration, figure, paragraph, table
from bench.report.pages import PAGES, SMALL_CALLS, TABLES, Page
from bench.report.report import COMMAND, ROOT, page_text, report_text
from bench.report.results import Run, load
from bench.report.tables import Column, Place, Row, Sentence, Table, fastdist_rows, filled, names
from tests.support import synthetic_run as made

NS = {**made.PEERS, **made.FASTDIST}


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return tmp_path


def one_run(
    folder: Path, *groups: list[dict[str, Any]], name: str = "2026-11-23_1210_593866a", **parts: Any
) -> Run:
    """Its date is that of its name, as of runs that were saved."""
    facts = {"datetime": f"{name[:10]}T{name[11:13]}:{name[13:15]}:00+00:00", **parts}
    return load(made.saved(folder, name, made.run([each for group in groups for each in group], **facts)))


def whole_report(run: Run, runs: list[Run]) -> str:
    return report_text(run, runs, charts.charts(run, runs))


def text(lines: list[str]) -> str:
    return " ".join(lines)


@pytest.mark.parametrize("part", [*PAGES, "REPORT.md"], ids=lambda part: getattr(part, "path", part))
def test_is_what_the_newest_run_gives(part: Page | str) -> None:
    """A saved run that nobody has made the report of, or a figure changed by hand."""
    if not full_runs():
        pytest.skip("no full run is saved yet")
    run = load(find_run("latest"))
    if isinstance(part, Page):
        path, expected = ROOT / part.path, page_text(part, run)
    else:
        path, expected = BENCH / part, whole_report(run, runs_up_to(run))
    assert path.read_text() == expected, f"{path.name} is not what {run.path.name} gives: run {COMMAND}"


def test_pictures_of_the_report_are_there() -> None:
    if not full_runs():
        pytest.skip("no full run is saved yet")
    shown = [
        line.split("](")[1].rstrip(")")
        for line in (BENCH / "REPORT.md").read_text().splitlines()
        if line[:2] == "!["
    ]
    assert shown
    assert [name for name in shown if not (BENCH / name).is_file()] == [], f"run {COMMAND}"


# Markdown


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0678, "0.068"),
        (0.996, "1.0"),
        (1.005, "1.00"),
        (999.4, "999"),
        (999.6, "1 000"),
        (2_372_000, "2 370 000"),
    ],
)
def test_figures(number: float, text: str) -> None:
    assert figure(number).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.5, "2.50 s"), (0.25, "250 ms"), (2.5e-6, "2.50 microseconds"), (2.5e-8, "25.0 ns")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("word", "escaped"), [("1.", "1\\."), ("-", "\\-"), ("##", "\\##"), ("1.5", "1.5"), ("-1", "-1")]
)
def test_a_wrapped_line_begins_no_list(word: str, escaped: str) -> None:
    assert paragraph(f"{'x' * WIDTH} {word} y") == ["x" * WIDTH, f"{escaped} y"]
    assert bullet(f"{'x' * WIDTH} {word} y")[1] == f"  {escaped} y"


def test_cells_of_a_table() -> None:
    assert table(["a", "b"], [["x|y", "1"]]) == ["| a | b |", "|---|---:|", "| x\\|y | 1 |"]


# The first paragraph


def first_paragraph(run: Run) -> str:
    lines = sections.where_a_peer_wins(run)
    return text(lines[: lines.index("")] if "" in lines else lines)


def wins_by_peer(run: Run) -> list[str]:
    lines = sections.where_a_peer_wins(run)
    return [line for line in lines[: lines.index("<details>")] if line.startswith("| ")][1:]


def test_no_peer_wins(history: Path) -> None:
    run = one_run(history, made.group("draw", "draw 1_000", 1000, NS))
    assert first_paragraph(run) == (
        "On one thread, a peer is faster than fastdist (`x86_64_v4`) nowhere, out of 1 cases with a peer."
    )


def test_where_a_peer_wins_is_said_first(history: Path) -> None:
    """By name and by how much; a limit, another level and a peer on two threads are no such peers."""
    lost = NS | {"SciPy": 0.5, "array copy": 0.1, "fastdist x86_64_v3": 0.2}
    groups = [made.group("draw", "draw 1_000", 1000, NS), made.group("fit", "fit 1_000", 1000, lost)]
    run = one_run(history, *groups)
    assert first_paragraph(run) == (
        "On one thread, a peer is faster than fastdist (`x86_64_v4`) in 1 of 2 cases. Peers that win "
        "main cases, and of how many operations: **SciPy** 1. Furthest ahead is **SciPy**: 2.00 times as "
        "fast in `normal: fit`, `fit 1_000`."
    )
    assert wins_by_peer(run) == ["| SciPy | 1 operation, `normal: fit`: 2.00 times as fast |  |"]
    lines = whole_report(run, [run]).splitlines()
    first = next(
        line for line in lines[lines.index("# Benchmarks: every speed-up, and its history") + 1 :] if line
    )
    assert first.startswith("On one thread, a peer is faster than fastdist (`x86_64_v4`) in 1 of 2 cases.")


def test_cases_of_an_operation_that_a_peer_wins_are_told_together(history: Path) -> None:
    """What it wins in the main case is not counted at other sizes again."""
    groups = [
        made.group("fit", f"fit {size}", size, NS | {"SciPy": ns}, headline=size == 100)
        for size, ns in ((10, 0.25), (100, 0.5), (1000, 4.0))
    ]
    run = one_run(history, *groups)
    assert "in 2 of 3 cases." in first_paragraph(run)
    assert wins_by_peer(run) == ["| SciPy | 1 operation, `normal: fit`: 2.00 times as fast |  |"]
    assert [line for line in sections.where_a_peer_wins(run) if line.startswith("| normal")] == [
        "| normal: fit | `fit 10` | SciPy | 4.00 |  |",
        "| normal: fit | `fit 100` | SciPy | 2.00 |  |",
    ]


def test_what_is_lost_at_other_sizes_alone_is_told_beside(history: Path) -> None:
    groups = [
        made.group("fit", f"fit {size}", size, NS | {"SciPy": ns}, headline=size == 100)
        for size, ns in ((10, 0.25), (100, 4.0))
    ]
    run = one_run(history, *groups)
    assert wins_by_peer(run) == ["| SciPy |  | 1 operation, `normal: fit`: 4.00 times as fast |"]


def test_each_peer_that_wins_has_its_operations_counted(history: Path) -> None:
    """Whoever wins more of them first, though another is further ahead; of each the one that it wins most."""
    groups = [
        made.group("draw", "draw", 1, NS | {"SciPy": 0.5}),
        made.group("fit", "fit", 1, NS | {"SciPy": 0.25, "NumPy PCG64": 0.1}),
    ]
    run = one_run(history, *groups)
    assert wins_by_peer(run) == [
        "| SciPy | 2 operations, most in `normal: fit`: 4.00 times as fast |  |",
        "| NumPy PCG64 | 1 operation, `normal: fit`: 10.0 times as fast |  |",
    ]
    assert first_paragraph(run).endswith(
        "Peers that win main cases, and of how many operations: **SciPy** 2, **NumPy PCG64** 1. "
        "Furthest ahead is **NumPy PCG64**: 10.0 times as fast in `normal: fit`, `fit`."
    )


def test_a_peer_on_several_threads_is_held_against_fastdist_on_as_many(history: Path) -> None:
    """Ours are 1 ns on one thread, 0.6 on two; on one alone where there is not enough to divide."""
    peer = "PyTorch, 2 threads"
    alone = {rung: ns for rung, ns in NS.items() if rung != "fastdist, 2 threads"}
    groups = [
        made.group("fit", "fit 10", 10, NS | {peer: 0.8}),
        made.group("draw", "draw 10", 10, NS | {peer: 0.3}),
        made.group("sort", "sort 10", 10, alone | {peer: 0.5}),
    ]
    for group in groups:
        group[-1]["extra_info"]["threads"] = 2
    run = one_run(history, *groups)
    assert first_paragraph(run) == (
        "On one thread, a peer is faster than fastdist (`x86_64_v4`) nowhere, out of 3 cases with a peer. "
        "With several threads, a peer is faster than fastdist with as many in 2 of 3 cases. Peers that "
        "win main cases, and of how many operations: **PyTorch, 2 threads** 2. "
        "Furthest ahead is **PyTorch, 2 threads**: 2.00 times as fast in `normal: draw`, `draw 10`."
    )
    assert wins_by_peer(run) == [
        "| PyTorch, 2 threads | 2 operations, most in `normal: draw`: 2.00 times as fast |  |"
    ]


def test_a_win_within_the_spread_is_called_so(history: Path) -> None:
    noise = {"SciPy": (0.8, 1.3, 0.9, 1.2, 1.03, 0.9)}
    run = one_run(history, made.group("fit", "fit 10", 10, NS | {"SciPy": 1.0}, noise=noise))
    assert wins_by_peer(run) == [
        "| SciPy | 1 operation, `normal: fit`: 1.25 times as fast (within the spread) |  |"
    ]


# What is missing


def test_what_is_not_measured_is_named(history: Path) -> None:
    missing = {
        "topic": "normal",
        "name": "numba",
        "family": "numba",
        "how": "njit",
        "missing": "not installed",
    }
    alone = made.group("draw", "draw 7", 7, {"NumPy PCG64": 8.0})
    figures = made.run(alone)
    run = one_run(history, alone, rungs=[*figures["rungs"], missing])
    said = sections.not_measured(run)
    assert "- numba: not installed (normal)" in said
    assert "- normal: draw, `draw 7`: no `fastdist x86_64_v4`" in said
    assert "- whole programs: this system has no /usr/bin/time" in said
    assert "- limits: llvm-mca is not installed" in said
    assert "- peak memory: the run has none" in said


def test_reasons_stand_where_the_tables_would(history: Path) -> None:
    run = one_run(history, made.group("draw", "draw 7", 7, NS))
    assert measurements.programs(run) == ["Not measured: this system has no /usr/bin/time"]
    assert "Not measured: llvm-mca is not installed" in measurements.limits(run)


def test_sizes_less_than_asked_are_named_and_counted(history: Path) -> None:
    """100 ns for each of 1000, where 10_000 are asked: 100 times as long as fastdist, not 10."""
    sizes = {"python textbook": 1000}
    run = one_run(history, made.group("draw", "draw", 10_000, NS | {"python textbook": 100.0}, sizes=sizes))
    lines = measurements.topic(run, "normal")
    assert any(line.startswith("| draw |") and "| 100 |" in line for line in lines)
    assert (
        "Timed on fewer than was asked, for each element: python textbook (1\N{NO-BREAK SPACE}000 at once)."
        in lines
    )


@pytest.mark.parametrize(
    ("addresses", "answer"),
    [({"same_addresses": True}, "yes"), ({"same_addresses": False}, "no"), ({}, "not known")],
)
def test_the_report_says_whether_addresses_were_the_same(
    history: Path, addresses: dict[str, bool], answer: str
) -> None:
    run = one_run(history, made.group("draw", "draw 7", 7, NS), run=made.run([])["run"] | addresses)
    assert f"| addresses the same in each run | {answer} |" in sections.what_ran(run)


@pytest.mark.parametrize(("quiet", "probed"), [({"times": 4, "quiet_times": 3}, True), ({}, False)])
def test_the_report_tells_of_a_probe_where_there_was_one(
    history: Path, quiet: dict[str, int], probed: bool
) -> None:
    """In how to read the figures, and in how well two runs agree."""
    one_run(history, made.group("draw", "draw 7", 7, NS), name="2026-11-20_1210_aaaaaaa")
    run = one_run(history, made.group("draw", "draw 7", 7, NS), run=made.run([])["run"] | quiet)
    said = text(whole_report(run, [run]).splitlines())
    assert ("a probe finds the core quiet" in said) == probed
    assert "a probe finds" not in text(agreement.agreement(runs_up_to(run, history)[1], run))
    assert ("a probe finds" in text(agreement.agreement(run, run))) == probed


# Figures


def test_threads_and_limits(history: Path) -> None:
    limit = {
        "operation": "draw",
        "limit": "port model",
        "ns_per_element": 0.5,
        "how": "llvm-mca",
        "level": None,
    }
    ns = NS | {"array copy": 0.25}
    run = one_run(history, made.group("draw", "draw 1_000", 1000, ns), limits=[limit])
    assert measurements.threads(run)[-1] == (
        "| normal: draw | `draw 1_000` | 2 | 1.00 | 0.60 | 1.67 | 1.67–1.67 | 83% |"
    )
    found = {row.limit: row.longer for row in measurements.limit_rows(run)}
    assert found == {"array copy": pytest.approx(4), "port model": pytest.approx(2)}


def test_programs_and_memory(history: Path) -> None:
    programs = [
        {
            "program": "monte_carlo",
            "with": "NumPy",
            "repeats": 2,
            "wall_seconds": [4.0, 6.0],
            "peak_kib": [4096, 4096],
        },
        {
            "program": "monte_carlo",
            "with": "fastdist",
            "repeats": 2,
            "wall_seconds": [1, 1.5],
            "peak_kib": [2048, 2048],
        },
    ]
    peak = {
        "operation": "draw",
        "case": "draw",
        "rung": "SciPy",
        "returned": 1024,
        "peak_resident": 2048,
        "peak_python": 0,
    }
    run = one_run(history, made.group("draw", "draw", 1, NS), programs=programs, memory=[peak])
    numpy, fastdist = measurements.programs(run)[2:]
    assert numpy == "| monte_carlo | NumPy | 2 | 4.00 s | 5.00 s | 6.00 s | 4 | 4.00 | 2.00 |"
    assert fastdist.endswith("| 1.25 s | 1.50 s | 2 |  |  |")
    assert measurements.memory(run)[-1] == "| draw | `draw` | SciPy | 1 | 2 | 0 | 2.00 |"


def test_ladder(history: Path) -> None:
    steps = {"python textbook": 120.0, "Cython, unchanged": 60.0, "tiles and SIMD": 1.0}
    run = one_run(history, made.group("Box-Muller", "a million", 10, steps, topic="ladder"))
    last = sections.ladder(run)[-2]
    assert last.startswith("| tiles and SIMD | 1.00 | 1.10 |")
    assert last.endswith("| 60.0 | 120 |")


def test_fastdist_is_no_step_of_the_ladder(history: Path) -> None:
    """One thread of it would be said to be slower than the step with threads."""
    steps = {"python textbook": 120.0, "tiles and SIMD": 0.5, "fastdist x86_64_v4": 1.0}
    group = made.group("Box-Muller", "a million", 10, steps, topic="ladder")
    assert sections.ladder(one_run(history, group))[-2].endswith("|  | 120 |")


def test_agreement_of_two_runs(history: Path) -> None:
    slower = {rung: ns * (1.2 if rung == "SciPy" else 1) for rung, ns in NS.items()}
    before = one_run(history, made.group("draw", "draw", 1, NS), name="2026-11-22_1210_0000000")
    after = one_run(history, made.group("draw", "draw", 1, slower))
    found = changes(before, after)
    # Two peers of each of three rungs, and two threads against one.
    assert len(found) == 7
    assert [round(each.size, 9) for each in found] == [0.2] * 3 + [0] * 4
    said = text(agreement.agreement(before, after))
    assert "share 7 ratios. The worst differs by 20.0 %; 3 differ by more than 10.0 %" in said
    assert "| ratio of the bests | 0.0 % | 20.0 % | 20.0 % | 20.0 % | 20.0 % | 3 |" in said


OTHER_MACHINE = made.run([])["machine"] | {"CPU model": "family 1, model 2"}


def test_history_says_which_machine_a_run_is_of(history: Path) -> None:
    group = made.group("draw", "draw", 1, NS)
    one_run(history, group, name="2026-11-20_1210_aaaaaaa")
    one_run(history, group, name="2026-11-21_1210_bbbbbbb", machine=OTHER_MACHINE)
    one_run(history, group, name="2026-11-22_1210_ccccccc-quick")
    newest = one_run(history, group)
    runs = runs_up_to(newest, history)
    assert [run.path.stem[-7:] for run in runs] == ["593866a", "bbbbbbb", "aaaaaaa"]
    assert run_before(newest, runs) is runs[2]
    told = measurements.history(runs)
    assert (
        "A is Synthetic 9000 (family 1, model 1), 2 CPUs, L1d 32 KiB, x86_64_v4; "
        "B is Synthetic 9000 (family 1, model 2), 2 CPUs, L1d 32 KiB, x86_64_v4."
    ) in text(told)
    assert [heading[-1] for heading in told[-3].rstrip(" |").split(" | ")[2:]] == ["A", "B", "A"]
    assert told[-1] == "| normal: draw | NumPy PCG64 | 8.00 | 8.00 | 8.00 |"


def test_a_run_that_lies_elsewhere_has_a_history(history: Path, tmp_path_factory: Any) -> None:
    """By date: its file's name says nothing."""
    group = made.group("draw", "draw", 1, NS)
    one_run(history, group, name="2026-11-20_1210_aaaaaaa")
    one_run(history, group, name="2026-11-24_1210_bbbbbbb")
    path = one_run(history, group).path.rename(tmp_path_factory.mktemp("elsewhere") / "1.json")
    runs = runs_up_to(load(path), history)
    assert [run.path.stem for run in runs] == ["1", "2026-11-20_1210_aaaaaaa"]


def test_a_machine_has_one_letter_in_the_table_and_in_the_picture(history: Path) -> None:
    """Though the picture alone shows the oldest run, whose machine no other is."""
    group = made.group("draw", "draw", 1, NS)
    oldest = one_run(history, group, machine=OTHER_MACHINE)
    runs = [*[one_run(history, group)] * measurements.RUNS_SHOWN, oldest]
    headings = measurements.history(runs)[-3].split(" | ")[2:]
    (chart,) = charts.history(runs)
    assert [heading.rstrip(" |")[-1] for heading in headings] == ["B"] * measurements.RUNS_SHOWN
    assert [tick[-1] for tick in chart.ticks] == ["A", *["B"] * measurements.RUNS_SHOWN]


def test_history_of_one_machine_names_none(history: Path) -> None:
    group = made.group("draw", "draw", 1, NS)
    one_run(history, group, name="2026-11-20_1210_aaaaaaa")
    told = measurements.history(runs_up_to(one_run(history, group), history))
    assert (
        told[0]
        == "| operation | times as fast as the reference peer | 2026-11-23 `593866a` | 2026-11-20 `593866a` |"
    )


def test_agreement_is_that_of_runs_on_one_machine(history: Path) -> None:
    group = made.group("draw", "draw", 1, NS)
    one_run(history, group, name="2026-11-20_1210_aaaaaaa", machine=OTHER_MACHINE)
    newest = one_run(history, group)
    runs = runs_up_to(newest, history)
    assert run_before(newest, runs) is None
    assert "no full run of this machine before this one" in text(whole_report(newest, runs).splitlines())


def test_history_compares_a_headline_with_itself_alone(history: Path) -> None:
    """To another reference peer, or of another size, the ratio is another."""
    one_run(history, made.group("draw", "draw 7", 7, NS, peer="SciPy"), name="2026-11-20_1210_aaaaaaa")
    one_run(history, made.group("draw", "draw 8", 8, NS), name="2026-11-21_1210_bbbbbbb")
    runs = runs_up_to(one_run(history, made.group("draw", "draw 7", 7, NS)), history)
    assert measurements.history(runs)[2:] == ["| normal: draw | NumPy PCG64 | 8.00 |  |  |"]


# The tables of README.md and docs/benchmarks.md


PLACES = {"float64": Place("draw")}
ROWS = [Row("NumPy", ("NumPy PCG64",), PLACES), Row("MKL", ("mkl_random",), PLACES)]
TABLE = Table(
    "ns",
    [Column("float64", "float64"), Column("against NumPy", "float64", "NumPy PCG64")],
    lambda run: [*ROWS, *fastdist_rows(run, PLACES)],
)


def test_table_of_a_page(history: Path) -> None:
    run = one_run(history, made.group("draw", "draw", 1, NS))
    assert TABLE.lines(run) == [
        "| ns | float64 | against NumPy |",
        "|---|---:|---:|",
        "| NumPy | 8.00 | 1.00 x |",
        "| **fastdist**, AVX-512 | **1.00** | **8.00 x** |",
        "| **fastdist**, AVX2 | 2.00 | 4.00 x |",
        "",
        "Not measured: MKL.",
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_a_page_has_a_place_for_each_of_its_parts(page: Page) -> None:
    parts = [*page.tables, *page.small_calls, "caption"]
    assert sorted(names((ROOT / page.path).read_text())) == sorted(parts)
    assert (ROOT / page.path).parent.joinpath(page.report).is_file()


def test_every_table_is_on_a_page() -> None:
    assert {name for page in PAGES for name in (*page.tables, *page.small_calls)} == {*TABLES, *SMALL_CALLS}


def test_tables_name_operations_and_rungs_that_there_are(history: Path) -> None:
    """A name that nobody has would be a cell that stays empty."""
    rungs = {each.name: {rung.name for rung in each.rungs} for each in OPERATIONS}
    run = one_run(history, made.group("draw", "draw", 1, NS))
    rows = [row for table in TABLES.values() for row in table.rows(run)]
    asked = [(place.operation, row.rungs) for row in rows for place in row.places.values()]
    sentences = [sentence for of_calls in SMALL_CALLS.values() for sentence in of_calls]
    asked += [(sentence.place.operation, (sentence.against,)) for sentence in sentences]
    assert len(asked) > 50
    assert [(name, want) for name, want in asked if not rungs.get(name, set()).intersection(want)] == []


def test_sentence_of_a_page(history: Path) -> None:
    run = one_run(history, made.group("draw", "draw", 100, NS))
    takes = Sentence("It takes {ours} (SciPy: {theirs}).", Place("draw"), "SciPy")
    assert takes.of(run) == "It takes 100 ns (SciPy: 2.00 microseconds)."
    assert Sentence("{ours} {theirs}", Place("draw"), "mkl_random").of(run) == ""


def test_parts_are_put_between_their_markers() -> None:
    before = "a\n<!-- bench: one -->\n\nold\n\n<!-- end -->\nb\n<!-- bench: two -->\n<!-- end -->\n"
    after = filled(before, {"one": ["| new |"], "two": ["x", "y"]})
    assert after == (
        "a\n<!-- bench: one -->\n\n| new |\n\n<!-- end -->\nb\n<!-- bench: two -->\n\nx\ny\n\n<!-- end -->\n"
    )
    assert filled(after, {"one": ["| new |"], "two": ["x", "y"]}) == after


@pytest.mark.parametrize("parts", [{}, {"one": [], "two": []}, {"other": []}])
def test_parts_without_a_place_and_places_without_a_part_are_errors(parts: dict[str, list[str]]) -> None:
    with pytest.raises(RuntimeError, match="the text has places for"):
        filled("<!-- bench: one -->\n<!-- end -->\n", parts)
