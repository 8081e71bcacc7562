"""The record of a steady state, and the states at rest that a kernel can fall into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rmt_gates.gaussian.conditional_moment import ConditionalMoment
from rmt_gates.mean_field.fixed_points import FixedPoint, FixedPoints
from rmt_gates.results import Record, Status
from rmt_gates.unit import Unit


@dataclass(frozen=True, repr=False, eq=False)
class SteadyState(Record):
    """A stationary state of the infinite network.

    Attributes
    ----------
    C_h : (K+1,) autocorrelation E[h_t h_{t+k}] at lags 0…K; one number where it is constant.
    C_h_error : (K+1,) standard errors; 0 for an exact state. Not included: what the window cuts
        off, below rtol · C_h(0). It matters at lags where C_h is as small as that, and close to a
        transition, where it moves C_h(0) itself by as much.
    kind : "zero", "fixed point" or "chaotic"; "unknown" where no state was found.
    converged, status, message : whether, and in words why not.
    static : C_h(∞). moment : the conditional mean over units that the spectrum needs beyond C_h,
        E[(h−φ(y))²|ζ] for a GRU; None where it vanishes.
    replicates : (C_h(0), moment) of the independent replicates behind the errors.
    others : (m−1, K+2) autocorrelations, the limit last, of what else the weights multiply.
    note : a caveat that belongs to the state.
    unit : the unit's joint variables at one time, (h, ζ, ξ, y) for a GRU, from sampled paths.
    """

    model: Any
    C_h: np.ndarray
    C_h_error: np.ndarray
    kind: str
    status: Status
    static: float
    moment: ConditionalMoment | None = None
    replicates: tuple[tuple[float, ConditionalMoment | None], ...] = ()
    seed: int = 0
    note: str = ""
    others: np.ndarray | None = None

    _shown = ("kind", "C_h0", "C_h0_error", "lags", "status")

    @property
    def C_h0(self) -> float:
        """C_h(0) = E[h²]."""
        return float(self.C_h[0])

    @property
    def C_h0_error(self) -> float:
        """Standard error of C_h(0)."""
        return float(self.C_h_error[0])

    @property
    def lags(self) -> int:
        """The largest lag K."""
        return len(self.C_h) - 1

    @property
    def order(self) -> np.ndarray:
        """(m, K+2): C_h at lags 0…K and ∞, then the same of what else the weights multiply."""
        first = np.append(self.C_h, self.static)[None]
        return first if self.others is None else np.concatenate([first, self.others])

    @property
    def converged(self) -> bool:
        """Whether status is OK."""
        return self.status == Status.OK

    @property
    def message(self) -> str:
        """The kind and the status in words."""
        what = {
            "zero": "The attractor is the zero state.",
            "fixed point": "The attractor is a stable fixed point; C_h does not depend on the lag.",
            "chaotic": "The attractor is a time-dependent (chaotic) state.",
        }
        found = what[self.kind] if np.isfinite(self.C_h0) else "No state was found."
        return " ".join(filter(None, (found, self.status.sentence, self.note)))

    @cached_property
    def unit(self) -> Unit:
        """10⁴ samples of the unit's variables, jointly."""
        if self.kind == "unknown":
            raise ValueError(f"the state has no solution to sample units from: {self.message}")
        if self.kind == "chaotic":
            from rmt_gates.mean_field.path_unit import path_unit

            return path_unit(self.model, self.order, self.seed)
        from rmt_gates.mean_field.independent_unit import independent_unit

        return independent_unit(self.model, float(self.C_h[0]))

    @property
    def averages(self) -> dict[str, tuple[float, float]]:
        """One-unit averages by name, each with its standard error."""
        values = self.model.averages(self.C_h0, self.moment)
        if np.isnan(self.C_h0):
            return dict.fromkeys(values, (np.nan, np.nan))
        if len(self.replicates) < 2:
            return {name: (value, 0.0) for name, value in values.items()}
        each = [self.model.averages(C, moment) for C, moment in self.replicates]
        scale = np.sqrt(len(each))
        return {
            name: (value, float(np.std([one[name] for one in each], ddof=1) / scale))
            for name, value in values.items()
        }

    def save(self, path: Any) -> None:
        """Write this state to ``path`` (.npz); `rg.load` reads it back."""
        from rmt_gates.mean_field.storage import save

        save(self, path)

    def to_dataset(self) -> Any:
        """C_h and its error over ``lag``, as an `xarray.Dataset`."""
        import xarray as xr

        dataset = xr.Dataset(
            {"C_h": ("lag", self.C_h), "C_h_error": ("lag", self.C_h_error)},
            coords={"lag": np.arange(len(self.C_h))},
        )
        dataset.attrs.update(model=repr(self.model), kind=self.kind, status=self.message)
        return dataset


def not_found(model: Any, K: int, status: Status) -> SteadyState:
    """NaN at lags 0…K: no state, and why."""
    nothing = np.full(K + 1, np.nan)
    return SteadyState(model, nothing, nothing, "unknown", status, np.nan)


def at_rest(point: FixedPoint) -> SteadyState:
    return SteadyState(
        point.model,
        np.array([point.C_h]),
        np.zeros(1),
        "zero" if point.C_h == 0 else "fixed point",
        Status.OK,
        point.C_h,
    )


def collapse(points: FixedPoints) -> Callable[[np.ndarray], bool]:
    """Whether a kernel has fallen into the basin of a stable fixed point."""
    stable = points.C_h[points.stable]
    positive = points.C_h[points.C_h > 0]

    def fallen(x: np.ndarray) -> bool:
        """Whether the kernel x will not come back."""
        if 0 in stable and len(positive) and x[0] < 0.05 * positive[0]:
            return True
        if 0 in stable and x[0] < 1e-7:
            return True
        rests = stable[stable > 0]
        flat = np.ptp(x) < 1e-3 * x[0]
        return bool(flat and len(rests) and np.min(np.abs(rests / x[0] - 1)) < 1e-2)

    return fallen


def nearest_rest(points: FixedPoints, C: float) -> SteadyState:
    stable = np.flatnonzero(points.stable)
    return at_rest(points[int(stable[np.argmin(np.abs(points.C_h[stable] - C))])])
