"""The parameter record: repr, equality, hash, replace, frozen, and its way through a dict."""

import dataclasses
import json
import re

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.architectures import Architecture, GRUResetBefore, model_from_dict
from rmt_gates.architectures.checks import require_scalar

NAMES = ("a_h", "a_z", "a_r", "b_h", "b_z", "b_r", "v_h", "v_z", "v_r")


def test_defaults_are_zero_bias_and_no_gates():
    model = rg.GRU(a_h=2)
    assert isinstance(model, GRUResetBefore) and isinstance(model, Architecture)
    assert [getattr(model, n) for n in NAMES] == [2] + 8 * [0]
    assert type(model).numbers() == NAMES
    assert (model.name, model.matrices, model.carriers) == ("GRU", ("h", "r", "z"), (0,))


def test_each_parameter_lands_in_its_field():
    values = {name: float(i + 1) for i, name in enumerate(NAMES)}
    model = rg.GRU(**values)
    assert {n: getattr(model, n) for n in NAMES} == values


def test_repr_shows_what_is_not_default():
    assert repr(rg.GRU(a_h=3, a_z=1, a_r=10)) == "GRU(a_h=3, a_z=1, a_r=10)"
    assert repr(rg.GRU(a_h=0, v_z=0.5)) == "GRU(a_h=0, v_z=0.5)"
    assert repr(rg.GRU(a_h=1 / 3)) == "GRU(a_h=0.333333333333)"
    assert repr(rg.GRU(a_h=2, activation="hardtanh")) == "GRU(a_h=2, activation='hardtanh')"
    arrays = rg.GRU(a_h=np.ones((2, 1)), b_z=np.zeros(3))
    assert repr(arrays) == "GRU(a_h=<2×1 array>, b_z=<3 array>)"


def test_repr_can_be_evaluated():
    model = rg.GRU(a_h=1.25, b_r=-3, v_h=0.5, activation="hardtanh")
    assert eval(repr(model), {"GRU": rg.GRU}) == model


@pytest.mark.parametrize("name", NAMES)
def test_equality_and_hash_see_every_field(name):
    model = rg.GRU(**dict.fromkeys(NAMES, 1.0))
    assert model == rg.GRU(**dict.fromkeys(NAMES, 1))
    assert hash(model) == hash(rg.GRU(**dict.fromkeys(NAMES, 1)))
    other = model.replace(**{name: 1.5})
    assert model != other and hash(model) != hash(other)
    assert model != model.replace(**{name: [1.0]})


def test_equality_of_arrays_and_of_strangers():
    model = rg.GRU(a_h=[1, 2], b_h=0.5)
    assert model == rg.GRU(a_h=(1.0, 2.0), b_h=0.5)
    assert hash(model) == hash(rg.GRU(a_h=np.array([1.0, 2.0]), b_h=0.5))
    assert model != rg.GRU(a_h=[1, 3], b_h=0.5)
    assert hash(model) != hash(rg.GRU(a_h=[1, 3], b_h=0.5))
    assert rg.GRU(a_h=1) != rg.GRU(a_h=1, activation="hardtanh")
    assert rg.GRU(a_h=1) != "GRU(a_h=1)"
    assert rg.GRU(a_h=1).__eq__(1) is NotImplemented
    assert len({rg.GRU(a_h=1), rg.GRU(a_h=1), rg.GRU(a_h=2)}) == 2


def test_frozen():
    model = rg.GRU(a_h=1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.a_h = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del model.a_h


def test_replace():
    model = rg.GRU(a_h=1, v_z=2)
    changed = model.replace(a_h=3, activation="hardtanh")
    assert changed == rg.GRU(a_h=3, v_z=2, activation="hardtanh") and model.a_h == 1
    assert model.replace() == model
    with pytest.raises(ValueError, match=r"^a_z must be >= 0, got -1\.0"):
        model.replace(a_z=-1)
    known = "a_h, a_z, a_r, b_h, b_z, b_r, v_h, v_z, v_r, activation"
    with pytest.raises(TypeError, match=f"^GRU has no field 'a_f'; its fields are {known}$"):
        model.replace(a_x=3, a_f=2)


def test_through_json_and_back():
    model = rg.GRU(a_h=1.1, a_z=2, b_r=-0.3, v_h=0.7, activation="hardtanh")
    parameters = model.to_dict()
    assert list(parameters) == ["architecture", *NAMES, "activation"]
    assert parameters["architecture"] == "GRU" and parameters["a_h"] == 1.1
    kept = dict(parameters)
    assert model_from_dict(json.loads(json.dumps(parameters))) == model
    model_from_dict(parameters)
    assert parameters == kept


def test_gains_follow_the_order_of_the_matrices():
    model = rg.GRU(a_h=1, a_r=2, a_z=3)
    assert model.gains().tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "changes, constant",
    [
        ({}, True),
        ({"a_z": 0.1}, False),
        ({"v_z": 0.1}, False),
        ({"b_z": 1.0}, True),
    ],
    ids=str,
)
def test_constant_gate(changes, constant):
    model = rg.GRU(a_h=1, a_r=3, v_r=1, **changes)
    exact = 1 / (1 + np.exp(-model.b_z)) if constant else None
    assert model.constant_gate == exact


def test_unit_of_a_model():
    model = rg.GRU(a_h=1)
    inputs = {"zeta": np.zeros(2), "xi": np.ones(2), "y": np.ones(2)}
    unit = model.unit(inputs, np.array([0.5, 0.25]), [1.0, 3.0])
    assert unit.model is model and unit["h"].tolist() == [0.5, 0.25]
    assert unit.weights.tolist() == [0.25, 0.75] and list(unit.fields) == ["h", "zeta", "xi", "y"]


def test_require_scalar():
    assert require_scalar(rg.GRU(a_h=1), "f") is None
    with pytest.raises(TypeError, match=r"^f needs a model such as rg.GRU\(a_h=3\), got int$"):
        require_scalar(3, "f")
    one = re.escape("g takes one model, but b_z is an array: call it once for each point")
    with pytest.raises(ValueError, match=f"^{one}$"):
        require_scalar(rg.GRU(a_h=1, b_z=[0.0]), "g")
    two = re.escape("g takes one model, but a_h, v_r are arrays: call it once for each point")
    with pytest.raises(ValueError, match=f"^{two}$"):
        require_scalar(rg.GRU(a_h=[1, 2], v_r=[0.0, 1]), "g")
