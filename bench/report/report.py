"""REPORT.md, its pictures, and the tables of README.md and docs/benchmarks.md, all from saved runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench import BENCH
from bench.estimators import ESTIMATOR
from bench.report import measurements, sections
from bench.report.agreement import agreement
from bench.report.charts import BarChart, Chart, LineChart, charts
from bench.report.history import run_before, runs_up_to
from bench.report.markdown import paragraph
from bench.report.pages import PAGES, Page
from bench.report.results import LADDER, Run, load
from bench.report.tables import filled

ROOT = BENCH.parent
COMMAND = "python -m bench report"
PICTURES = "pictures"


def report(run: Path, into: Path | None = None) -> Path:
    """Write the report on ``run``, and its pictures; say where it is.

    It goes to ``bench/``, where it replaces the one before, and into the tables of README.md and
    docs/benchmarks.md; ``into`` another folder, and nothing else is touched.

    Raises
    ------
    RuntimeError
        If a quick run, or one without benchmarks, would replace the report on a full one.
    """
    try:
        # They need matplotlib, which the texts do without.
        from bench.report.pictures import draw, remove_others
    except ImportError as error:
        raise RuntimeError(f"{error}: pip install --editable '.[bench]' brings it") from error

    reported = load(run)
    if reported.quick and into is None:
        raise RuntimeError(
            f"{run} is a quick run, whose times mean nothing: --into FOLDER writes its report there, and "
            "leaves bench/REPORT.md, its pictures and the tables of the documentation as they are"
        )
    if not reported.groups and into is None:
        raise RuntimeError(
            f"{run} has no benchmark, so there is nothing to report: --into FOLDER does it anyway"
        )
    runs = runs_up_to(reported)
    shown = charts(reported, runs)
    text = report_text(reported, runs, shown)
    # What may fail comes before anything is written.
    pages = {} if into is not None else {page: page_text(page, reported) for page in PAGES}
    folder = BENCH if into is None else into
    draw(shown, folder / PICTURES)
    if into is None:
        remove_others(shown, BENCH / PICTURES)
        for page, filled_text in pages.items():
            (ROOT / page.path).write_text(filled_text)
    written = folder / "REPORT.md"
    written.write_text(text)
    return written


def page_text(page: Page, run: Run) -> str:
    """A page with its tables filled from ``run``."""
    return filled((ROOT / page.path).read_text(), page.parts(run))


def report_text(run: Run, runs: Sequence[Run], shown: Sequence[Chart]) -> str:
    """``runs`` are those of the history, this one first, and ``shown`` their `charts`."""
    quick = ["**This is a quick run: it shows that everything works, and its times mean nothing.**", ""]
    lines = [
        f"<!-- Written by `{COMMAND}` from {_place(run.path)}: do not edit. -->",
        "",
        "# Benchmarks: every speed-up, and its history",
        "",
        *(quick if run.quick else []),
        *sections.where_a_peer_wins(run),
        *_section("What ran, and on what", sections.what_ran(run)),
        *_section("What was not measured", sections.not_measured(run)),
        *_section("How to read the figures", paragraph(_how_to_read(run))),
        *_section("The ladder", [*_pictures(shown, "ladder"), *sections.ladder(run)]),
    ]
    for topic in run.topics:
        if topic != LADDER:
            lines += _section(
                f"Speed-ups: {topic}",
                [*_pictures(shown, f"speedups_{topic}"), *measurements.topic(run, topic)],
            )
    with_sizes = any(chart.name.startswith("sizes_") for chart in shown)
    before = run_before(run, runs)
    for title, picture, content in (
        ("From one element to the memory", "sizes", paragraph(_SIZES if with_sizes else _ONE_SIZE)),
        ("Threads", "threads", measurements.threads(run)),
        ("Distance to the limits", "limits", measurements.limits(run)),
        ("Peak memory of a call", "", measurements.memory(run)),
        ("Whole programs", "", [*paragraph(_PROGRAMS), "", *measurements.programs(run)]),
        ("How well two runs agree", "", paragraph(_ALONE) if before is None else agreement(before, run)),
        ("History", "history", measurements.history(runs)),
        ("How each peer is used", "", sections.how_peers_are_used(run)),
    ):
        lines += _section(title, [*content, "", *(_pictures(shown, picture) if picture else [])])
    return "\n".join(_single_blanks(lines)) + "\n"


def _place(path: Path) -> str:
    """In ``bench``, or the name alone."""
    path = path.resolve()
    return path.relative_to(BENCH).as_posix() if path.is_relative_to(BENCH) else path.name


def _section(title: str, content: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *content]


def _single_blanks(lines: Sequence[str]) -> list[str]:
    kept = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return kept if kept[-1] else kept[:-1]


def _pictures(shown: Sequence[Chart], beginning: str) -> list[str]:
    """Those whose names are ``beginning``, or that and a number or a title."""
    lines: list[str] = []
    for chart in shown:
        if chart.name == beginning or chart.name.startswith(f"{beginning}_"):
            lines += [
                f"![{_described(chart)}]({PICTURES}/{chart.name}.png)",
                "",
                *paragraph(chart.caption),
                "",
            ]
    return lines


def _described(chart: Chart) -> str:
    """For who cannot see it."""
    assert isinstance(chart, BarChart | LineChart)
    return f"{chart.name.replace('_', ' ')}: {', '.join(panel.title for panel in chart.panels)}"


def _how_to_read(run: Run) -> str:
    probed = (
        "A time is the shortest of up to five in a row, in a moment in which a probe finds the core quiet, "
        "if there soon is one. "
    )
    return ("" if run.quiet is None else probed) + _HOW_TO_READ


_HOW_TO_READ = (
    "All rungs of a case are timed in turn, in shuffled order. Times are ns for each element: the best "
    "where nothing else is said. A ratio says how many times as fast fastdist is: it is the "
    f"{ESTIMATOR}; what stands behind it as from-to are the ratios of the best time of one and the third "
    "best of the other. `fastdist LEVEL` is fastdist with the kernels of one instruction set on one "
    "thread; unless it says otherwise, that of the level in use. An operation's main case is the one that is "
    "shown where only one can be; its reference peer is the one whose ratio is followed over commits."
)
_SIZES = (
    "To the left a call costs more than its elements, to the right the memory decides. Dotted lines are "
    "where one array of the numbers fills a cache."
)
_ONE_SIZE = "No operation was timed at enough sizes for a picture."
_PROGRAMS = (
    "Each library has as many threads as it takes by default: fastdist one for each CPU that it may use."
)
_ALONE = "There is no full run of this machine before this one, so nothing can be said yet."
