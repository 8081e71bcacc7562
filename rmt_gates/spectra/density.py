"""How many eigenvalues are where: densities, and masses inside circles (THEORY.md §4.5)."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from rmt_gates.spectra.point_masses import point_masses
from rmt_gates.spectra.resolvent import Support, resolvent, solve
from rmt_gates.spectra.states import circle, real_numbers, unit_of
from rmt_gates.unit import Unit

SCAN = 64  # points of a circle at which inside and outside are first told apart
HALVINGS = 18  # of the angle at which it crosses the boundary of the support
NODES = 24  # Gauss–Legendre, on every arc between crossings
CLEAR = 1e-3  # of the radius: distance from the real axis of the outermost angles scanned
RATIO = 8.0  # between the arcs into which one is cut towards the ends of the gates, 0 and 1
NEAREST = 1e-15  # angle to which that is done
ON_CIRCLE = 1e-13  # distance from a point mass
SATURATED = 1e-9  # 1 − z
FARTHEST = 1e100  # radius: nothing lies beyond
SMALLEST = 1e-9  # radius: in smaller circles there are point masses or nothing
WIDE = 2.0  # radius beyond which SCAN points may step over all of the support


def eigenvalue_density(state: Any, lam: Any, *, rtol: float = 0.0) -> Any:
    """Density of eigenvalues at λ, per eigenvalue and unit area: that of `resolvent`.

    Above 0, ``rtol`` lets maps of many thousand points be interpolated, to rtol times the largest
    density. Point masses (`point_masses`) and masses spread on the real axis are not part of it.
    Next to the real axis, closer than the spacing of the gates in a state's sample of units, it is
    the density of that sample: it scatters by 1 % at Im λ = 0.01 and 10 % at 0.001 for (a_h, a_z,
    a_r) = (3, 1, 10).

    Examples
    --------
    >>> import rmt_gates as rg
    >>> point = rg.fixed_points(rg.GRU(a_h=3, a_z=1, a_r=2))[-1]
    >>> rg.eigenvalue_density(point, [0.5 + 0.1j, 2]).round(2)
    array([1.89, 0.  ])
    """
    return resolvent(state, lam, rtol=rtol).density


def eigenvalue_fraction(state: Any, center: Any, radius: Any) -> Any:
    """Fraction of all eigenvalues with |λ − center| < radius, point masses included.

    From G on the circle, ``P = (1/2π) ∮ Re[Re^{iθ} G(center + Re^{iθ})] dθ`` (Gauss's law: it holds
    wherever the circle runs, inside the support or not). Point masses on the circle do not count,
    except at λ = 1: of gates that are open for ever within 1e-9 a circle through 1 has a half.

    Parameters
    ----------
    state : a `FixedPoint`, a `SteadyState` or a `Unit` (``network.unit(h)``).
    center : a number. radius : a number or an array, at least 0.

    Returns
    -------
    float, or an array like radius; NaN where the resolvent was not found on the circle.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> point = rg.fixed_points(rg.GRU(a_h=3))[0]  # a uniform disc of radius 3/4 at 1/2
    >>> rg.eigenvalue_fraction(point, 0.5, [0.375, 1.0]).round(6)
    array([0.25, 1.  ])
    """
    unit = unit_of(state, "eigenvalue_fraction")
    c, radius = circle(center, radius)
    enclosed, masses = Enclosed(unit, c), point_masses(state)
    # gates about to be open for ever share λ = 1 in floating point, and stay below it
    distance = np.where(masses.location < 1 - SATURATED, np.abs(masses.location - c), np.inf)

    def strictly(R: float) -> float:
        """A point mass on the circle is half inside for the contour integral."""
        if R < SMALLEST:
            return float(masses.weight[np.abs(masses.location - c) < R].sum())
        on_circle = float(masses.weight[np.abs(distance - R) < ON_CIRCLE].sum())
        return float(np.clip(enclosed(R) - 0.5 * on_circle, 0.0, 1.0))

    fractions = [strictly(R) for R in radius.ravel()]
    return np.reshape(fractions, radius.shape) if radius.ndim else fractions[0]


def slow_mode_fraction(state: Any, radius: Any) -> Any:
    """Fraction of eigenvalues within `radius` of λ = 1: modes that barely change in one step.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> point = rg.fixed_points(rg.GRU(a_h=3, a_z=1, a_r=2))[-1]
    >>> round(rg.slow_mode_fraction(point, 0.3), 2)
    0.17
    """
    return eigenvalue_fraction(state, 1.0, radius)


def relaxation_time_fraction(state: Any, time: Any) -> Any:
    """Fraction of eigenvalues with a relaxation time −1/log|λ| above `time` (steps).

    Growing modes, |λ| > 1, never relax: they count for every time.

    Parameters
    ----------
    state : a `FixedPoint`, a `SteadyState` or a `Unit`. time : a positive number or an array.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> point = rg.fixed_points(rg.GRU(a_h=3, a_z=1, a_r=2))[-1]
    >>> rg.relaxation_time_fraction(point, [1, 10]).round(2)
    array([0.79, 0.07])
    """
    time = real_numbers("time", time)
    if not np.all(time > 0):
        raise ValueError(f"time must be positive, got {time[~(time > 0)].flat[0]:g}")
    with np.errstate(over="ignore"):  # of times next to nothing
        modulus = np.exp(-1 / time)
    return 1 - eigenvalue_fraction(state, 0.0, modulus)


class Enclosed:
    """The mass inside circles around one point."""

    def __init__(self, unit: Unit, center: complex) -> None:
        self._unit, self._support, self._center = unit, Support(unit), center

    def __call__(self, radius: float) -> float:
        """By conjugation, half of the circle will do if the center is real."""
        if radius == 0:
            return 0.0
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        t = 0.5 * (1 + nodes)
        radius = min(radius, FARTHEST)
        window = _window(self._center, radius, self._extent) if radius > WIDE else None
        arcs = _arcs(self._support, self._center, radius, window)
        arcs = _graded(arcs, self._center, radius, window)
        start, length = arcs[:-1, None], np.diff(arcs)[:, None]
        # nodes crowd at the ends of an arc, where G has a kink or a gate's sharp density
        theta = (start + length * t**2 * (3 - 2 * t)).ravel()
        weight = (length * 3 * t * (1 - t) * weights).ravel()
        z = radius * np.exp(1j * theta)
        G = solve(self._unit, self._center + z, density=False).G
        return float(np.clip((weight * (z * G).real).sum() / (arcs[-1] - arcs[0]), 0.0, 1.0))

    @cached_property
    def _extent(self) -> float:
        """A radius around 0 beyond which there is no support."""
        around = np.exp(1j * np.linspace(0, np.pi, SCAN))
        radius = WIDE
        while self._support.contains(np.outer([1.0, 1.4], radius * around).ravel()).any():
            radius *= 2
        return radius


Window = tuple[float, float]


def _window(center: complex, R: float, extent: float) -> Window:
    """The angle at which the circle meets a disc around 0: its middle, and half of its width."""
    if center == 0:
        return 0.0, np.pi if extent > R else 0.0
    d = abs(center)
    cosine = (extent - d) * (extent + d) / (2 * d * R) - R / (2 * d)
    return float(np.angle(-center)), float(np.arccos(-np.clip(cosine, -1, 1)))


def _arcs(support: Support, center: complex, R: float, window: Window | None = None) -> np.ndarray:
    """Angles, increasing, at which the circle meets the real axis or the boundary."""
    if abs(center.imag) < R:
        first = -np.arcsin(center.imag / R)
        bounds = [first, np.pi - first, 2 * np.pi + first][: 2 if center.imag == 0 else 3]
    else:
        bounds = [0.0, 2 * np.pi]
    angles = [np.array(bounds)]
    for a, b in pairwise(bounds):
        edge = CLEAR if abs(center.imag) < R else 0.0
        theta = np.linspace(a + edge, b - edge, SCAN)
        if edge:
            near = [end + s * _towards(center, R, end, CLEAR) for s, end in ((1, a), (-1, b))]
            theta = np.sort(np.concatenate([theta, *near]))
        if window is not None:
            at = a + (window[0] + window[1] * np.linspace(-1, 1, SCAN) - a) % (2 * np.pi)
            theta = np.unique(np.concatenate([theta, at[(at > a + edge) & (at < b - edge)]]))
        inside = support.contains(center + R * np.exp(1j * theta))
        change = np.flatnonzero(inside[1:] != inside[:-1])
        low, high, was = theta[change], theta[change + 1], inside[change]
        for _ in range(HALVINGS if len(change) else 0):
            middle = 0.5 * (low + high)
            same = support.contains(center + R * np.exp(1j * middle)) == was
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        angles.append(0.5 * (low + high))
    return np.sort(np.concatenate(angles))


def _graded(
    arcs: np.ndarray, center: complex, R: float, window: Window | None = None
) -> np.ndarray:
    """The angles, and more of them where the circle meets the real axis next to 0 or 1.

    A sharp gate has eigenvalues at all scales there: G changes with the logarithm of the distance.
    And, of a large circle, about the angle at which it passes the support.
    """
    cuts = [arcs]
    if window is not None and window[1] > 0:
        steps = int(np.ceil(np.log(np.pi / window[1]) / np.log(RATIO)))
        away = window[1] * RATIO ** np.arange(steps)
        cuts.append(arcs[0] + (window[0] + np.append(-away, away) - arcs[0]) % (2 * np.pi))
    for end in arcs:
        if abs(center.imag) < R and abs((center + R * np.exp(1j * end)).imag) < NEAREST * R:
            near = _towards(center, R, end, np.pi / RATIO)
            cuts += [end - near, end + near]
    every = np.unique(np.concatenate(cuts))
    return every[(every >= arcs[0]) & (every <= arcs[-1])]


def _towards(center: complex, R: float, end: float, largest: float) -> np.ndarray:
    """Angles from the end of an arc, from ``largest`` down by RATIO to the distance from 0 or 1."""
    x = (center + R * np.exp(1j * end)).real
    smallest = max(min(abs(x), abs(1 - x)) / R, NEAREST)
    count = int(np.ceil(np.log(max(largest / smallest, 1.0)) / np.log(RATIO)))
    return np.asarray(largest * RATIO ** -np.arange(count))
