"""The weighted sample of one unit."""

import re

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.unit import Unit

MODEL = rg.GRU(a_h=1)


def test_equal_weights_by_default():
    unit = Unit(MODEL, {"h": np.array([1.0, 2.0, 6.0]), "y": np.zeros(3)})
    np.testing.assert_array_equal(unit.weights, np.full(3, 1 / 3))
    assert len(unit) == 3
    assert unit.expect(lambda u: u["h"]) == pytest.approx(3, rel=1e-15)


def test_weights_are_normalised_and_used():
    unit = Unit(MODEL, {"h": np.array([1.0, 2.0])}, [3, 1])
    assert unit.weights.tolist() == [0.75, 0.25]
    value = unit.expect(lambda u: u["h"] ** 2)
    assert type(value) is float and value == 1.75
    many = unit.expect(lambda u: np.array([u["h"], 10 * u["h"]]))
    np.testing.assert_allclose(many, [1.25, 12.5], rtol=1e-15)
    assert Unit(MODEL, {"h": np.zeros(2)}, [0, 2]).weights.tolist() == [0, 1]


@pytest.mark.parametrize("weights", [[1.0, -0.1], [0.0, 0.0], [np.nan, 1.0]])
def test_bad_weights(weights):
    message = "weights must be non-negative with a positive sum"
    with pytest.raises(ValueError, match=f"^{message}$"):
        Unit(MODEL, {"h": np.zeros(2)}, weights)


def test_fields_of_different_shapes():
    message = "fields must all have the same shape, got {'h': (2,), 'y': (3,)}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Unit(MODEL, {"h": np.zeros(2), "y": np.zeros(3)})


def test_repr():
    unit = Unit(MODEL, {"h": np.zeros(4), "zeta": np.zeros(4)})
    assert repr(unit) == "Unit(h, zeta; 4 samples of GRU(a_h=1))"
    assert unit["zeta"] is unit.fields["zeta"]


def test_rows_keep_their_relative_weights():
    unit = Unit(MODEL, {"h": np.arange(4.0), "zeta": -np.arange(4.0)}, [1, 2, 3, 2])
    few = unit.rows(slice(1, None, 2))
    assert few["h"].tolist() == [1, 3] and few["zeta"].tolist() == [-1, -3]
    assert few.weights.tolist() == [0.5, 0.5] and few.model is MODEL


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_fields_that_are_not_finite(value):
    with pytest.raises(ValueError, match=r"^field 'h' must be finite"):
        Unit(MODEL, {"y": np.zeros(2), "h": np.array([0.0, value])})
