"""The state the infinite network settles into: numbers, error bar, branch, record."""

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

import rmt_gates as rg
from rmt_gates.gaussian import SIGMOID_SQUARED, TANH, dphi_squared, expect
from rmt_gates.mean_field import sampled_state as module
from rmt_gates.results import Status


def averages(state):
    """(C_h(0), C_h(1), E[(h−φ)²], E[φ'²], C_r(0)) and their standard errors."""
    model = state.model
    C = state.C_h0
    moments = np.array([moment.coefficients[0] for _, moment in state.replicates])

    def of_C(f, C):
        return f(C)

    slope = lambda C: expect(dphi_squared(TANH), model.b_h, model.input_variance(C))
    reset = lambda C: expect(SIGMOID_SQUARED, model.b_r, model.a_r**2 * C + model.v_r)
    e = state.C_h0_error
    values = [C, state.C_h[1], moments.mean(), slope(C), reset(C)]
    errors = [
        e,
        state.C_h_error[1],
        moments.std(ddof=1) / np.sqrt(len(moments)),
        abs(slope(C + e) - slope(C)),
        abs(reset(C + e) - reset(C)),
    ]
    assert state.moment.coefficients[0] == pytest.approx(moments.mean(), rel=1e-12)
    return np.array(values), np.array(errors)


# C_h(0), C_h(1), E[(h−φ)²], E[φ'²], C_r(0) from two solvers and from networks, with the error of
# the last digit; C_r(0) has none printed: half a unit, and what C_h(0)'s error makes of it
TABLE = {
    "3,1,10": [(0.3501, 2e-4), (0.3249, 3e-4), (0.2032, 2e-4), (0.4097, 1e-4), (0.4355, 1e-4)],
    "3,10,10": [(0.3955, 3e-4), (0.3345, 3e-4), (0.3635, 5e-4), (0.3882, 1e-4), (0.4390, 1e-4)],
    "3,1,1": [(0.3399, 7e-4), (0.3362, 7e-4), (0.0350, 3e-4), (0.5001, 4e-4), (0.2683, 1e-4)],
}


@pytest.mark.parametrize("name", TABLE)
def test_table_of_the_theory(name, sampled):
    state = sampled(name)
    assert state.kind == "chaotic" and state.converged and state.status is Status.OK
    values, errors = averages(state)
    table, table_errors = np.array(TABLE[name]).T
    assert np.all(np.abs(values - table) <= 3 * np.hypot(errors, table_errors))
    assert state.C_h0_error <= 1.5e-3 * state.C_h0
    assert np.all(errors < 0.012 * values)


@pytest.mark.parametrize("name", [*TABLE, "biased"])
def test_never_above_the_largest_fixed_point(name, sampled, biased):
    """THEORY.md §2.2: C_h(0) ≤ F(C_h(0)), hence below the largest root."""
    state = biased if name == "biased" else sampled(name)
    assert state.C_h0 < state.model.fixed_point_map(state.C_h0)
    assert state.C_h0 < rg.fixed_points(state.model)[-1].C_h
    assert np.all(np.abs(state.C_h) <= state.C_h0)


def test_biased_state(biased):
    """C_h(∞) is the limit of the kernel, and of the sampled replicates."""
    assert biased.converged and biased.static > 0.1
    tail = biased.C_h[-8:]
    assert np.abs(tail - biased.static).max() < 6e-3 * (biased.C_h0 - biased.static) + 1e-3
    # the process itself, run forward with the kernel it claims
    unit = biased.unit
    assert abs(unit.expect(lambda u: u["h"] ** 2) - biased.C_h0) < 0.02


def test_a_weak_gate_is_the_exact_constant_gate():
    exact = rg.steady_state(rg.GRU(a_h=3, a_r=10, b_z=-0.5))
    weak = rg.steady_state(rg.GRU(a_h=3, a_r=10, b_z=-0.5, a_z=1e-3), rng=1, rtol=1e-4)
    assert weak.kind == "chaotic" and weak.converged and weak.C_h0_error < 1e-5
    np.testing.assert_allclose(weak.C_h[:20], exact.C_h[:20], atol=1e-5)
    np.testing.assert_allclose(weak.moment.coefficients[0], exact.moment.coefficients[0], rtol=1e-4)


def test_error_bar_is_honest():
    """The spread over independent seeds is what each seed reports, within chi-square's bounds."""
    model = rg.GRU(a_h=3, a_z=2, a_r=10)
    states = [rg.steady_state(model, rng=seed, rtol=1e-2) for seed in range(10)]
    for lag in (0, 1, 5):
        C = np.array([s.C_h[lag] for s in states])
        reported = np.sqrt(np.mean([s.C_h_error[lag] ** 2 for s in states]))
        ratio = C.var(ddof=1) / reported**2
        low, high = chi2.ppf([1e-3, 1 - 1e-3], 9) / 9
        # the reported variances have 7 degrees of freedom each: a little wider
        assert low / 1.6 < ratio < 1.6 * high
    # and the seeds agree with a far better answer
    fine = rg.steady_state(model, rng=99, rtol=2e-3)
    mean, error = np.mean([s.C_h0 for s in states]), fine.C_h0_error
    assert abs(mean - fine.C_h0) < 4 * np.hypot(reported_mean(states), error)


def test_error_bar_is_honest_near_a_transition():
    """In the coexistence region the root is soft: what stops the iteration is amplified."""
    model = rg.GRU(a_h=1.8, a_z=1, a_r=20)
    states = [rg.steady_state(model, rng=seed) for seed in range(4)]
    fine = [rg.steady_state(model, rng=100 + seed, rtol=5e-4) for seed in range(2)]
    exact = np.mean([s.C_h0 for s in fine])
    error = np.hypot([s.C_h0_error for s in states], reported_mean(fine))
    z = (np.array([s.C_h0 for s in states]) - exact) / error
    assert np.all(np.abs(z) < 5) and abs(z.mean()) < 2


def reported_mean(states):
    return np.sqrt(np.sum([s.C_h0_error**2 for s in states])) / len(states)


def test_rtol_bounds_the_error():
    model = rg.GRU(a_h=3, a_z=10, a_r=10)
    coarse, fine = (rg.steady_state(model, rng=3, rtol=r) for r in (2e-2, 3e-3))
    assert coarse.C_h0_error <= 2e-2 * coarse.C_h0 and fine.C_h0_error <= 3e-3 * fine.C_h0
    assert abs(fine.C_h0 - coarse.C_h0) < 4 * np.hypot(fine.C_h0_error, coarse.C_h0_error)


def test_same_seed_same_result():
    model = rg.GRU(a_h=3, a_z=1, a_r=10)
    a, b, c = (rg.steady_state(model, rng=seed, rtol=2e-2) for seed in (7, 7, 8))
    np.testing.assert_array_equal(a.C_h, b.C_h)
    assert a.seed == b.seed and a.moment.coefficients.tolist() == b.moment.coefficients.tolist()
    assert not np.array_equal(a.C_h, c.C_h) and a.seed != c.seed
    generator = rg.steady_state(model, rng=np.random.default_rng(7), rtol=2e-2)
    np.testing.assert_array_equal(generator.C_h, a.C_h)


def test_replicates_are_behind_the_error(sampled):
    state = sampled("3,1,10")
    C = np.array([c for c, _ in state.replicates])
    assert len(C) == module.REPLICATES == 8 and len(np.unique(C)) == 8
    assert state.C_h0 == pytest.approx(C.mean(), rel=1e-13)
    assert state.C_h0_error == pytest.approx(C.std(ddof=1) / np.sqrt(8), rel=1e-9)
    for c, moment in state.replicates:
        assert moment.mean == 0 and moment.variance == pytest.approx(c, rel=1e-13)
    assert state.moment.variance == pytest.approx(state.C_h0, rel=1e-13)


# -- limits -------------------------------------------------------------------------------------
def test_out_of_time(monkeypatch):
    """What was reached, marked as not converged, with its error."""

    class Deadline:  # whatever the machine's speed: over while the first replicates are solved
        asked = 0

        def __init__(self, seconds):
            assert seconds == 0.2

        @property
        def passed(self):
            self.asked += 1
            return self.asked > 40

    monkeypatch.setattr(module, "Deadline", Deadline)
    model = rg.GRU(a_h=3, a_z=10, a_r=10)
    state = rg.steady_state(model, rng=0, rtol=1e-5, max_seconds=0.2)
    assert state.status is Status.TIME_LIMIT and not state.converged
    assert 0 < state.C_h0_error < 0.05 and state.C_h0_error > 1e-5 * state.C_h0
    assert 2 <= len(state.replicates) <= 8
    assert abs(state.C_h0 - 0.3955) < 5 * state.C_h0_error + 2e-3
    assert Status.TIME_LIMIT.sentence in state.message


def test_out_of_time_but_good_enough():
    state = rg.steady_state(rg.GRU(a_h=3, a_z=1, a_r=10), rng=0, rtol=0.5, max_seconds=1e-9)
    assert state.converged and state.C_h0_error < 0.5 * state.C_h0


def test_time_enough(sampled):
    state = rg.steady_state(rg.GRU(a_h=3, a_z=1, a_r=10), rng=0, rtol=1.5e-3, max_seconds=1e9)
    np.testing.assert_array_equal(state.C_h, sampled("3,1,10").C_h)


def test_a_window_that_is_too_short_is_noticed(monkeypatch):
    """(3, 3, 1) remembers for about a hundred steps: 64 will not do."""
    monkeypatch.setattr(module, "LONGEST_WINDOW", 64)
    state = rg.steady_state(rg.GRU(a_h=3, a_z=3, a_r=1), rng=0, rtol=2e-2)
    assert state.status is Status.WINDOW_TOO_SHORT and not state.converged and state.lags == 64
    assert Status.WINDOW_TOO_SHORT.sentence in state.message


def test_a_window_that_is_too_short_is_extended():
    state = rg.steady_state(rg.GRU(a_h=3, a_z=3, a_r=1), rng=0, rtol=2e-2)
    assert state.converged and state.lags >= 128
    assert abs(state.C_h[-1]) < 0.05 * state.C_h0


def test_time_limit_holds_while_the_window_is_too_short(monkeypatch):
    """Once the time is up two replicates are enough to return with."""
    made = []

    class Counted(module.SampledKernelMap):
        def __init__(self, *args):
            made.append(args)
            super().__init__(*args)

    monkeypatch.setattr(module, "SampledKernelMap", Counted)
    monkeypatch.setattr(module, "LONGEST_WINDOW", 64)
    monkeypatch.setattr(module, "MAX_PATHS", 300)
    model = rg.GRU(a_h=3, a_z=3, a_r=1)
    state = rg.steady_state(model, rng=0, rtol=1e-4, max_seconds=1e-9)
    assert state.status is Status.WINDOW_TOO_SHORT and np.isnan(state.C_h0)
    assert len(made) <= 3


def test_too_few_paths_are_said(monkeypatch):
    monkeypatch.setattr(module, "MAX_PATHS", 300)
    state = rg.steady_state(rg.GRU(a_h=3, a_z=1, a_r=10), rng=0, rtol=1e-4)
    assert state.status is Status.SAMPLE_LIMIT and not state.converged
    assert np.isfinite(state.C_h0) and state.C_h0_error > 1e-4 * state.C_h0


def test_replicates_that_do_not_settle_are_said(monkeypatch):
    monkeypatch.setattr(module, "ROUNDS", 2)
    state = rg.steady_state(rg.GRU(a_h=3, a_z=1, a_r=10), rng=0, rtol=1e-2)
    assert state.status is Status.NOT_CONVERGED


@pytest.mark.slow
def test_memory_of_a_thousand_steps():
    """(3, 10, 1): C_h(0) = 0.352(5), and about 0.26 at lag 200, 0.17 at lag 500."""
    state = rg.steady_state(rg.GRU(a_h=3, a_z=10, a_r=1), rng=0, rtol=5e-2, max_seconds=60)
    assert state.lags >= 2048 and state.C_h0_error < 0.03
    assert abs(state.C_h0 - 0.352) < 3 * np.hypot(state.C_h0_error, 0.005)
    for lag, value in ((200, 0.26), (500, 0.17)):
        assert abs(state.C_h[lag] - value) < 3 * state.C_h_error[lag] + 0.03
    if state.converged:
        assert state.C_h0_error <= 5e-2 * state.C_h0


@pytest.mark.parametrize("rtol", [0, 1, -0.1, 1.5, "a", None, np.nan])
def test_bad_rtol(rtol):
    message = f"rtol must lie between 0 and 1, got {rtol!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        rg.steady_state(rg.GRU(a_h=3), rtol=rtol)


@pytest.mark.parametrize("seconds", [0, -1.0, np.nan])
def test_bad_max_seconds(seconds):
    message = f"max_seconds must be positive or None, got {seconds!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        rg.steady_state(rg.GRU(a_h=3), max_seconds=seconds)


def test_one_model_only():
    message = "steady_state takes one model, but a_r is an array: call it once for each point"
    with pytest.raises(ValueError, match=f"^{message}$"):
        rg.steady_state(rg.GRU(a_h=3, a_r=[1, 2]))
    with pytest.raises(TypeError, match=r"^steady_state needs a model such as rg.GRU\(a_h=3\)"):
        rg.steady_state("gru")


# -- the record ---------------------------------------------------------------------------------
def test_record(sampled):
    state = sampled("3,1,1")
    assert state.C_h.shape == state.C_h_error.shape == (state.lags + 1,)
    assert state.C_h0 == state.C_h[0] and state.C_h0_error == state.C_h_error[0] > 0
    assert type(state.C_h0) is type(state.C_h0_error) is float
    shown = f"C_h0={state.C_h0:.6g}, C_h0_error={state.C_h0_error:.6g}, lags={state.lags}"
    assert repr(state) == f"SteadyState(kind='chaotic', {shown}, status=OK)"
    assert state.message == (
        "The attractor is a time-dependent (chaotic) state. " + Status.OK.sentence
    )
    assert state.unit is state.unit and state.unit.model == state.model
    with pytest.raises(dataclasses.FrozenInstanceError):
        state.kind = "zero"
    with pytest.raises(TypeError, match="cannot unpack"):
        _, _ = state
    zero = rg.steady_state(rg.GRU(a_h=1, b_z=0.5, a_z=2))
    assert zero.message == "The attractor is the zero state. " + Status.OK.sentence
    assert not zero.unit["h"].any() and np.all(zero.unit["zeta"] == 0.5)


def test_to_dataset(sampled):
    state = sampled("3,1,10")
    dataset = state.to_dataset()
    np.testing.assert_array_equal(dataset.C_h, state.C_h)
    np.testing.assert_array_equal(dataset.C_h_error, state.C_h_error)
    np.testing.assert_array_equal(dataset.lag, np.arange(state.lags + 1))
    assert dataset.attrs == {
        "model": "GRU(a_h=3, a_z=1, a_r=10)",
        "kind": "chaotic",
        "status": state.message,
    }


@given(
    st.floats(2.2, 6.0),
    st.floats(0, 20.0),
    st.floats(-1, 1),
    st.one_of(st.just(0.0), st.floats(0.01, 1)),
)
@settings(max_examples=6)
def test_bounds_of_the_exact_state(a_h, a_r, b_z, v_h):
    """0 < C_h(0) < its fixed point < 1 and |C_h(k)| ≤ C_h(0), for any constant gate."""
    model = rg.GRU(a_h=a_h, a_r=a_r, b_z=b_z, v_h=v_h)
    state = rg.steady_state(model)
    top = rg.fixed_points(model)[-1]
    assert state.converged
    assert 0 < state.C_h0 <= top.C_h * (1 + 1e-12) < 1
    assert (state.kind == "fixed point") == top.stable
    assert np.all(np.abs(state.C_h) <= state.C_h0) and state.static >= 0


def test_averages_carry_their_errors(sampled):
    state = sampled("3,10,10")
    values, errors = averages(state)
    got = state.averages
    assert list(got) == ["C_h(0)", "E[φ'²]", "C_r(0)", "E[(h−φ)²]"]
    for name, i in (("C_h(0)", 0), ("E[φ'²]", 3), ("C_r(0)", 4), ("E[(h−φ)²]", 2)):
        assert got[name][0] == pytest.approx(values[i], rel=1e-11)
        assert got[name][1] == pytest.approx(errors[i], rel=0.15)
    point = rg.fixed_points(rg.GRU(a_h=3, a_r=2))[1]
    exact = rg.steady_state(rg.GRU(a_h=3, a_r=2))
    for state, moment in ((point, 0.0), (exact, exact.moment(0.0))):
        assert state.averages["C_h(0)"] == (np.ravel(state.C_h)[0], 0.0)
        assert state.averages["E[(h−φ)²]"] == (pytest.approx(moment), 0.0)
        assert all(error == 0 for _, error in state.averages.values())


def test_a_solve_is_not_finished_after_its_time(monkeypatch):
    """Once two replicates are there, the third is left in the middle."""
    calls = {"rounds": 0}
    original = module.SampledKernelMap.__call__

    def counted(self, order):
        calls["rounds"] += 1
        return original(self, order)

    class Deadline:
        replicates = 0

        def __init__(self, seconds):
            pass

        @property
        def passed(self):  # while the third replicate is being solved
            return Deadline.replicates >= 2 and calls["rounds"] >= Deadline.begun + 2

    moment = module.SampledKernelMap.moment

    def finished(self, order):
        Deadline.replicates += 1
        Deadline.begun = calls["rounds"]
        return moment(self, order)

    monkeypatch.setattr(module.SampledKernelMap, "__call__", counted)
    monkeypatch.setattr(module.SampledKernelMap, "moment", finished)
    monkeypatch.setattr(module, "Deadline", Deadline)
    state = rg.steady_state(rg.GRU(a_h=3, a_z=1, a_r=10), rng=0, rtol=1e-5, max_seconds=1)
    assert len(state.replicates) == 2 and state.status is Status.TIME_LIMIT
    assert calls["rounds"] == Deadline.begun + 2
