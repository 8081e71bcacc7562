"""Autocorrelations as vectors x = (C_h(0), …, C_h(K), C_h(∞))."""

from __future__ import annotations

import numpy as np

LARGEST_STEP = 4.0


def possible_step(new: np.ndarray, old: np.ndarray, slack: float = 0.0) -> bool:
    """Whether ``new`` can be an autocorrelation in (−1, 1), and is not far from ``old``.

    ``slack`` : by how much, relatively, noise may lift C(k) above C(0).
    """
    near = old[0] / LARGEST_STEP < new[0] < old[0] * LARGEST_STEP
    return bool(0 < new[0] < 1 and near and np.all(np.abs(new) <= (1 + slack) * new[0]))


def bounded(kernels: np.ndarray) -> np.ndarray:
    """Kernels (m, lags) cut at ±C(0), which noise may make them exceed at short lags."""
    return np.clip(kernels, -kernels[:, :1], kernels[:, :1])


def resize(kernel: np.ndarray, static: float, K: int) -> np.ndarray:
    """(C_h(0…K), C_h(∞)) cut or continued to another window, exponentially at its last rate."""
    if len(kernel) > K:
        return np.append(kernel[: K + 1], static)
    deviation = kernel - static
    last = len(kernel) - 1
    half = max(last // 2, 1)
    ratio = (
        np.clip(deviation[-1] / deviation[-1 - half], 0.05, 0.995) if deviation[-1 - half] else 0.5
    )
    more = np.arange(1, K - last + 1)
    continued = deviation[-1] * ratio ** (more / half)
    return np.concatenate([kernel, static + continued, [static]])
