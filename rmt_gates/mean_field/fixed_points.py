"""All mean-field fixed points of a model, for one parameter point or arrays of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rmt_gates.architectures.base import Architecture
from rmt_gates.architectures.checks import require_model
from rmt_gates.mean_field.independent_unit import independent_unit
from rmt_gates.mean_field.level_roots import crossings, monotone_knots, solve_crossings
from rmt_gates.mean_field.rest_spectrum import rest_radius, rest_rho
from rmt_gates.results import Record, Status
from rmt_gates.unit import Unit

GRID_STEP = 0.2  # in log u; H varies on the scale of one e-fold
CHUNK = 200_000  # grid points held at once
MARGINAL = 2e-14  # ten times the rounding of ρ, measured against closed forms
MARGINAL_NOTE = "It is marginal, ρ = 1: its linear stability decides nothing."


@dataclass(frozen=True, repr=False, eq=False)
class FixedPoint(Record):
    """One mean-field fixed point: the state of a network at rest, h = φ(y).

    Attributes
    ----------
    C_h : E[h²]. ``rho`` : ρ of (19). ``stable`` : ρ < 1, by more than rounding.
    ``spectral_radius`` : N = ∞ radius of the Jacobian. ``residual`` : |F(C_h) − C_h| of (10) by
    direct quadrature. ``unit`` : the unit's variables (independent at a fixed point) as a
    scrambled Sobol sample of 2¹⁴.
    """

    model: Any
    C_h: float
    rho: float
    stable: bool
    status: Status = Status.OK

    _shown = ("C_h", "rho", "stable", "status")

    kind = "fixed point"
    moment = None  # h = φ(y): E[(h−φ)²|ζ] vanishes

    @property
    def message(self) -> str:
        """The status in words, and whether the point is marginal."""
        marginal = abs(self.rho - 1) <= MARGINAL and self.status == Status.OK
        return f"{self.status.sentence} {MARGINAL_NOTE}" if marginal else self.status.sentence

    @cached_property
    def residual(self) -> float:
        """|F(C_h) − C_h|."""
        return float(abs(self.model.fixed_point_map(self.C_h) - self.C_h))

    @cached_property
    def spectral_radius(self) -> float:
        """Radius of the Jacobian's support at N = ∞; 1 for a stable point with gate variance."""
        return float(rest_radius(self.model, np.array([self.C_h]), np.array([self.rho]))[0])

    @cached_property
    def unit(self) -> Unit:
        """The unit's variables, jointly."""
        return independent_unit(self.model, self.C_h)

    @property
    def averages(self) -> dict[str, tuple[float, float]]:
        """One-unit averages by name, each with its standard error, 0."""
        return {name: (v, 0.0) for name, v in self.model.averages(self.C_h).items()}

    def save(self, path: Any) -> None:
        """Write this state to ``path`` (.npz); `rg.load` reads it back."""
        from rmt_gates.mean_field.storage import save

        save(self, path)


@dataclass(frozen=True, repr=False, eq=False)
class FixedPoints(Record):
    """All fixed points, ascending in C_h along the last axis.

    Attributes
    ----------
    C_h, rho, spectral_radius, residual : (*batch, n) floats, NaN where there is no such root.
    stable : (*batch, n) bool. status : (*batch, n) `Status` values. count : (*batch,) int.
    """

    model: Any
    C_h: np.ndarray
    rho: np.ndarray
    stable: np.ndarray
    status: np.ndarray

    _shown = ("C_h", "rho", "stable")

    @property
    def count(self) -> Any:
        """Number of fixed points."""
        count = np.sum(self.status != Status.ABSENT, axis=-1)
        return count if np.ndim(count) else int(count)

    @property
    def message(self) -> Any:
        """The statuses in words: an array of sentences."""
        return np.vectorize(lambda s: Status(s).sentence, otypes=[object])(self.status)

    @cached_property
    def residual(self) -> np.ndarray:
        """|F(C_h) − C_h| of (10), by direct quadrature."""
        return self._per_root(lambda model, C, _rho: np.abs(model.fixed_point_map(C) - C))

    @cached_property
    def spectral_radius(self) -> np.ndarray:
        """Radius of the Jacobian's support at N = ∞ of each fixed point."""
        return self._per_root(rest_radius)

    def _per_root(self, function: Any) -> np.ndarray:
        present = np.isfinite(self.C_h)
        result = np.full(self.C_h.shape, np.nan)
        if present.any():
            index = np.nonzero(present)
            model = _rows(self.model, self.C_h.shape[:-1], index[:-1])
            result[present] = function(model, self.C_h[present], self.rho[present])
        return result

    def _require_scalar(self) -> None:
        if self.model.shape:
            raise TypeError(
                "these fixed points belong to a model with array fields: "
                "index the arrays .C_h, .rho, … instead"
            )

    def __len__(self) -> int:
        self._require_scalar()
        return int(self.count)

    def __getitem__(self, i: int) -> FixedPoint:
        self._require_scalar()
        if not isinstance(i, int | np.integer):
            raise TypeError(f"index one fixed point by an integer, got {i!r}")
        if not -len(self) <= i < len(self):
            raise IndexError(f"there are {len(self)} fixed points, and none with index {i}")
        i = range(len(self))[i]  # the absent ones beyond do not count
        return FixedPoint(
            self.model,
            float(self.C_h[i]),
            float(self.rho[i]),
            bool(self.stable[i]),
            Status(int(self.status[i])),
        )

    def __iter__(self) -> Iterator[FixedPoint]:
        raise TypeError("a FixedPoints record cannot be unpacked: use [i] and len()")

    def to_dataset(self) -> Any:
        """The arrays as an `xarray.Dataset` with a last dimension ``root``."""
        import xarray as xr

        dims = (*(f"dim_{i}" for i in range(self.C_h.ndim - 1)), "root")
        names = ("C_h", "rho", "spectral_radius", "stable", "residual", "status")
        dataset = xr.Dataset({n: (dims, getattr(self, n)) for n in names})
        dataset.attrs["model"] = repr(self.model)
        return dataset


def fixed_points(model: Architecture, max_roots: int | None = None) -> FixedPoints:
    """All mean-field fixed points of ``model``, every branch, ascending in C_h.

    Solves (10) of Can, Krishnamurthy & Schwab (2020), C_h = E[φ(y)²], for general biases. The
    zero solution is listed whenever b_h = v_h = 0. The equation is rewritten as level crossings of
    an explicit function, cut into monotone pieces, so that no root is missed next to a fold or a
    cusp (THEORY.md §5.2).

    Parameters
    ----------
    model : parameter record; its fields may be arrays that broadcast.
    max_roots : length of the last axis of the results (default: the largest number found); a
        model with more roots than that is an error, none is dropped silently.

    Returns
    -------
    FixedPoints : ``.C_h .rho .spectral_radius .stable .residual .status .message .count``; for a
        scalar model, ``len()`` and ``[i]`` -> `FixedPoint`.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> points = rg.fixed_points(rg.GRU(a_h=1.8, a_r=10))
    >>> points.C_h
    array([0.        , 0.02220177, 0.12386354])
    >>> points[2].stable
    False
    """
    require_model(model)
    whole = isinstance(max_roots, int | np.integer) and not isinstance(max_roots, bool)
    if max_roots is not None and not (whole and max_roots >= 1):
        raise ValueError(f"max_roots must be a positive integer or None, got {max_roots!r}")
    shape = model.shape
    size = int(np.prod(shape))
    flat = _rows(model, shape, np.unravel_index(np.arange(size), shape) if shape else ())
    owner, C, converged = _nonzero_roots(flat, size)
    zero = np.flatnonzero(np.broadcast_to(flat.zero_bias, (size,)))
    owner = np.concatenate([zero, owner])
    C = np.concatenate([np.zeros(len(zero)), C])
    converged = np.concatenate([np.ones(len(zero), bool), converged])
    order = np.lexsort((C, owner))
    owner, C, converged = owner[order], C[order], converged[order]
    rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
    most = int(rank.max(initial=0)) + 1
    if max_roots is not None and most > max_roots:
        raise ValueError(f"max_roots={max_roots} is too small: one model has {most} fixed points")
    n = int(max_roots or most)
    status = np.full((size, n), int(Status.ABSENT))
    status[owner, rank] = np.where(converged, Status.OK, Status.NOT_CONVERGED)
    rho = rest_rho(_rows(flat, (size,), (owner,)), C) if len(owner) else np.empty(0)
    table = {}
    for name, values in (("C_h", C), ("rho", rho)):
        table[name] = np.full((size, n), np.nan)
        table[name][owner, rank] = np.where(converged, values, np.nan)
    arrays = {k: v.reshape(*shape, n) for k, v in table.items()}
    stable = is_stable(arrays["rho"])
    return FixedPoints(model, **arrays, stable=stable, status=status.reshape(*shape, n))


def is_stable(rho: np.ndarray) -> np.ndarray:
    """ρ < 1 by more than rounding: where the exact ρ is 1 no state is stable."""
    return rho < 1 - MARGINAL


def _column(model: Architecture, name: str, size: int) -> np.ndarray:
    return np.broadcast_to(np.asarray(getattr(model, name), float), (size,))


def _rows(model: Architecture, shape: tuple[int, ...], index: tuple[Any, ...]) -> Architecture:
    """The model restricted to points of its batch, array fields as 1-D arrays."""
    if not index:
        return model
    arrays = {
        n: np.broadcast_to(getattr(model, n), shape)[index]
        for n in model.numbers()
        if np.ndim(getattr(model, n))
    }
    return model.replace(**arrays)


def _nonzero_roots(model: Architecture, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(owner, C_h, converged) of every non-zero fixed point.

    Models that differ in the level alone (a_h, say) share the work on H.
    """
    parameter = model.level_parameter
    if parameter is None:
        value, target = None, np.zeros(size)
    else:
        value = _column(model, parameter, size)
        target = 2 * np.log(np.maximum(value, 1e-100))
    names = [n for n in model.numbers() if n != parameter and np.ndim(getattr(model, n))]
    if names:
        table = np.stack([_column(model, n, size) for n in names], axis=1)
        groups, member = np.unique(table, axis=0, return_inverse=True)
        member = member.reshape(-1)
    else:
        groups, member = np.empty((1, 0)), np.zeros(size, int)
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    order = np.argsort(member, kind="stable")
    first = np.searchsorted(member[order], np.arange(len(groups) + 1))
    start = 0
    while start < len(groups):
        stop = min(len(groups), start + max(1, CHUNK // 250))
        models = order[first[start] : first[stop]]
        row = member[models] - start
        fields = {n: groups[start:stop, i] for i, n in enumerate(names)}
        if parameter is not None and value is not None:
            largest = np.zeros(stop - start)
            np.maximum.at(largest, row, value[models])
            fields[parameter] = largest
        batch = model.replace(**fields)
        found += _level_roots(batch, stop - start, models, row, target[models])
        start = stop
    owner, C, converged = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return owner, C, converged


def _level_roots(
    batch: Architecture, groups: int, models: np.ndarray, row: np.ndarray, target: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Roots of H(t) = target for the models of one batch of groups, in chunks of models."""

    def column(value: Any) -> np.ndarray:
        return np.broadcast_to(np.asarray(value, float), (groups,))

    fields_at = {
        n: column(getattr(batch, n)) for n in batch.numbers() if np.ndim(getattr(batch, n))
    }

    def level(t: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return batch.unchecked(**{n: v[rows] for n, v in fields_at.items()}).fixed_point_level(t)

    def function(t: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return level(t, rows)[:2]

    low, high = map(column, batch.level_bounds())
    high = np.maximum(high + 1e-9, low + 1.0)
    steps = int(np.ceil((high - low).max() / GRID_STEP)) + 1
    dense = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, steps)
    bias = ~np.broadcast_to(np.asarray(batch.zero_bias), (groups,))
    # below `low` H is monotone: log u + const with a bias, linear in u without
    lowest = np.where(bias, -690.0, low - 25.0)
    knots = monotone_knots(function, np.concatenate([lowest[:, None], dense], axis=1))
    found = []
    per_chunk = max(1, 10 * CHUNK // knots.t.shape[1])
    for i in range(0, len(models), per_chunk):
        part = slice(i, i + per_chunk)
        which, piece = crossings(knots, row[part], target[part])
        rows, goal = row[part][which], target[part][which]
        t, converged = solve_crossings(function, knots, rows, piece, goal)
        found.append((models[part][which], level(t, rows)[2], converged))
    return found
