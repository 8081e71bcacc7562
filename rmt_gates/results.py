"""Status codes and what all result records share: a short repr, saving, loading."""

from __future__ import annotations

from dataclasses import fields
from enum import IntEnum
from typing import Any

import numpy as np


class Status(IntEnum):
    """Why a number is, or is not, an answer. `Status.OK` is 0; `.sentence` says it in words."""

    sentence: str

    def __new__(cls, value: int, sentence: str = "") -> Status:
        member = int.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    OK = 0, "Solved to the requested accuracy."
    ABSENT = 1, "There is no such root: the model has fewer fixed points than this axis is long."
    NOT_CONVERGED = (
        2,
        "The iteration did not settle within its limit of rounds; "
        "the model may be close to a transition: change rtol, or move the parameters.",
    )
    TIME_LIMIT = (
        3,
        "Stopped at max_seconds before the requested rtol was reached; "
        "any error given is the one reached: raise max_seconds or rtol.",
    )
    SAMPLE_LIMIT = (
        5,
        "The requested rtol is beyond the largest sample this solver draws; "
        "the error given is the one reached: raise rtol.",
    )
    WINDOW_TOO_SHORT = (
        4,
        "The autocorrelation has not decayed inside the longest window tried; "
        "this model remembers for longer: "
        "lower the gain or the bias of the gate that keeps its state.",
    )
    FAILED = 6, "The function raised an exception at this point."
    MISSING = 7, "Not computed yet: run the same scan on the same store again."


def short(value: Any) -> str:
    """A value as it should stand in a one-line repr."""
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if isinstance(value, Status):
        return value.name
    if isinstance(value, np.ndarray):
        if value.size > 6:
            return f"<{'×'.join(map(str, value.shape))} array>"
        return np.array2string(value, precision=6, separator=", ")
    return repr(value)


class Record:
    """Base of result records: frozen dataclasses with a short repr; they cannot be unpacked."""

    _shown: tuple[str, ...] = ()

    def __repr__(self) -> str:
        names = self._shown or tuple(f.name for f in fields(self))  # type: ignore[arg-type]
        inside = ", ".join(f"{name}={short(getattr(self, name))}" for name in names)
        return f"{type(self).__name__}({inside})"
