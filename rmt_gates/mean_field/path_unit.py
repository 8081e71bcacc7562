"""The unit of a time-dependent state: all its variables at one time, from sampled paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rmt_gates.architectures.base import Architecture
from rmt_gates.mean_field.input_paths import BLOCKS, PathNoise, stratified_normal
from rmt_gates.mean_field.sampled_map import squeezed
from rmt_gates.unit import Unit

SAMPLES = 10_000
ROWS_AT_ONCE = 1 << 22  # numbers in the paths that are drawn together
STEPPED = 256  # paths that take their steps together: a step of few costs as much


def path_unit(model: Architecture, order: np.ndarray, seed: int, samples: int = SAMPLES) -> Unit:
    """``samples`` joint draws of (carry, inputs) at one time, the carry from its past.

    The remembered inputs are stationary Gaussian paths with the covariances that follow from
    the order parameters (m, K+2), autocorrelations at lags 0…K and ∞; the others are drawn at
    one time. A unit is run once through its path, of period BLOCKS·K, and then read every K steps:
    what it began with is forgotten, also by gates that are open for long.
    """
    K = max(order.shape[1] - 2, 8)
    missing = np.repeat(order[:, -1:], K + 2 - order.shape[1], axis=1)
    order = np.concatenate([order[:, :-1], missing, order[:, -1:]], axis=1)
    kernels = model.input_kernels(squeezed(order))
    paths, period = -(-samples // BLOCKS), BLOCKS * K
    drawn = max(1, min(paths, ROWS_AT_ONCE // (2 * period)))
    together = drawn * max(1, STEPPED // drawn)
    columns: dict[str, list[np.ndarray]] = {name: [] for name in (*model.carried, *kernels)}
    rng = np.random.default_rng(seed)
    for first in range(0, paths, together):
        rows = min(together, paths - first)
        past = {name: np.empty((period, rows)) for name in model.remembered}
        for begin in range(0, rows, drawn):
            size = min(drawn, rows - begin)
            for (name, kernel), child in zip(kernels.items(), rng.spawn(len(kernels)), strict=True):
                covariance = kernel.covariance
                if name in model.remembered:
                    source = PathNoise(child, size, K, mirrored=False)
                    path = source.periodic(kernel.mean, covariance[:-1], float(covariance[-1]))
                    past[name][:, begin : begin + size] = path.T
                    columns[name].append(path[:, ::K].ravel())
                else:
                    noise = stratified_normal(child, BLOCKS * size)
                    columns[name].append(kernel.mean + np.sqrt(covariance[0]) * noise)
        for name, value in _carries(model, past, K).items():
            columns[name].append(value)
    fields = {name: np.concatenate(parts)[:samples] for name, parts in columns.items()}
    carries = tuple(fields.pop(name) for name in model.carried)
    return model.unit(fields, carries if len(carries) > 1 else carries[0])


def _carries(model: Architecture, paths: Mapping[str, np.ndarray], K: int) -> dict[str, np.ndarray]:
    """What units carry after one period of their paths (BLOCKS·K, rows), and every K steps on.

    They begin at the rest of their inputs' mean in time: exact for what is static. (An open gate's
    own rest at one time, 1/(1−f), would be remembered where it is far too large.)
    """
    carry = model.rest({name: path.mean(axis=0) for name, path in paths.items()})
    period = BLOCKS * K
    read: list[Any] = []
    for t in range(period + (BLOCKS - 1) * K + 1):
        if t >= period and t % K == 0:
            read.append(carry if len(model.carried) > 1 else (carry,))
        carry = model.step({name: path[t % period] for name, path in paths.items()}, carry)
    return {
        name: np.stack(values, axis=1).ravel()
        for name, values in zip(model.carried, zip(*read, strict=True), strict=True)
    }
