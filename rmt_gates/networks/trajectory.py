"""A run of a network, and whether it has reached a stationary state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rmt_gates.networks.stationarity import LIMIT, SHORTEST, drift
from rmt_gates.results import Record


@dataclass(frozen=True, eq=False, repr=False)
class Trajectory(Record):
    """What `network.run` returns. "(…)" are the leading axes of h: networks, states, or none.

    Attributes
    ----------
    h : (…, N) the final state, h_T.
    recorded : (n, …, N) the states h_k, h_2k, … for ``record=k``; None without.
    mean_square : (T, …) (1/N)|h_t|² for t = 1…T.
    drift : (…) change of log mean_square between the last two quarters of the run, in units of
        its standard error by batch means; NaN for runs of fewer than 40 steps.
    settled : (…) whether h has reached a fixed point: the last step moved no unit by more than
        √ε/100 (1.5e-10 in float64, 3.5e-6 in float32).
    stationary : (…) settled, or |drift| ≤ 4.
    message : one sentence for all of them.
    """

    h: Tensor
    recorded: Tensor | None
    mean_square: np.ndarray
    drift: Any
    settled: Any
    stationary: Any
    message: str

    _shown = ("stationary", "settled", "drift", "message")


def follow(
    step: Callable[[Tensor], Tensor],
    h: Tensor,
    steps: int,
    record: int | None,
    mean_square: Callable[[Tensor], Tensor],
) -> Trajectory:
    """Iterate ``h ← step(h)`` and judge the series ``mean_square(h)``, of shape (…)."""
    recorded = h.new_empty((steps // record if record else 0, *h.shape))
    squares = h.new_empty((steps, *mean_square(h).shape), dtype=torch.float64)
    before = h
    for t in range(steps):
        before, h = h, step(h)
        squares[t] = mean_square(h)
        if record and (t + 1) % record == 0:
            recorded[t // record] = h
    series = squares.cpu().numpy()
    require_finite(series)

    moved = (h - before).abs().reshape(*series.shape[1:], -1).amax(-1).cpu().numpy()
    settled = moved <= 0.01 * torch.finfo(h.dtype).eps ** 0.5
    change = drift(series)
    stationary = settled | (np.abs(change) <= LIMIT)
    return Trajectory(
        h=h,
        recorded=recorded if record else None,
        mean_square=series,
        drift=_plain(change),
        settled=_plain(settled),
        stationary=_plain(stationary),
        message=sentence(steps, settled, stationary),
    )


def require_finite(series: np.ndarray) -> None:
    """Raise where a state has become infinite or NaN; `series` is (T, …)."""
    bad = ~np.isfinite(series).reshape(len(series), -1).all(axis=1)
    if bad.any():
        raise RuntimeError(
            f"the state is infinite or NaN by step {int(bad.argmax()) + 1}: the start state or "
            "the weights are not finite, or too large for their dtype"
        )


def sentence(steps: int, settled: np.ndarray, stationary: np.ndarray) -> str:
    """The message of a run."""
    if settled.all():
        return "Settled at a fixed point."
    if stationary.all():
        return "Stationary: mean_square does not drift over the last half of the run."
    if steps < SHORTEST:
        return f"Too short to judge: {steps} steps, run at least {SHORTEST}."
    total, failed = stationary.size, stationary.size - int(stationary.sum())
    count = f" ({failed} of {total} states)" if total > 1 else ""
    return (
        f"Still drifting after {steps} steps{count}, or remembering for longer than this run can "
        "tell: run longer, or discard more burn_in."
    )


def _plain(x: np.ndarray) -> Any:
    """A Python number where there is only one."""
    return x if np.ndim(x) else np.asarray(x).item()
