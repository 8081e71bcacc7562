"""The density of eigenvalues just inside the boundary, and how many stray outside at finite N.

Near the boundary the self-consistent equations can be solved by expansion in Λ − 1, Λ the Perron
root of M(λ). With right and left vectors τ, κ (κ_k = a_k² ℓ_k) and Y = Ĉ X⁻¹ B̂ of one unit,

    μ_edge = |∂_λ Λ|² (ℓ·τ)² / ( π E tr[(diag(κ) Y diag(τ) Y†)²] )

(derived in THEORY.md §4.4). At the edge of an i.i.d.-like matrix the N-unit density falls off as
½ erfc(d √(2πNμ)) over the distance d, so that √(Nμ)/(2π√2) eigenvalues per unit length of the
boundary lie outside.
"""

from __future__ import annotations

import numpy as np

from rmt_gates.spectra.criterion import parts, perron_root, transfer
from rmt_gates.unit import Unit

DIFFERENCE = 1e-5
UNITS = 2048  # of the sample, and POINTS of the boundary, suffice for a few per cent
POINTS = 48


def edge_density(unit: Unit, lam: np.ndarray) -> np.ndarray:
    """μ just inside the boundary at the points λ of the boundary, per unit of the network."""
    lam = np.asarray(lam, complex)
    d = DIFFERENCE
    along = (perron_root(unit, lam + d).root - perron_root(unit, lam - d).root) / (2 * d)
    across = (perron_root(unit, lam + 1j * d).root - perron_root(unit, lam - 1j * d).root) / (2 * d)
    gradient = 0.25 * (along**2 + across**2)  # |∂_λ Λ|² of a real function
    _, tau, kappa = perron_root(unit, lam)
    overlap, quartic = overlap_and_quartic(unit, lam, tau, kappa)
    # where nothing is blurred by the weights, as at a_h = 0, there is no such edge
    return np.divide(gradient * overlap**2, np.pi * quartic, np.zeros(lam.shape), where=quartic > 0)


def overlap_and_quartic(
    unit: Unit, lam: np.ndarray, tau: np.ndarray, kappa: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """ℓ·τ and E tr[(diag(κ) Y diag(τ) Y†)²] at points λ (points,), of Perron vectors there."""
    gains = unit.model.gains()
    overlap = (kappa / gains[gains > 0] ** 2 * tau).sum(axis=-1)
    quartic = np.empty(lam.shape)
    for part in parts(len(lam), len(unit)):
        Y = transfer(unit, lam[part])
        Z = np.sqrt(kappa[part])[:, None, :, None] * Y * np.sqrt(tau[part])[:, None, None, :]
        gram = Z @ np.conj(np.swapaxes(Z, -1, -2))
        quartic[part] = np.einsum("pukl,pulk->pu", gram, gram).real @ unit.weights
    return overlap, quartic


def boundary_density(unit: Unit, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """μ_edge along the boundary y(x), interpolated between a few of its points."""
    step = max(1, (len(x) - 1) // POINTS)
    lam = (x + 1j * y)[step // 2 :: step]
    return np.asarray(np.interp(x, lam.real, edge_density(unit.rows(slice(UNITS)), lam)))


def resolved(x: np.ndarray, y: np.ndarray, density: np.ndarray, N: float) -> np.ndarray:
    """Where N eigenvalues show the boundary y(x) at all.

    Not where it is a lens so thin that it stays closer to the real axis than its own blur,
    1/√(2πNμ), in a neighbourhood of that size.
    """
    with np.errstate(divide="ignore"):
        width = 1 / np.sqrt(2 * np.pi * N * density)
    near = np.abs(x[:, None] - x) <= 2 * width[:, None]
    return np.asarray(np.where(near, y, 0).max(axis=1) > width)


def blur(x: np.ndarray, y: np.ndarray, density: np.ndarray, N: float = np.inf) -> float:
    """(2π√2)⁻¹ ∮ √μ_edge |dλ| over both halves of the boundary y(x).

    With N, over those arcs that N eigenvalues resolve.
    """
    root = np.sqrt(np.where(resolved(x, y, density, N), density, 0.0))
    length = np.abs(np.diff(x + 1j * y))
    return float(2 * np.sum(0.5 * (root[1:] + root[:-1]) * length) / (2 * np.pi * np.sqrt(2)))
