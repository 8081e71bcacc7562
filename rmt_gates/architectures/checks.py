"""What functions of a parameter record refuse, each in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rmt_gates.architectures.base import Architecture


def require_model(model: Any) -> None:
    """Refuse what is no parameter record."""
    if not isinstance(model, Architecture):
        raise TypeError(
            f"model must be a parameter record such as rg.GRU(a_h=3), got {type(model).__name__}"
        )


def varied_fields(model: Any, over: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The 1-D values that fields of a scalar model are to take, checked."""
    require_model(model)
    if model.shape:
        raise ValueError("model must have scalar fields: the values that vary come from over")
    found = {}
    for name, values in over.items():
        if name not in model.numbers():
            known = ", ".join(model.numbers())
            raise ValueError(f"over names {name!r}, which is no field of this model: {known}")
        found[name] = getattr(model.replace(**{name: values}), name)
        if np.ndim(found[name]) != 1:
            raise ValueError(f"over[{name!r}] must be one-dimensional, such as [1.0, 2.0]")
    return found


def require_scalar(model: Architecture, function: str) -> None:
    """Refuse a model with array fields where only one parameter point makes sense."""
    if not isinstance(model, Architecture):
        raise TypeError(
            f"{function} needs a model such as rg.GRU(a_h=3), got {type(model).__name__}"
        )
    if model.shape:
        arrays = [n for n in model.numbers() if np.ndim(getattr(model, n))]
        raise ValueError(
            f"{function} takes one model, but {', '.join(arrays)} "
            f"{'is an array' if len(arrays) == 1 else 'are arrays'}: call it once for each point"
        )
