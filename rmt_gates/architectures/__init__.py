"""Architectures: one file each."""

from __future__ import annotations

from typing import Any

from .base import Architecture
from .gru import GRUResetBefore

__all__ = ["GRU", "Architecture", "GRUResetBefore", "model_from_dict"]


def GRU(*, reset: str = "before", **parameters: Any) -> GRUResetBefore:
    """Weight statistics of a gated recurrent unit.

    Parameters
    ----------
    a_h, a_z, a_r : gains, (U_k)_ij ~ N(0, a_k²/N); a_h is required.
    b_h, b_z, b_r : means of the biases. v_h, v_z, v_r : their variances over units.
    reset : "before" the matrix, the papers' convention, y = U_h (r⊙h) + b_h.
    activation : "tanh" or "hardtanh".

    Every numerical parameter may be an array (they broadcast) where a function says so.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> rg.GRU(a_h=3, a_z=1, a_r=10)
    GRU(a_h=3, a_z=1, a_r=10)
    """
    if reset != "before":
        raise ValueError(f"reset must be 'before' (the papers' convention), got {reset!r}")
    for name in ("b_u", "v_u"):
        if name in parameters:
            raise TypeError(
                f"{name} is the bias inside the reset product and has no place with "
                "reset='before': use b_h and v_h"
            )
    if "a_h" not in parameters:
        raise TypeError("a_h is required: the gain of the recurrent matrix, as in rg.GRU(a_h=3)")
    known = {*GRUResetBefore.numbers(), "activation"}
    unknown = sorted(set(parameters) - known)
    if unknown:
        raise TypeError(f"GRU has no parameter {unknown[0]!r}; it has {', '.join(sorted(known))}")
    return GRUResetBefore(**parameters)


def model_from_dict(parameters: dict[str, Any]) -> Architecture:
    """The record whose ``to_dict()`` gave these parameters."""
    parameters = dict(parameters)
    kinds = {"GRU": GRU}
    return kinds[parameters.pop("architecture")](**parameters)
