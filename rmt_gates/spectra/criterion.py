"""The general criterion: the Perron root of M_kl(λ) = a_k² E|(Ĉ X⁻¹ B̂)_kl|² (THEORY.md §4.1).

It holds for every architecture. The root is above 1 inside the support of the eigenvalues, 1 on
its boundary, below 1 outside.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rmt_gates.spectra.small_matrices import add_products, lower_solve, rows_over
from rmt_gates.unit import Unit

CHUNK = 400_000  # units × points held at once


class PerronRoot(NamedTuple):
    """Root Λ(λ), right vector τ and left vector κ (κ_k = a_k² ℓ_k) of M; arrays like λ."""

    root: np.ndarray
    right: np.ndarray
    left: np.ndarray


class Response(NamedTuple):
    """X⁻¹B̂ (n_b × n), ĈX⁻¹ (n × n_b) and Y = ĈX⁻¹B̂ (n × n) of every unit.

    Nested lists over blocks and the matrices with a_k > 0; entries are (points, units), or plain
    numbers where the structure says so.
    """

    from_weights: list[list[Any]]
    to_weights: list[list[Any]]
    Y: list[list[Any]]


def response(unit: Unit, lam: np.ndarray) -> Response:
    """The linear response of every unit at points λ (points,).

    X is lower triangular, since later variables of a step are driven by earlier ones.
    """
    X, B, C = unit.model.blocks(unit.inputs, unit.carry, lam[:, None])
    active = np.flatnonzero(unit.model.gains() > 0)
    n_b = range(len(X))
    forward = lower_solve(X, [[row[l] for l in active] for row in B])
    backward = rows_over([C[k] for k in active], X)
    Y = [
        [add_products(0, [(1, C[k][b], forward[b][m]) for b in n_b]) for m in range(len(active))]
        for k in active
    ]
    return Response(forward, backward, Y)


def transfer(unit: Unit, lam: np.ndarray) -> np.ndarray:
    """Y = Ĉ X⁻¹ B̂ of every unit as one array: (points, units, n, n)."""
    Y = response(unit, lam).Y
    dense = np.zeros((len(lam), len(unit), len(Y), len(Y)), complex)
    for k, row in enumerate(Y):
        for l, entry in enumerate(row):
            dense[..., k, l] = entry
    return dense


def criterion_matrix(unit: Unit, lam: Any) -> np.ndarray:
    """M(λ), (*lam.shape, n, n) over the matrices with a_k > 0, in the order of `model.matrices`."""
    lam = np.asarray(lam, complex)
    gains = _active_gains(unit)
    flat = lam.ravel()
    M = np.zeros((len(flat), len(gains), len(gains)))
    for part in parts(len(flat), len(unit)):
        for k, row in enumerate(response(unit, flat[part]).Y):
            for l, entry in enumerate(row):
                M[part, k, l] = gains[k] ** 2 * _mean(np.abs(entry) ** 2, unit.weights)
    return M.reshape(*lam.shape, len(gains), len(gains))


def criterion_slope(unit: Unit, lam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """M(x + iy) and ∂M/∂y at points λ (points,): ∂Y/∂y = −i ĈX⁻¹ P X⁻¹B̂, P the λ blocks."""
    gains = _active_gains(unit)
    M = np.zeros((len(lam), len(gains), len(gains)))
    slope = np.zeros_like(M)
    for part in parts(len(lam), len(unit)):
        forward, backward, Y = response(unit, lam[part])
        for k, row in enumerate(Y):
            for l, entry in enumerate(row):
                moved = add_products(
                    0, [(1, backward[k][b], forward[b][l]) for b in unit.model.carriers]
                )
                change = 2 * np.imag(np.conj(entry) * moved)
                M[part, k, l] = gains[k] ** 2 * _mean(np.abs(entry) ** 2, unit.weights)
                slope[part, k, l] = gains[k] ** 2 * _mean(change, unit.weights)
    return M, slope


def perron_root(unit: Unit, lam: Any) -> PerronRoot:
    """Perron root and vectors of M(λ); the root is 0 when every gain is 0."""
    root, right, left = perron(criterion_matrix(unit, lam))
    return PerronRoot(root, right, left * _active_gains(unit) ** 2)


def perron(M: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Largest eigenvalue of non-negative matrices (…, n, n), its right and left vectors."""
    if M.shape[-1] == 0:
        nothing = np.empty(M.shape[:-1])
        return np.zeros(M.shape[:-2]), nothing, nothing
    root, right = _largest(M)
    _, left = _largest(np.swapaxes(M, -1, -2))
    return root, right, left


def parts(points: int, units: int, held: int = CHUNK) -> list[np.ndarray]:
    """Indices of the points, cut so that so many numbers are held at once."""
    cut = np.array_split(np.arange(points), 1 + points * units // held)
    return [part for part in cut if len(part)]


def _largest(M: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values, vectors = np.linalg.eig(M)
    top = np.argmax(values.real, axis=-1)
    vector = np.take_along_axis(vectors, top[..., None, None], axis=-1)[..., 0].real
    return np.take_along_axis(values.real, top[..., None], axis=-1)[..., 0], np.abs(vector)


def _active_gains(unit: Unit) -> np.ndarray:
    gains = unit.model.gains()
    return gains[gains > 0]


def _mean(values: Any, weights: np.ndarray) -> Any:
    return values @ weights if np.ndim(values) else values
