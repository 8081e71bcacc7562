"""Where the time-dependent steady state ends when one parameter is changed.

The state is followed from kernel to kernel. Where a stable rest coexists it ends in a fold: the
parameter x as a function of the amplitude A = C_h(0) − C_h(∞) has an extremum, x − x* ∝ (A − A*)²,
and beyond it the state jumps. Else the amplitude goes to 0, x − x* ∝ A, where the state at rest
becomes unstable. So x(A) is fitted by a polynomial, and x* is its extremum, or its value at A = 0.
"""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial

from rmt_gates.architectures.checks import require_scalar
from rmt_gates.mean_field.fixed_points import fixed_points
from rmt_gates.mean_field.steady_state import steady_state
from rmt_gates.randomness import generator
from rmt_gates.results import Record, Status

FITS = ((3, 5), (2, 4), (2, 3))  # degree of x(A), and how many of the last states it is fitted to
NEARER = 0.25  # of the distance to the end, from state to state
FARTHEST = 0.9  # of it, where the solver does not get nearer
TRIES = 24  # states at all
EXACT = 1e-6  # relative: exact states are not followed farther
LEAST_SPREAD = 0.05  # of the largest: no state counts for all
CLOSE = 0.02  # of the amplitude where the state was first met: an end below this is at A = 0


@dataclass(frozen=True, repr=False)
class ChaosBoundary(Record):
    """Where a chaotic state ends along one parameter.

    Attributes
    ----------
    field, value, error : the parameter, its value there, and the standard error (for exact states
        what the last of them changed, or the distance to it).
    jump : whether the state ends at a finite amplitude.
    amplitude : C_h(0) − C_h(∞) there. followed : (n, 3), values of the parameter with the amplitude
        of the state there and its error. status, message : value is NaN where it was not found.
    """

    model: Any
    field: str
    value: float
    error: float
    jump: bool
    amplitude: float
    followed: np.ndarray
    status: Status
    message: str

    _shown = ("field", "value", "error", "jump", "amplitude", "status")


def chaos_boundary(
    model: Any, field: str, *, toward: Any = 0.0, rng: Any = None, rtol: float = 5e-3
) -> ChaosBoundary:
    """Where the chaotic steady state of ``model`` ends when ``field`` goes toward another value.

    Parameters
    ----------
    model : a scalar parameter record whose steady state, from a large start, is chaotic.
    field : the parameter that changes. toward : the value it goes to.
    rng : seed of the sampled states. rtol : of each sampled state, as in `rg.steady_state`: the
        error of the boundary is much smaller where the state jumps, since x* does not depend on A
        there to first order. A boundary takes about ten states.

    Returns
    -------
    ChaosBoundary : ``.value .error .jump .amplitude .followed .status .message``.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> end = rg.chaos_boundary(rg.Vanilla(a_h=1.5), "a_h")  # its zero is unstable above 1
    >>> end.jump, round(end.value, 6)
    (False, 1.0)
    """
    require_scalar(model, "chaos_boundary")
    if field not in model.numbers():
        known = ", ".join(model.numbers())
        raise ValueError(f"field must be one of {known}, got {field!r}")
    if not isinstance(toward, numbers.Real):
        raise TypeError(f"toward must be a number, got {toward!r}")
    x, end = float(getattr(model, field)), float(model.replace(**{field: toward}).__dict__[field])
    if x == end:
        raise ValueError(f"toward must differ from the model's own {field}, {x:g}")
    random = generator(rng)
    path = _Path(model, field, x, end, random, rtol)
    if not path.advance(x):
        kind = path.last.kind if path.last.converged else "not found to the accuracy asked for"
        raise ValueError(
            f"model must have a chaotic steady state, and this one's is {kind}: choose {field} "
            "farther inside the chaotic region"
        )
    return path.followed_to_its_end()


class _Path:
    """Chaotic states along a parameter, and the values where there was none."""

    def __init__(
        self, model: Any, field: str, x: float, end: float, rng: np.random.Generator, rtol: float
    ) -> None:
        self.model, self.field, self.rng, self.rtol = model, field, rng, rtol
        self.end = end
        self.away = float(np.sign(x - end))  # of x·away the state ends at a lower value
        self.points: list[tuple[float, float, float]] = []
        self.gone: float | None = None  # the value nearest to the chaotic ones without chaos
        self.failed: float | None = None  # or where the solver did not tell
        self.state: Any = "large"
        self.last: Any = None

    def advance(self, x: float) -> bool:
        """Look for the state at x, from the one before; whether it is chaotic there."""
        model = self.model.replace(**{self.field: x})
        self.last = state = steady_state(model, start=self.state, rng=self.rng, rtol=self.rtol)
        if state.kind != "chaotic" or not state.converged:
            if self.failed is None or (x - self.failed) * self.away > 0:
                self.failed = x
            if state.kind != "unknown" and (self.gone is None or (x - self.gone) * self.away > 0):
                self.gone = x
            return False
        self.state = state
        amplitude = state.C_h0 - max(state.static, 0.0)
        self.points.append((x, amplitude, state.C_h0_error))
        return True

    def followed_to_its_end(self) -> ChaosBoundary:
        """States ever nearer to the end, until its place is known as well as they are."""
        found, before, share = None, None, NEARER
        for _ in range(TRIES):
            here = self.points[-1][0]
            limit = self.end if self.failed is None else self.failed
            if abs(here - limit) <= EXACT * max(abs(here), abs(limit)):
                break
            target = limit if found is None else found[0]
            if self.advance(target + (0.5 if found is None else share) * (here - target)):
                before, found = found, self.estimate()
                if found is not None and before is not None and self._settled(found, before):
                    break
                continue
            if found is not None and not self._possible(found[0]):
                found = None
            elif found is not None:  # too close to the end for the solver: not as far
                share = 0.5 * (1 + share)
                if share > FARTHEST:
                    break
        return self.result(found, before)

    def _possible(self, x: float) -> bool:
        """Whether the state can end there: beyond the last, before where it is known to be gone."""
        limit = self.end if self.gone is None else self.gone
        return (self.points[-1][0] - x) * self.away > 0 and (x - limit) * self.away >= 0

    def _settled(self, found: Any, before: Any) -> bool:
        change = abs(found[0] - before[0])
        exact = all(point[2] == 0 for point in self.points)
        return bool(change < (EXACT * abs(found[0]) if exact else found[1]))

    def estimate(self) -> tuple[float, float, float] | None:
        """(x*, its standard error, A*) from a polynomial through the last states, of the highest
        degree for which that can be; None if it cannot."""
        for degree, fitted in FITS:
            if len(self.points) > degree:
                x, A, sigma = np.array(self.points[-fitted:]).T
                value, error, amplitude = _end(x * self.away, A, sigma, degree)
                if self._possible(value * self.away):
                    return value * self.away, error, amplitude
        return None

    def result(self, found: Any, before: Any) -> ChaosBoundary:
        """The record of what was found."""
        followed = np.array(self.points)
        if found is None:
            if self.gone is None:
                status = Status.ABSENT
                text = f"The state is chaotic all the way to {self.field} = {self.end:g}."
            else:
                status, text = Status.NOT_CONVERGED, Status.NOT_CONVERGED.sentence
            values = (float("nan"), float("nan"), False, float("nan"))
            return ChaosBoundary(self.model, self.field, *values, followed, status, text)
        value, error, amplitude = found
        nearest = self.points[-1][0] if before is None else before[0]
        error = float(np.hypot(error, value - nearest))
        jump = bool(amplitude > CLOSE * followed[0, 1])
        exact = self._rest_unstable(value)
        if exact is not None:
            # while the rest is unstable, the state has nowhere to jump to
            before = (value - exact) * self.away >= 0
            close = abs(exact - value) < max(5 * error, 0.02 * abs(value))
            if before or (close and not jump):
                value, error, amplitude, jump = exact, 0.0, 0.0, False
        message = Status.OK.sentence
        return ChaosBoundary(
            self.model, self.field, value, error, jump, amplitude, followed, Status.OK, message
        )

    def _rest_unstable(self, near: float) -> float | None:
        """Where the state at rest becomes unstable, ρ = 1, close to this value."""
        from scipy.optimize import brentq

        def log_rho(x: float) -> float:
            points = fixed_points(self.model.replace(**{self.field: x}))
            return float(np.log(points.rho[0 if self.model.zero_bias else len(points) - 1]))

        width = abs(self.points[-1][0] - near) + 1e-3 * abs(near)
        low, high = near - width, near + width
        if self.field[0] in "av":
            low = max(low, 0.0)
        if log_rho(low) * log_rho(high) > 0:
            return None
        return float(brentq(log_rho, low, high, xtol=1e-14, rtol=1e-14))


def _end(
    x: np.ndarray, A: np.ndarray, sigma: np.ndarray, degree: int
) -> tuple[float, float, float]:
    """The lowest x of a fit x(A) with errors of A, its standard error, and A there."""
    scale = A.max()
    weight = np.ones_like(x)
    for _ in range(3):  # errors of A count as much as x changes with A
        fit, covariance = _weighted(A / scale, x, weight, degree)
        spread = np.abs(fit.deriv()(A / scale) / scale) * sigma
        if not spread.any():
            break
        weight = 1 / np.maximum(spread, LEAST_SPREAD * spread.max())
    at = _lowest(fit, A.min() / scale)
    row = at ** np.arange(degree + 1)
    error = float(np.sqrt(row @ covariance @ row)) if sigma.any() else 0.0
    return float(fit(at)), error, float(at * scale)


def _weighted(
    A: np.ndarray, y: np.ndarray, weight: np.ndarray, degree: int
) -> tuple[Polynomial, np.ndarray]:
    """Least squares of a polynomial y(A), and the covariance of its coefficients."""
    columns = A[:, None] ** np.arange(degree + 1) * weight[:, None]
    inverse = np.linalg.pinv(columns)
    return Polynomial(inverse @ (y * weight)), inverse @ inverse.T


def _lowest(fit: Polynomial, least: float) -> float:
    """Where a polynomial has its minimum, up to a little above the least argument fitted; or 0."""
    slope, curvature = fit.deriv(), fit.deriv(2)
    roots = np.asarray(slope.roots(), complex)
    real = roots.real[np.abs(roots.imag) < 1e-9]
    inside = [float(z) for z in real if 0 < z < 1.2 * least]
    return max([z for z in inside if float(np.real(curvature(z))) > 0], default=0.0)
