"""The unit of a time-dependent state: all its variables at one time, from sampled paths."""

from __future__ import annotations

import numpy as np

from rmt_gates.architectures.base import Architecture
from rmt_gates.mean_field.gate_paths import STARTS, GatePaths
from rmt_gates.unit import Unit

SAMPLES = 10_000
ROWS_AT_ONCE = 1 << 22


def path_unit(
    model: Architecture, C: np.ndarray, static: float, seed: int, samples: int = SAMPLES
) -> Unit:
    """``samples`` joint draws of (h_t, inputs at t), with h_t from the recursion on its past.

    The gate's and φ's inputs are stationary Gaussian paths with the covariances that follow from
    the autocorrelation ``C`` (lags 0…K, tending to ``static``).
    """
    K = max(len(C) - 1, 8)
    C = np.append(C, np.full(K + 1 - len(C), static))
    kernels = model.input_kernels(np.append(C, static))
    paths = -(-samples // STARTS)
    per_chunk = max(1, min(paths, ROWS_AT_ONCE // (2 * STARTS * K)))
    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("h", *kernels)}
    rng = np.random.default_rng(seed)
    for begin in range(0, paths, per_chunk):
        size = min(per_chunk, paths - begin)
        past, now = {}, {}
        for (name, kernel), child in zip(kernels.items(), rng.spawn(len(kernels)), strict=True):
            covariance = kernel.covariance
            if name in model.remembered:
                source = GatePaths(child, size, K, mirrored=False)
                window = source.windows(kernel.mean, covariance[:-1], covariance[-1])
                past[name] = np.ascontiguousarray(window[:, : K + 1].T)
                now[name] = past[name][K]
            else:
                noise = child.standard_normal(STARTS * size)
                now[name] = kernel.mean + np.sqrt(covariance[0]) * noise
        carry = model.rest({name: w[0] for name, w in past.items()})
        for t in range(K):
            carry = model.step({name: w[t] for name, w in past.items()}, carry)
        columns["h"].append(carry)
        for name, value in now.items():
            columns[name].append(value)
    fields = {name: np.concatenate(parts)[:samples] for name, parts in columns.items()}
    h = fields.pop("h")
    return model.unit(fields, h)
