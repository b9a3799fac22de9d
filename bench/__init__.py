"""What low-level code gains over pure Python and over each peer: measured, kept over time, drawn.

``python -m bench run``, ``report``, ``compare`` and ``annotate`` are the way in.  From the data upwards:
``cases`` (what is asked, and fastdist's answers), ``peers`` (the others'), ``bench_<stem>.py`` (which
operations are measured, of which sizes), ``measuring`` (how), ``report`` (what is made of it).
"""

from pathlib import Path

BENCH = Path(__file__).parent
HISTORY = BENCH / "history"
