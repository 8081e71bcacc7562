"""Which eigenvalues of a given network lie farther out than random weights would put one.

An eigenvalue outside the support, Λ(λ) < 1, is judged as one of an n × n Ginibre matrix at radius
r = Λ^(−1/2), in units of the radius of the disc, where n of the N units take part (THEORY.md §4.4):

    n = N (Λ ℓ·τ)² / E tr[(diag(κ) Y diag(τ) Y†)²],    t² = n (r² − 1 − 2 log r).

Both limits are exact. At an edge made by many units t = d √(2πNμ), and the density of eigenvalues
falls off as ½ erfc t; next to the gate of a single unit, which the weights move by a Gaussian
number of standard deviation s, n = 1, r = d/s and e^{−t²/2} is its tail. Beyond the same t there
are E √π ierfc t eigenvalues, E = `SpectralCurve.expected_outside`. Real eigenvalues stray farther,
e^{−t²/2} instead of e^{−t²}: their density at either real end of the edge is that of Forrester and
Nagao, Phys. Rev. Lett. 99, 050603 (2007).
"""

from __future__ import annotations

import numbers
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rmt_gates.results import Record
from rmt_gates.spectra.criterion import perron_root
from rmt_gates.spectra.curve import SpectralCurve
from rmt_gates.spectra.distance import distance_to_curve
from rmt_gates.spectra.edge import UNITS, overlap_and_quartic
from rmt_gates.spectra.states import complex_numbers
from rmt_gates.unit import Unit

ROUNDING = 1e-6  # of eigenvalues: the root of that of the matrix, where it is defective


@dataclass(frozen=True, repr=False)
class Outliers(Record):
    """Which eigenvalues random weights do not explain. Arrays are like the eigenvalues given.

    Attributes
    ----------
    count : number of outliers. level : expected number of them in a random network.
    outlier : whether an eigenvalue is one: a mask.
    distance : to the curve, 0 inside it.
    expected : how many eigenvalues a random network has at least that far out, as seen on the scale
        of the local blur of the edge; inside the curve, how many it has outside at all.
    """

    outlier: np.ndarray = field(repr=False)
    distance: np.ndarray = field(repr=False)
    expected: np.ndarray = field(repr=False)
    level: float

    _shown = ("count", "level")

    @property
    def count(self) -> int:
        """Number of outliers."""
        return int(self.outlier.sum())


def outliers(curve: SpectralCurve, eigenvalues: Any, *, level: float = 0.01) -> Outliers:
    """Which eigenvalues lie so far outside the curve that random weights would not put one there.

    They are what the variances of the weights do not explain, such as what training has aligned.
    Real eigenvalues between the smallest and the largest gate (between 0 and 1, if the curve's gate
    has a density) are never outliers: that is where a unit has its own, if no other moves it.

    Parameters
    ----------
    curve : ``spectral_curve(network.unit(h))``, with h the state of the eigenvalues: then it is the
        weights alone that are judged. Beside the curve of a mean-field state it is also how far
        the network is from that state: of finite random networks more than `level` are found.
    eigenvalues : complex (…, N): all those of one or more networks of N units, (…, 2N) for an LSTM,
        as ``network.eigenvalues(h)`` gives them.
    level : an eigenvalue is an outlier if less than this many are expected at least that far out in
        a random network. That is how many outliers one has on average; measured in 900 networks of
        200 units, of nine kinds: 0.7 to 0.9 of it, at levels from 3 to 0.01.

    Examples
    --------
    A common mean of all weights, 1.5/N, is a matrix of rank one, and makes an eigenvalue near 1.5:

    >>> import rmt_gates as rg
    >>> network, h = rg.sample_network(rg.Vanilla(a_h=0.9), 200, rng=2), [0.0] * 200
    >>> _ = network.weights["h"].add_(1.5 / 200)
    >>> lam = network.eigenvalues(h)
    >>> found = rg.outliers(rg.spectral_curve(network.unit(h)), lam)
    >>> found
    Outliers(count=1, level=0.01)
    >>> lam[found.outlier].round(1)
    array([1.5+0.j])
    """
    if not isinstance(curve, SpectralCurve):
        raise TypeError(
            "curve must come from rg.spectral_curve(network.unit(h)), or of a state, "
            f"got {type(curve).__name__}"
        )
    _require_level(level)
    unit = curve.source if isinstance(curve.source, Unit) else curve.source.unit
    blocks = len(unit.model.carriers)
    lam = complex_numbers("eigenvalues", eigenvalues)
    if not np.isfinite(lam).all():
        raise ValueError("eigenvalues must be finite: they hold NaN or infinity")
    if lam.ndim == 0 or lam.size == 0 or lam.shape[-1] % blocks:
        raise ValueError(
            f"eigenvalues must be of shape (…, {blocks if blocks > 1 else ''}N) "
            f"with N ≥ 1, all those of each network, got shape {lam.shape}"
        )
    N = lam.shape[-1] // blocks
    outside = ~(curve.contains(lam) | _among_gates(unit, lam))
    t, distance = np.zeros(lam.shape), np.zeros(lam.shape)
    few = unit if unit is curve.source else unit.rows(slice(UNITS))  # of a law, they suffice
    t[outside] = _blurs(unit, few, lam[outside], N)
    distance[outside] = distance_to_curve(curve, lam[outside])
    expected = _expected_beyond(t, curve.expected_outside(N))
    return Outliers(outside & (expected < level), distance, expected, float(level))


def _require_level(level: Any) -> None:
    number = isinstance(level, numbers.Real) and not isinstance(level, bool)
    if not (number and 0 < level < np.inf):
        raise ValueError(
            f"level must be a positive number, how many outliers to allow a random network on "
            f"average, got {level!r}"
        )


def _among_gates(unit: Unit, lam: np.ndarray) -> np.ndarray:
    """Whether λ is real and between the poles of the units, which is where they are unmoved."""
    X = unit.model.blocks(unit.inputs, unit.carry, 0.0).X
    among = np.zeros(lam.shape, bool)
    for b in unit.model.carriers:
        low, high = np.min(-X[b][b]) - ROUNDING, np.max(-X[b][b]) + ROUNDING
        among |= (np.abs(lam.imag) < ROUNDING) & (lam.real > low) & (lam.real < high)
    return among


def _blurs(unit: Unit, few: Unit, lam: np.ndarray, N: int) -> np.ndarray:
    """t: how many widths of the edge's own blur λ (points,) lies outside; Λ by all units."""
    root, tau, kappa = perron_root(unit, lam)
    overlap, quartic = overlap_and_quartic(few, lam, tau, kappa)
    with np.errstate(divide="ignore", invalid="ignore"):
        n = N * (root * overlap) ** 2 / quartic
        square = 1 / np.minimum(root, 1)  # r², at least 1 whatever the rounding
        t = np.sqrt(n * (square - 1 - np.log(square)))
    return np.where(quartic > 0, t, np.inf)  # no weight reaches so far


def _expected_beyond(t: np.ndarray, outside: float) -> np.ndarray:
    """How many eigenvalues lie beyond t along the whole edge, and at its two real ends."""
    from scipy.special import erfc

    at_end = erfc(t / np.sqrt(2))
    s = np.minimum(t, 30.0)  # beyond, all of this is 0 in floating point
    along = np.exp(-(s**2)) / np.sqrt(np.pi) - s * erfc(s)  # ∫_t^∞ erfc
    real = 0.25 * at_end - at_end**2 / 16 + along / (4 * np.sqrt(np.pi))
    return np.sqrt(np.pi) * outside * along + 2 * real
