"""The plane of two parameters of a model, as a unit square."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmt_gates.architectures.base import Architecture
from rmt_gates.architectures.checks import varied_fields


def plane_axes(model: Any, over: Any) -> dict[str, np.ndarray]:
    """Two fields of a scalar model with their values, checked."""
    if not isinstance(over, Mapping) or len(over) != 2:
        raise ValueError('over must name two fields, such as {"a_h": values, "a_r": values}')
    return varied_fields(model, over)


@dataclass(frozen=True)
class Plane:
    """A model of which two fields vary between ``low`` and ``high`` (2,)."""

    model: Architecture
    fields: tuple[str, str]
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, model: Any, over: Mapping[str, Any]) -> Plane:
        """The plane spanned by the ranges of two fields."""
        axes = plane_axes(model, over)
        low = np.array([values.min() for values in axes.values()])
        high = np.array([values.max() for values in axes.values()])
        for name, a, b in zip(axes, low, high, strict=True):
            if a == b:
                raise ValueError(f"over[{name!r}] must span a range, got {a:g} alone")
        first, second = axes
        return cls(model, (first, second), low, high)

    def coordinates(self, square: np.ndarray) -> np.ndarray:
        """Points (n, 2) of the unit square as values of the two fields."""
        return np.asarray(self.low + (self.high - self.low) * square)

    def models(self, points: np.ndarray) -> Architecture:
        """The models at points (n, ≥2) of the unit square; its sides stand for what is beyond."""
        inside = np.clip(points[:, :2], -1e-4, 1 + 1e-4)
        values = dict(zip(self.fields, self.coordinates(inside).T, strict=True))
        for name, value in values.items():
            if name[0] in "av":
                values[name] = np.maximum(value, 0.0)
        return self.model.unchecked(**values)
