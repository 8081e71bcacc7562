"""The unit of a time-dependent state: all its variables at one time, from sampled paths."""

from __future__ import annotations

import numpy as np

from rmt_gates.architectures.base import Architecture
from rmt_gates.mean_field.input_paths import STARTS, PathNoise, stratified_normal
from rmt_gates.mean_field.sampled_map import squeezed
from rmt_gates.unit import Unit

SAMPLES = 10_000
ROWS_AT_ONCE = 1 << 22


def path_unit(model: Architecture, order: np.ndarray, seed: int, samples: int = SAMPLES) -> Unit:
    """``samples`` joint draws of (carry, inputs) at one time, the carry from its past.

    The remembered inputs are stationary Gaussian paths with the covariances that follow from
    the order parameters (m, K+2), autocorrelations at lags 0…K and ∞; the others are drawn at
    one time.
    """
    K = max(order.shape[1] - 2, 8)
    missing = np.repeat(order[:, -1:], K + 2 - order.shape[1], axis=1)
    order = np.concatenate([order[:, :-1], missing, order[:, -1:]], axis=1)
    kernels = model.input_kernels(squeezed(order))
    paths = -(-samples // STARTS)
    per_chunk = max(1, min(paths, ROWS_AT_ONCE // (2 * STARTS * K)))
    columns: dict[str, list[np.ndarray]] = {name: [] for name in (*model.carried, *kernels)}
    rng = np.random.default_rng(seed)
    for begin in range(0, paths, per_chunk):
        size = min(per_chunk, paths - begin)
        past, now = {}, {}
        for (name, kernel), child in zip(kernels.items(), rng.spawn(len(kernels)), strict=True):
            covariance = kernel.covariance
            if name in model.remembered:
                source = PathNoise(child, size, K, mirrored=False)
                window = source.windows(kernel.mean, covariance[:-1], float(covariance[-1]))
                past[name] = np.ascontiguousarray(window[:, : K + 1].T)
                now[name] = past[name][K]
            else:
                noise = stratified_normal(child, STARTS * size)
                now[name] = kernel.mean + np.sqrt(covariance[0]) * noise
        carry = model.rest({name: w[0] for name, w in past.items()})
        for t in range(K):
            carry = model.step({name: w[t] for name, w in past.items()}, carry)
        carries = carry if len(model.carried) > 1 else (carry,)
        for name, value in (*zip(model.carried, carries, strict=True), *now.items()):
            columns[name].append(value)
    fields = {name: np.concatenate(parts)[:samples] for name, parts in columns.items()}
    carries = tuple(fields.pop(name) for name in model.carried)
    return model.unit(fields, carries if len(carries) > 1 else carries[0])
