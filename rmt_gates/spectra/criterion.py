"""The general criterion: the Perron root of M_kl(λ) = a_k² E|(Ĉ X⁻¹ B̂)_kl|² (THEORY.md §4.1).

It holds for every architecture. The root is above 1 inside the support of the eigenvalues, 1 on
its boundary, below 1 outside.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rmt_gates.unit import Unit

CHUNK = 400_000  # units × points held at once


class PerronRoot(NamedTuple):
    """Root Λ(λ), right vector τ and left vector κ (κ_k = a_k² ℓ_k) of M; arrays like λ."""

    root: np.ndarray
    right: np.ndarray
    left: np.ndarray


def transfer(unit: Unit, lam: np.ndarray) -> np.ndarray:
    """Y = Ĉ X⁻¹ B̂ of every unit: (points, n_units, n, n), only matrices with a_k > 0 kept."""
    model = unit.model
    inputs = {name: value for name, value in unit.fields.items() if name != "h"}
    blocks = model.blocks(inputs, unit["h"], lam[:, None])
    shape = (len(lam), len(unit))
    active = np.flatnonzero(model.gains() > 0)
    X = _dense(blocks.X, shape, complex)
    B = _dense(blocks.B, shape, float)[..., active]
    C = _dense(blocks.C, shape, float)[..., active, :]
    return C @ np.linalg.solve(X, B)


def criterion_matrix(unit: Unit, lam: Any) -> np.ndarray:
    """M(λ), (*lam.shape, n, n) over the matrices with a_k > 0, in the order of `model.matrices`."""
    lam = np.asarray(lam, complex)
    gains = unit.model.gains()
    gains = gains[gains > 0]
    flat = lam.ravel()
    result = np.empty((len(flat), len(gains), len(gains)))
    for part in np.array_split(np.arange(len(flat)), 1 + len(flat) * len(unit) // CHUNK):
        if len(part):
            Y = transfer(unit, flat[part])
            mean = np.einsum("pukl,u->pkl", Y.real**2 + Y.imag**2, unit.weights)
            result[part] = gains[:, None] ** 2 * mean
    return result.reshape(*lam.shape, len(gains), len(gains))


def perron_root(unit: Unit, lam: Any) -> PerronRoot:
    """Perron root and vectors of M(λ); the root is 0 when every gain is 0."""
    M = criterion_matrix(unit, lam)
    if M.shape[-1] == 0:
        nothing = np.empty(M.shape[:-1])
        return PerronRoot(np.zeros(M.shape[:-2]), nothing, nothing)
    gains = unit.model.gains()
    root, right = _largest(M)
    _, left = _largest(np.swapaxes(M, -1, -2))
    return PerronRoot(root, right, left * gains[gains > 0] ** 2)


def _largest(M: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values, vectors = np.linalg.eig(M)
    top = np.argmax(values.real, axis=-1)
    vector = np.take_along_axis(vectors, top[..., None, None], axis=-1)[..., 0].real
    return np.take_along_axis(values.real, top[..., None], axis=-1)[..., 0], np.abs(vector)


def _dense(entries: list[list[Any]], shape: tuple[int, int], dtype: type) -> np.ndarray:
    dense: np.ndarray = np.zeros((*shape, len(entries), len(entries[0])), dtype)
    for i, row in enumerate(entries):
        for j, entry in enumerate(row):
            dense[..., i, j] = entry
    return dense
