"""How far points of the plane are from a spectral curve."""

from __future__ import annotations

import numpy as np

from rmt_gates.spectra.curve import SpectralCurve


def distance_to_curve(curve: SpectralCurve, lam: np.ndarray) -> np.ndarray:
    """Distance of points λ (n,) to the polygon through the curve's points."""
    point = lam.real + 1j * np.abs(lam.imag)
    start = (curve.x + 1j * curve.y)[:-1]
    along = np.diff(curve.x + 1j * curve.y)
    relative = point[:, None] - start
    length = np.abs(along) ** 2
    share = np.clip((relative * along.conj()).real / np.where(length > 0, length, 1.0), 0, 1)
    return np.abs(relative - share * along).min(axis=1) if len(lam) else np.zeros(0)
