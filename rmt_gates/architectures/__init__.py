"""Architectures: one file each."""

from __future__ import annotations

from inspect import isabstract
from typing import Any

from .base import Architecture
from .gru import GRUResetBefore
from .gru_reset_after import GRUResetAfter
from .lstm import LSTM
from .vanilla import Vanilla

__all__ = [
    "GRU",
    "LSTM",
    "Architecture",
    "GRUResetAfter",
    "GRUResetBefore",
    "Vanilla",
    "model_from_dict",
]

RESETS: dict[str, Any] = {"before": GRUResetBefore, "after": GRUResetAfter}


def GRU(*, reset: str = "before", **parameters: Any) -> GRUResetBefore | GRUResetAfter:
    """Weight statistics of a gated recurrent unit.

    Parameters
    ----------
    a_h, a_z, a_r : gains, (U_k)_ij ~ N(0, a_k²/N); a_h is required.
    b_h, b_z, b_r : means of the biases. v_h, v_z, v_r : their variances over units.
    reset : "before" the matrix, the papers' convention, y = U_h (r⊙h) + b_h; or "after" it, what
        torch.nn.GRU, cuDNN and Keras compute, y = r⊙(U_h h + b_u) + b_h. The same gains give other
        fixed points and another spectrum as soon as a_r matters.
    b_u, v_u : mean and variance of the bias inside the reset product, with reset="after" only.
    activation : "tanh" or "hardtanh".

    Every numerical parameter may be an array (they broadcast) where a function says so.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> rg.GRU(a_h=3, a_z=1, a_r=10)
    GRU(a_h=3, a_z=1, a_r=10)
    >>> rg.GRU(a_h=3, a_z=1, a_r=10, reset="after")
    GRU(a_h=3, a_z=1, a_r=10, reset='after')
    """
    if not isinstance(reset, str) or reset not in RESETS:
        raise ValueError(
            "reset must be 'before' (the papers' convention) or 'after' (torch.nn.GRU, cuDNN, "
            f"Keras), got {reset!r}"
        )
    for name in ("b_u", "v_u"):
        if name in parameters and reset == "before":
            raise TypeError(
                f"{name} is the bias inside the reset product and has no place with "
                "reset='before': use b_h and v_h, or reset='after'"
            )
    if "a_h" not in parameters:
        raise TypeError("a_h is required: the gain of the recurrent matrix, as in rg.GRU(a_h=3)")
    kind = RESETS[reset]
    known = {*kind.numbers(), "activation"}
    unknown = sorted(set(parameters) - known)
    if unknown:
        raise TypeError(f"GRU has no parameter {unknown[0]!r}; it has {', '.join(sorted(known))}")
    return kind(**parameters)


def model_from_dict(parameters: dict[str, Any]) -> Architecture:
    """The record whose ``to_dict()`` gave these parameters, of any architecture imported so far."""
    parameters = dict(parameters)
    name = parameters.pop("architecture")
    for kind in _concrete(Architecture):
        if kind.name == name and all(parameters.get(k) == v for k, v in kind.variant.items()):
            for option in kind.variant:
                parameters.pop(option)
            return kind(**parameters)
    raise ValueError(f"there is no architecture {name!r}: import the module that defines it first")


def _concrete(kind: Any) -> list[Any]:
    """Subclasses that are architectures, the latest definition first, variants before defaults."""
    below = [found for child in reversed(kind.__subclasses__()) for found in _concrete(child)]
    own = [] if isabstract(kind) else [kind]
    return sorted([*own, *below], key=lambda found: not found.variant)
