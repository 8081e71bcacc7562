"""Statuses carry their sentence; records have a short repr and cannot be unpacked."""

from dataclasses import dataclass

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.results import Record, Status, short


def test_codes_are_stable():
    """They are written into files."""
    assert {s.name: int(s) for s in Status} == {
        "OK": 0,
        "ABSENT": 1,
        "NOT_CONVERGED": 2,
        "TIME_LIMIT": 3,
        "WINDOW_TOO_SHORT": 4,
        "SAMPLE_LIMIT": 5,
        "FAILED": 6,
        "MISSING": 7,
    }
    assert rg.Status is Status and Status(2) is Status.NOT_CONVERGED
    assert Status.OK == 0 and not Status.OK and Status.ABSENT > Status.OK


@pytest.mark.parametrize(
    "status, sentence",
    [
        (Status.OK, "Solved to the requested accuracy."),
        (
            Status.ABSENT,
            "There is no such root: the model has fewer fixed points than this axis is long.",
        ),
        (
            Status.NOT_CONVERGED,
            "The iteration did not settle within its limit of rounds; the model may be close to a "
            "transition: change rtol, or move the parameters.",
        ),
        (
            Status.TIME_LIMIT,
            "Stopped at max_seconds before the requested rtol was reached; "
            "any error given is the one reached: raise max_seconds or rtol.",
        ),
        (
            Status.WINDOW_TOO_SHORT,
            "The autocorrelation has not decayed inside the longest window tried; this model "
            "remembers for longer: lower the gain or the bias of the gate that keeps its state.",
        ),
    ],
)
def test_sentences(status, sentence):
    assert status.sentence == sentence


@pytest.mark.parametrize(
    "value, shown",
    [
        (1 / 3, "0.333333"),
        (np.float64(12345678.0), "1.23457e+07"),
        (Status.ABSENT, "ABSENT"),
        (np.array([1 / 3, 2.0]), "[0.333333, 2.      ]"),
        (np.arange(6.0), "[0., 1., 2., 3., 4., 5.]"),
        (np.zeros(7), "<7 array>"),
        (np.zeros((2, 5)), "<2×5 array>"),
        ("chaotic", "'chaotic'"),
        (3, "3"),
    ],
    ids=str,
)
def test_short(value, shown):
    assert short(value) == shown


@dataclass(frozen=True, repr=False)
class Full(Record):
    x: float
    name: str


@dataclass(frozen=True, repr=False)
class Chosen(Full):
    _shown = ("double", "x")

    @property
    def double(self):
        return 2 * self.x


def test_record():
    assert repr(Full(0.5, "a")) == "Full(x=0.5, name='a')"
    assert repr(Chosen(0.5, "a")) == "Chosen(double=1, x=0.5)"
    with pytest.raises(TypeError, match="cannot unpack non-iterable"):
        _, _ = Full(0.5, "a")
