"""One effective unit: the joint random variables from which every spectral quantity follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from rmt_gates.architectures.base import Architecture


@dataclass(frozen=True, repr=False)
class Unit:
    """A weighted sample of the random variables of one unit, jointly at one time.

    Parameters
    ----------
    model : the architecture record the sample belongs to.
    fields : name -> (n,) array. For the GRU: ``h`` (the state *before* the step), ``zeta``,
        ``xi``, ``y`` (the arguments of the update gate, the reset gate and φ).
    weights : (n,) non-negative, normalised to sum 1; equal weights if omitted.

    A mean-field state has one (`state.unit`), and so has a real network
    (`network.unit(h)`, one row a unit), so that every spectral function works on both.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> unit = rg.fixed_points(rg.GRU(a_h=3, a_z=1, a_r=2))[-1].unit
    >>> round(unit.expect(lambda u: u["h"] ** 2), 2)
    0.43
    """

    model: Architecture
    fields: Mapping[str, Any]
    weights: Any = None

    def __post_init__(self) -> None:
        sizes = {name: np.shape(value) for name, value in self.fields.items()}
        if len(set(sizes.values())) != 1:
            raise ValueError(f"fields must all have the same shape, got {sizes}")
        for name, value in self.fields.items():
            if not np.all(np.isfinite(value)):
                raise ValueError(f"field {name!r} must be finite: it holds NaN or infinity")
        if self.weights is None:
            n = next(iter(sizes.values()))[-1]
            object.__setattr__(self, "weights", np.full(n, 1.0 / n))
        else:
            weights = np.asarray(self.weights, dtype=float)
            if weights.shape != next(iter(sizes.values()))[-1:]:
                raise ValueError(
                    f"weights must have one entry for each sample, got shape {weights.shape}"
                )
            if weights.min() < 0 or not weights.sum() > 0:
                raise ValueError("weights must be non-negative with a positive sum")
            object.__setattr__(self, "weights", weights / weights.sum())

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def carry(self) -> Any:
        """What the unit carries from step to step: h, or the tuple (c, h)."""
        carried = tuple(self[name] for name in self.model.carried)
        return carried if len(carried) > 1 else carried[0]

    @property
    def inputs(self) -> dict[str, Any]:
        """The Gaussian inputs by name: all fields that are not carried."""
        return {name: v for name, v in self.fields.items() if name not in self.model.carried}

    def __repr__(self) -> str:
        return f"Unit({', '.join(self.fields)}; {len(self)} samples of {self.model!r})"

    def rows(self, rows: slice) -> Unit:
        """The unit of some rows of the sample."""
        fields = {name: values[rows] for name, values in self.fields.items()}
        return Unit(self.model, fields, self.weights[rows])

    def expect(self, f: Callable[[Unit], Any]) -> Any:
        """The weighted mean of ``f(unit)``, an array whose last axis runs over the sample."""
        values = np.asarray(f(self))
        mean = values @ self.weights
        return mean if np.ndim(mean) else mean.item()

    def averages(self) -> dict[str, float]:
        """The one-unit averages that theory and simulation are compared through, by name."""
        return self.model.sample_averages(self)
