"""What is said of a fit while it runs: scikit-learn's lines, or a bar of tqdm; and the caller's callback."""

from __future__ import annotations

import time
from typing import Any

from fastdist.mixture.expectation_maximization import Callback, Fit


class Progress:
    """What scikit-learn prints during a fit, or a bar."""

    def __init__(self, verbose: Any, interval: int, max_iter: int, callback: Callback | None) -> None:
        self._level = 0 if verbose == "bar" else int(verbose)
        self._bar = _bar(max_iter) if verbose == "bar" else None
        self._interval = interval
        self._callback = callback
        self._started = self._last = time.perf_counter()

    def start(self, number: int) -> None:
        """Before the first step from a start."""
        if self._level:
            print(f"Initialization {number}")
        self._started = self._last = time.perf_counter()
        if self._bar is not None:
            self._bar.reset()

    def iteration(self, number: int, lower_bound: float, change: float) -> bool:
        """After each step; whether it is to be the last."""
        if self._level and number % self._interval == 0:
            if self._level == 1:
                print(f"  Iteration {number}")
            else:
                now = time.perf_counter()
                print(f"  Iteration {number}\t time lapse {now - self._last:.5f}s\t ll change {change:.5f}")
                self._last = now
        if self._bar is not None:
            self._bar.set_postfix_str(f"log-likelihood {lower_bound:.6g}, change {change:.1e}", refresh=False)
            self._bar.update()
        return self._callback is not None and bool(self._callback(number, lower_bound, change))

    def end(self, fit: Fit) -> None:
        """After a start."""
        if not self._level:
            return
        words = f"Initialization {'converged' if fit.converged else 'did not converge'}."
        if self._level > 1:
            elapsed = time.perf_counter() - self._started
            words += f" time lapse {elapsed:.5f}s\t lower bound {fit.lower_bound:.5f}."
        print(words)

    def close(self) -> None:
        """After all."""
        if self._bar is not None:
            self._bar.close()


def _bar(steps: int) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise ImportError("verbose='bar' needs tqdm: pip install 'fastdist-kernels[progress]'") from None
    return tqdm(total=steps, unit="step", leave=False)
