"""Which state it is: where it starts from, and starts that are refused."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.mean_field.state import nearest_rest
from rmt_gates.mean_field.steady_state import SteadyState, collapse, starting_kernel
from rmt_gates.results import Status


def test_coexistence():
    """(1.8, 1, 20): from large the chaotic state lives, from zero nothing starts."""
    model = rg.GRU(a_h=1.8, a_z=1, a_r=20)
    large = rg.steady_state(model, rng=0, rtol=2e-2)
    assert large.kind == "chaotic" and large.converged and 0.04 < large.C_h0 < 0.07
    zero = rg.steady_state(model, start="zero", rng=0)
    assert zero.kind == "zero" and zero.C_h.tolist() == [0.0] == zero.C_h_error.tolist()
    assert zero.static == 0 and zero.moment is None and zero.converged


@pytest.mark.parametrize("start", ["large", "zero"])
@pytest.mark.parametrize("a_z", [0, 1])
def test_where_fixed_points_exist_but_activity_dies(start, a_z):
    """(1.8, 1, 10) and (1.8, 0, 10): two non-zero fixed points, zero from both starts."""
    model = rg.GRU(a_h=1.8, a_z=a_z, a_r=10)
    assert rg.fixed_points(model).count == 3
    state = rg.steady_state(model, start=start, rng=0)
    assert state.kind == "zero" and state.C_h0 == 0 and state.converged


@pytest.mark.parametrize("a_h", [1.8, 1.95])
def test_constant_gates_that_live(a_h):
    state = rg.steady_state(rg.GRU(a_h=a_h, a_r=20))
    assert state.kind == "chaotic" and state.converged and state.C_h0 > 0.04
    assert rg.steady_state(rg.GRU(a_h=a_h, a_r=20), start="zero").kind == "zero"


@pytest.mark.parametrize("gate", [{}, {"a_z": 3}, {"v_z": 1, "b_z": -1}])
def test_a_stable_fixed_point_is_the_state(gate):
    model = rg.GRU(a_h=1, v_h=0.3, b_h=0.2, a_r=1, **gate)
    point = rg.fixed_points(model)[0]
    assert point.stable
    for start in ("large", "zero", [0.5, 0.3, 0.2], [0.4]):
        state = rg.steady_state(model, start=start, rng=0)
        assert state.kind == "fixed point" and state.converged
        assert state.C_h.tolist() == [point.C_h] and state.C_h_error.tolist() == [0]
        assert state.static == point.C_h and state.moment is None and state.lags == 0
    assert state.message == (
        "The attractor is a stable fixed point; C_h does not depend on the lag. "
        + Status.OK.sentence
    )
    np.testing.assert_array_equal(state.unit["y"], point.unit["y"])


def test_starts_of_the_coexistence_region():
    model = rg.GRU(a_h=1.8, a_r=20)
    chaotic = rg.steady_state(model)
    low, high = rg.fixed_points(model).C_h[1:]
    from_state = rg.steady_state(model, start=chaotic)
    np.testing.assert_allclose(from_state.C_h0, chaotic.C_h0, rtol=1e-12)
    assert rg.steady_state(model, start=chaotic.C_h).kind == "chaotic"
    assert rg.steady_state(model, start=[high]).kind == "chaotic"
    assert rg.steady_state(model, start=[0.05 * low]).kind == "zero"
    assert rg.steady_state(model, start=[0.01 * low, 0.0, 0.0]).kind == "zero"
    zero = rg.steady_state(model, start="zero")
    assert rg.steady_state(model, start=zero).kind == "zero"
    # the state of another model is a start like any other
    other = rg.steady_state(model.replace(a_r=25), start=chaotic)
    assert other.kind == "chaotic" and other.C_h0 > chaotic.C_h0


def test_zero_as_a_start_where_it_is_unstable():
    model = rg.GRU(a_h=3, a_r=10)
    exact = rg.steady_state(model).C_h0
    zero = SteadyState(model, np.zeros(1), np.zeros(1), "zero", Status.OK, 0.0)
    for start in ("zero", zero, [1e-3]):
        assert rg.steady_state(model, start=start).C_h0 == pytest.approx(exact, rel=1e-11)


def test_state_of_a_sampled_start(sampled):
    state = sampled("3,1,10")
    again = rg.steady_state(state.model, start=state, rng=5)
    assert again.kind == "chaotic"
    assert abs(again.C_h0 - state.C_h0) < 4 * np.hypot(again.C_h0_error, state.C_h0_error)


@pytest.mark.parametrize(
    "start, message",
    [
        ("small", "start must be 'large', 'zero', a SteadyState or a kernel, got 'small'"),
        ([[0.3]], "start must be 'large', 'zero', a SteadyState or a finite 1-D kernel"),
        ([], "start must be 'large', 'zero', a SteadyState or a finite 1-D kernel"),
        (0.3, "start must be 'large', 'zero', a SteadyState or a finite 1-D kernel"),
        ([0.3, np.nan], "start must be 'large', 'zero', a SteadyState or a finite 1-D kernel"),
        (["a"], "start must be 'large', 'zero', a SteadyState or a finite 1-D kernel"),
        ({}, "start must be 'large', 'zero', a SteadyState or a finite 1-D kernel"),
        ([0.0, 0.0], "start, as a kernel, needs 0 < C_h(0) ≤ 1 and |C_h(k)| ≤ C_h(0)"),
        ([1.1, 0.0], "start, as a kernel, needs 0 < C_h(0) ≤ 1 and |C_h(k)| ≤ C_h(0)"),
        ([0.3, 0.31], "start, as a kernel, needs 0 < C_h(0) ≤ 1 and |C_h(k)| ≤ C_h(0)"),
        ([0.3, -0.31], "start, as a kernel, needs 0 < C_h(0) ≤ 1 and |C_h(k)| ≤ C_h(0)"),
    ],
    ids=str,
)
def test_bad_starts(start, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        rg.steady_state(rg.GRU(a_h=3, a_z=1), start=start)


def test_a_state_that_was_not_found_is_no_start():
    model, nothing = rg.GRU(a_h=3), np.full(3, np.nan)
    lost = SteadyState(model, nothing, nothing, "chaotic", Status.WINDOW_TOO_SHORT, np.nan)
    with pytest.raises(ValueError, match=r"^start is a state that was not found: No state was f"):
        rg.steady_state(model, start=lost)


def test_fixed_points_as_starts():
    """An unstable one is a decaying kernel of its size, the nearest of another model's too."""
    model = rg.GRU(a_h=1.8, a_r=20)
    points = rg.fixed_points(model)
    assert points.count == 3 and points.stable.tolist() == [True, False, False]
    for i in (1, 2):
        for start in (points[i], rg.fixed_points(model.replace(a_h=1.8001))[i]):
            kernel, static, attractor = starting_kernel(model, start, points)
            assert kernel[0] == points.C_h[i] and static == 0 and attractor is None
    assert starting_kernel(model, points[0], points)[2].C_h == 0


def test_starting_kernels():
    model = rg.GRU(a_h=1.8, a_r=20)
    points = rg.fixed_points(model)
    kernel, static, attractor = starting_kernel(model, "large", points)
    assert attractor is None and static == 0 and kernel[0] == points.C_h[-1]
    np.testing.assert_allclose(kernel[1:] / kernel[:-1], np.exp(-1 / 12), rtol=1e-12)
    assert len(kernel) == 65
    assert starting_kernel(model, "zero", points)[2].C_h == 0
    # a slow leak decays more slowly, in a window that holds five of its memories
    slow = starting_kernel(model.replace(b_z=3), "large", points)[0]
    memory = 4 * (1 + np.exp(3)) + 4
    np.testing.assert_allclose(slow[1] / slow[0], np.exp(-1 / memory), rtol=1e-12)
    assert len(slow) == 513 and 256 < 5 * memory < 512
    # from an unstable zero the state above it is looked for
    model = rg.GRU(a_h=3, a_r=20)
    points = rg.fixed_points(model)
    assert starting_kernel(model, "zero", points)[0][0] == points.C_h[-1]
    # a kernel is taken as it is; with bias its last value is the limit
    kernel, static, _ = starting_kernel(model, [0.4, 0.3, 0.1], points)
    assert kernel.tolist() == [0.4, 0.3, 0.1] and static == 0
    for bias in ({"v_h": 0.1}, {"b_h": 0.1}):
        other = model.replace(**bias)
        assert starting_kernel(other, [0.4, 0.3, 0.1], rg.fixed_points(other))[1] == 0.1


def test_collapse():
    coexisting = collapse(rg.fixed_points(rg.GRU(a_h=1.8, a_r=20)))
    low = rg.fixed_points(rg.GRU(a_h=1.8, a_r=20)).C_h[1]
    assert coexisting(np.array([0.049 * low, 0.0])) and not coexisting(np.array([0.051 * low, 0.0]))
    alone = collapse(rg.fixed_points(rg.GRU(a_h=1.5)))
    assert alone(np.array([0.9e-7, 0.0])) and not alone(np.array([1.1e-7, 0.0]))
    unstable = collapse(rg.fixed_points(rg.GRU(a_h=3)))
    assert not unstable(np.array([1e-9, 0.0]))
    model = rg.GRU(a_h=1, v_h=0.3)
    rest = rg.fixed_points(model)[0].C_h
    biased = collapse(rg.fixed_points(model))
    assert biased(rest * np.array([1.0, 0.9995])) and biased(rest * 1.009 * np.ones(3))
    assert not biased(rest * np.array([1.0, 0.998])) and not biased(rest * 1.011 * np.ones(3))


def test_the_nearest_stable_fixed_point():
    class Points:
        C_h, stable = np.array([0.0, 0.1, 0.4, 0.9]), np.array([True, False, True, True])

        def __getitem__(self, i):
            return SimpleNamespace(model=rg.GRU(a_h=1), C_h=float(self.C_h[i]))

    for C, rest, kind in (
        (0.12, 0.0, "zero"),
        (0.3, 0.4, "fixed point"),
        (0.7, 0.9, "fixed point"),
    ):
        state = nearest_rest(Points(), C)
        assert (state.C_h0, state.static, state.kind, state.C_h0_error) == (rest, rest, kind, 0)
        assert state.converged and state.lags == 0


@pytest.mark.parametrize("model", [rg.Vanilla(a_h=1), rg.GRU(a_h=2), rg.LSTM(a_h=2)], ids=repr)
def test_at_the_onset_zero_is_the_state(model):
    assert not rg.fixed_points(model)[0].stable  # ρ = 1
    state = rg.steady_state(model)
    assert state.kind == "zero" and state.converged and state.C_h0 == 0
