"""The record of a steady state, from made-up numbers."""

from types import SimpleNamespace

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.gaussian.conditional_moment import ConditionalMoment
from rmt_gates.mean_field.state import SteadyState, collapse, not_found
from rmt_gates.results import Status

MODEL = rg.GRU(a_h=3, a_z=2, a_r=1)


def moment(value):
    return ConditionalMoment(0.0, 1.6, np.array([value, 0.1]))


def record(**changes):
    fields = {
        "C_h": np.array([0.4, 0.2, 0.1]),
        "C_h_error": np.array([0.01, 0.02, 0.03]),
        "kind": "chaotic",
        "status": Status.OK,
        "static": 0.05,
    }
    return SteadyState(MODEL, **{**fields, **changes})


def test_order_parameters():
    state = record()
    assert (state.C_h0, state.C_h0_error, state.lags, state.seed) == (0.4, 0.01, 2, 0)
    np.testing.assert_array_equal(state.order, [[0.4, 0.2, 0.1, 0.05]])
    others = np.array([[0.3, 0.1, 0.0, 0.0]])
    both = record(others=others).order
    np.testing.assert_array_equal(both, [[0.4, 0.2, 0.1, 0.05], [0.3, 0.1, 0.0, 0.0]])


def test_averages_and_what_replicates_say_of_them():
    pairs = ((0.39, moment(0.2)), (0.42, moment(0.3)), (0.41, moment(0.22)))
    averages = record(moment=moment(0.25), replicates=pairs).averages
    exact = MODEL.averages(0.4, moment(0.25))
    assert {name: value for name, (value, _) in averages.items()} == exact
    assert averages["E[(h−φ)²]"] == (0.25, pytest.approx(np.std([0.2, 0.3, 0.22], ddof=1) / 3**0.5))
    reset = [MODEL.averages(C)["C_r(0)"] for C, _ in pairs]
    assert averages["C_r(0)"][1] == pytest.approx(np.std(reset, ddof=1) / 3**0.5, rel=1e-12)
    two = record(moment=moment(0.25), replicates=pairs[:2]).averages
    assert two["C_h(0)"] == (0.4, pytest.approx(0.015, rel=1e-12))
    for replicates in ((), pairs[:1]):
        alone = record(moment=moment(0.25), replicates=replicates).averages
        assert alone == {name: (value, 0.0) for name, value in exact.items()}


def test_messages():
    chaotic = "The attractor is a time-dependent (chaotic) state. "
    assert record().message == chaotic + Status.OK.sentence
    assert record(note="But.").message == f"{chaotic}{Status.OK.sentence} But."
    limit = Status.TIME_LIMIT
    state = not_found(record().model, 2, limit)
    assert state.kind == "unknown" and np.isnan(state.C_h).all() and state.lags == 2
    assert list(state.averages) == list(record().averages)
    assert all(np.isnan(v) and np.isnan(e) for v, e in state.averages.values())
    with pytest.raises(ValueError, match="the state has no solution to sample units from: No"):
        _ = state.unit
    assert state.message == f"No state was found. {limit.sentence}" and not state.converged


def test_lags_are_the_coordinate_of_a_dataset():
    dataset = record().to_dataset()
    assert dataset.C_h_error.dims == ("lag",)
    assert list(dataset.coords) == ["lag"] and float(dataset.C_h.sel(lag=2)) == 0.1


def test_the_unit_follows_from_the_kind():
    rest = record(kind="fixed point", C_h=np.array([0.4]), C_h_error=np.zeros(1)).unit
    assert len(rest) == 1 << 14
    np.testing.assert_array_equal(rest["h"], np.tanh(rest["y"]))


def test_the_basin_of_zero_begins_far_below_the_lowest_fixed_point():
    points = rg.fixed_points(rg.GRU(a_h=1.8, a_z=1, a_r=20))
    fallen, lowest = collapse(points), float(points.C_h[1])
    assert points.stable[0] and lowest > 0
    shape = np.exp(-np.arange(5.0))
    assert fallen(0.049 * lowest * shape) and not fallen(0.051 * lowest * shape)


def test_falling_into_a_stable_rest():
    """A kernel that is flat, and at a stable value; others pass through it and go on."""
    points = SimpleNamespace(C_h=np.array([0.0, 0.1, 0.4]), stable=np.array([False, True, False]))
    fallen = collapse(points)
    flat = 0.1 * np.array([1.0, 0.9992, 0.9995])
    assert fallen(flat) and fallen(1.0095 * flat) and fallen(0.9905 * flat)
    assert not fallen(1.0105 * flat) and not fallen(0.9895 * flat) and not fallen(4 * flat)
    assert not fallen(0.1 * np.array([1.0, 0.9985, 1.0])) and not fallen(1e-9 * flat)


def test_falling_into_zero():
    """Below 1e-7 where zero is stable and alone."""
    fallen = collapse(SimpleNamespace(C_h=np.array([0.0]), stable=np.array([True])))
    assert fallen(np.array([0.9e-7, 0.0])) and not fallen(np.array([1.1e-7, 0.0]))
    unstable = collapse(SimpleNamespace(C_h=np.array([0.0]), stable=np.array([False])))
    assert not unstable(np.array([0.9e-7, 0.0]))


def test_the_dataset_of_a_state():
    """The kernel over its lags, and what it is of."""
    dataset = record().to_dataset()
    assert dataset.C_h.values.tolist() == [0.4, 0.2, 0.1] and dataset.lag.values.tolist() == [
        0,
        1,
        2,
    ]
    assert dataset.C_h_error.values.tolist() == [0.01, 0.02, 0.03]
    assert dataset.attrs == {"model": repr(MODEL), "kind": "chaotic", "status": record().message}
    nothing = not_found(MODEL, 2, Status.TIME_LIMIT)
    assert np.isnan(nothing.C_h_error).all() and np.isnan(nothing.static)


@pytest.mark.parametrize(
    "model", [rg.Vanilla(a_h=1), rg.GRU(a_h=2), rg.GRU(a_h=2, reset="after"), rg.LSTM(a_h=2)]
)
def test_a_marginal_point_says_so(model):
    zero = rg.fixed_points(model)[0]
    assert zero.C_h == 0 and zero.message.startswith(rg.Status.OK.sentence + " It is marginal, ρ")
    below = rg.fixed_points(model.replace(a_h=0.999 * model.a_h))[0]
    assert below.message == rg.Status.OK.sentence
