"""Validation of parameter records: every message, field by field."""

import re

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.architectures import GRUResetBefore
from rmt_gates.architectures.parameters import clean

GAINS, MEANS, VARIANCES = ("a_h", "a_z", "a_r"), ("b_h", "b_z", "b_r"), ("v_h", "v_z", "v_r")
NUMBERS = (*GAINS, *MEANS, *VARIANCES)


def refused(kind, message, **parameters):
    parameters = {"a_h": 1.0, **parameters}
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        rg.GRU(**parameters)


@pytest.mark.parametrize("name", NUMBERS)
class TestEveryField:
    def test_numbers_of_every_kind_become_floats(self, name):
        for value in (2, 2.0, np.float32(2), np.int64(2), np.array(2), np.array(2.0)):
            got = getattr(rg.GRU(**{"a_h": 1.0, name: value}), name)
            assert type(got) is float and got == 2.0

    def test_arrays_become_read_only_copies(self, name):
        given = np.array([1, 2])
        got = getattr(rg.GRU(**{"a_h": 1.0, name: given}), name)
        assert got.dtype == float and got.tolist() == [1, 2]
        with pytest.raises(ValueError, match="read-only"):
            got[0] = 5
        given[0] = 7
        assert got[0] == 1
        assert getattr(rg.GRU(**{"a_h": 1.0, name: [[1], [2]]}), name).shape == (2, 1)
        assert getattr(rg.GRU(**{"a_h": 1.0, name: (1, 2.5)}), name).tolist() == [1, 2.5]

    @pytest.mark.parametrize(
        "value, shown",
        [
            ("3", "str '3'"),
            (True, "bool True"),
            (np.bool_(False), "bool np.False_"),
            (None, "NoneType None"),
            (1j, "complex 1j"),
            ({}, "dict {}"),
        ],
        ids=str,
    )
    def test_not_a_number(self, name, value, shown):
        refused(
            TypeError,
            f"{name} must be a real number or an array of real numbers, got {shown}",
            **{name: value},
        )

    @pytest.mark.parametrize(
        "value, dtype",
        [
            ([1j, 2], "complex128"),
            ([True, False], "bool"),
            (["a", "b"], "<U1"),
            ([None, 1.0], "object"),
            (np.array([1], "datetime64[s]"), "datetime64[s]"),
        ],
        ids=str,
    )
    def test_arrays_of_other_things(self, name, value, dtype):
        refused(
            TypeError,
            f"{name} must be a real number or an array of real numbers, got dtype {dtype}",
            **{name: value},
        )

    def test_ragged(self, name):
        refused(
            TypeError,
            f"{name} must be a rectangular array of real numbers, got [[1, 2], [3]]",
            **{name: [[1, 2], [3]]},
        )

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_not_finite(self, name, value):
        refused(ValueError, f"{name} must be finite, got {value}", **{name: value})
        refused(ValueError, f"{name} must be finite, got {value}", **{name: [1.0, value, np.nan]})


@pytest.mark.parametrize("name", [*GAINS, *VARIANCES])
def test_negative(name):
    why = {
        "a": "a gain, the standard deviation of the weights times sqrt(N), cannot be negative",
        "v": "a variance of a bias cannot be negative",
    }[name[0]]
    refused(ValueError, f"{name} must be >= 0, got -0.5: {why}", **{name: -0.5})
    refused(ValueError, f"{name} must be >= 0, got -2.0: {why}", **{name: [1.0, -2.0, -3.0]})
    assert getattr(rg.GRU(**{"a_h": 1.0, name: 0}), name) == 0


@pytest.mark.parametrize("name", MEANS)
def test_means_may_be_negative(name):
    assert getattr(rg.GRU(**{"a_h": 1.0, name: -2.5}), name) == -2.5


@pytest.mark.parametrize("name", NUMBERS)
def test_largest_values(name):
    limit, shown = {"a": (1e6, "1e+06"), "b": (50.0, "50"), "v": (1e12, "1e+12")}[name[0]]
    step = "beyond, a gate or an activation is a step to the last digit"
    shut = "beyond, a gate is open or shut, an activation saturated to the last digit"
    reason = shut if name in MEANS else step
    above = np.nextafter(limit, np.inf)
    assert getattr(rg.GRU(**{"a_h": 1.0, name: limit}), name) == limit
    for value in (above, [0.0, above, 3 * limit]):
        message = f"{name} must lie within ±{shown}, got {shown}: {reason}"
        refused(ValueError, message, **{name: value})
    if name in MEANS:
        assert getattr(rg.GRU(a_h=1.0, **{name: -limit}), name) == -limit
        message = f"{name} must lie within ±50, got -51: {reason}"
        refused(ValueError, message, **{name: [1.0, -51.0]})


def test_a_name_of_another_kind_is_only_checked_for_being_finite():
    assert clean("x", -1e300) == -1e300


def test_shapes_that_do_not_broadcast():
    refused(
        ValueError,
        "array fields must broadcast together, got shapes a_h (3,), b_r (2,)",
        a_h=[1, 2, 3],
        b_r=[1, 2],
    )
    assert rg.GRU(a_h=[1, 2, 3], b_r=[[1], [2]]).shape == (2, 3)
    assert rg.GRU(a_h=1).shape == ()
    assert rg.GRU(a_h=[1.0]).shape == (1,)


def test_a_h_is_required():
    message = "a_h is required: the gain of the recurrent matrix, as in rg.GRU(a_h=3)"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        rg.GRU(a_z=1)


def test_unknown_names():
    known = "a_h, a_r, a_z, activation, b_h, b_r, b_z, v_h, v_r, v_z"
    refused(TypeError, f"GRU has no parameter 'a_x'; it has {known}", a_x=1, zz=2)
    for kind in (rg.GRU, GRUResetBefore):
        with pytest.raises(TypeError, match="positional argument"):
            kind(3)


@pytest.mark.parametrize("name", ["b_u", "v_u"])
def test_the_bias_inside_the_reset_product_needs_reset_after(name):
    refused(
        TypeError,
        f"{name} is the bias inside the reset product and has no place with "
        "reset='before': use b_h and v_h, or reset='after'",
        **{name: 0.0},
    )


def test_reset():
    assert rg.GRU(a_h=1, reset="before") == rg.GRU(a_h=1)
    after = rg.GRU(a_h=1, reset="after", b_u=0.2)
    assert after != rg.GRU(a_h=1) and type(after) is not type(rg.GRU(a_h=1))
    assert repr(after) == "GRU(a_h=1, b_u=0.2, reset='after')"
    assert after.to_dict()["reset"] == "after"
    for reset in ("Before", None, ["after"]):
        refused(
            ValueError,
            "reset must be 'before' (the papers' convention) or 'after' (torch.nn.GRU, cuDNN, "
            f"Keras), got {reset!r}",
            reset=reset,
        )


def test_activation():
    assert rg.GRU(a_h=1).activation == "tanh"
    assert rg.GRU(a_h=1, activation="hardtanh").phi.name == "hardtanh"
    refused(ValueError, "activation must be 'tanh' or 'hardtanh', not 'relu'", activation="relu")


def test_no_numbers_and_numbers_beyond_all_floats():
    refused(ValueError, "v_z must not be an empty array", v_z=[])
    refused(ValueError, "b_h must be finite, got a number beyond 1e308", b_h=10**400)


def test_masked_arrays_are_refused():
    masked = np.ma.masked_array([1.0, 2.0], [False, True])
    with pytest.raises(TypeError, match=r"^a_h is a masked array, whose mask has no meaning here"):
        rg.GRU(a_h=masked)
