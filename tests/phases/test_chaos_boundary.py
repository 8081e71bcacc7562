"""Where chaos ends: jumps, and transitions that are continuous; networks from both starts."""

import numpy as np
import pytest
from numpy.polynomial import Polynomial

import rmt_gates as rg
from rmt_gates.phases.chaos_boundary import _end, _lowest
from rmt_gates.results import Status


def test_a_jump():
    """Beside the stable zero, far from the fold of the fixed points."""
    end = rg.chaos_boundary(rg.GRU(a_h=1.8, a_r=18), "a_r", toward=14)
    assert end.status == Status.OK and end.jump
    # by bisection of steady states, to where they no longer settle: 16.0319358(4)
    assert end.value == pytest.approx(16.031936, abs=3e-5) and 0 < end.error < 1e-4
    assert end.amplitude == pytest.approx(0.0304, abs=3e-4)
    assert rg.critical_reset_gain(1.8) < 9
    x, A, error = end.followed.T
    assert (np.diff(x) < 0).all() and (np.diff(A) < 0).all() and not error.any()


@pytest.mark.parametrize(
    ("model", "field", "value"),
    [
        (rg.Vanilla(a_h=1.5), "a_h", 1.0),
        (rg.GRU(a_h=3, a_r=2, b_r=0.5), "a_h", 1 + np.exp(-0.5)),
    ],
)
def test_a_continuous_end(model, field, value):
    """Where zero becomes stable."""
    end = rg.chaos_boundary(model, field)
    assert not end.jump and end.amplitude == 0
    assert end.value == pytest.approx(value, rel=1e-9)


def test_with_a_bias_it_ends_where_the_fixed_point_becomes_stable():
    """ρ = 1; upwards as well."""
    end = rg.chaos_boundary(rg.Vanilla(a_h=2, v_h=0.1), "v_h", toward=5.0)
    point = rg.fixed_points(rg.Vanilla(a_h=2, v_h=end.value))[-1]
    assert point.rho == pytest.approx(1, abs=1e-9) and end.value > 0.1 and not end.jump


def test_no_end():
    """Chaotic all the way."""
    end = rg.chaos_boundary(rg.Vanilla(a_h=2), "a_h", toward=1.9)
    assert end.status == Status.ABSENT and np.isnan(end.value)
    assert end.message == "The state is chaotic all the way to a_h = 1.9."


def test_networks_from_both_starts():
    """N = 1000, a_r* = 16.03: beyond, activity stays and a small start dies; before, both die.

    Close to the boundary activity is a metastable state of a finite network: at a_r = 20 three of
    four die within 400 steps, and of N = 3000 none.
    """
    model = rg.GRU(a_h=1.8, a_r=40)
    active = rg.sample_network(model, 1000, batch=4, rng=1).run(100, rng=3).h
    small = 1e-2 * np.random.default_rng(2).normal(size=active.shape)
    for a_r, stays in ((26.0, True), (12.0, False)):
        one = model.replace(a_r=a_r)
        network = rg.sample_network(one, 1000, batch=4, rng=1)  # the same weights, scaled
        for start, expected in ((active, stays), (small, False)):
            squares = np.mean(np.asarray(network.run(300, h=start).h) ** 2, axis=-1)
            if expected:
                assert (squares > 5e-3).all()
                assert np.mean(squares) == pytest.approx(rg.steady_state(one).C_h0, rel=0.5)
            else:
                assert (squares < 1e-4).all()


@pytest.mark.parametrize(
    ("model", "field", "toward", "words"),
    [
        (3, "a_h", 0.0, "needs a model such as"),
        (rg.GRU(a_h=[1, 2]), "a_h", 0.0, "takes one model"),
        (rg.GRU(a_h=3), "a_q", 0.0, "field must be one of"),
        (rg.GRU(a_h=3), "a_h", 3.0, "toward must differ"),
        (rg.GRU(a_h=3), "a_h", -1.0, "a_h must be >= 0"),
        (rg.GRU(a_h=1), "a_h", 0.0, "must have a chaotic steady state, and this one's is zero"),
    ],
)
def test_bad_input(model, field, toward, words):
    with pytest.raises((TypeError, ValueError), match=words):
        rg.chaos_boundary(model, field, toward=toward)


def test_the_error_of_the_end_is_that_of_the_amplitudes():
    """Of a known parabola x(A), 400 times with errors of A: the spread is the error given."""
    rng = np.random.default_rng(0)
    A = np.array([0.09, 0.07, 0.055, 0.045, 0.04])
    sigma = np.array([2e-4, 2e-4, 2e-4, 3e-4, 3e-4])
    x = 3 + 50 * (A - 0.03) ** 2
    assert _end(x, A, 0 * A, 2) == pytest.approx((3, 0, 0.03), abs=1e-9)
    ends = np.array([_end(x, A + sigma * rng.normal(size=5), sigma, 2) for _ in range(400)])
    assert np.std(ends[:, 0]) == pytest.approx(np.median(ends[:, 1]), rel=0.2)
    assert np.mean(ends[:, 0]) == pytest.approx(3, abs=4 * np.std(ends[:, 0]) / 20 + 1e-4)
    slope = _end(1 + 2 * A, A, sigma, 2)  # no minimum: the end is at A = 0
    assert slope[2] == 0 and slope[0] == pytest.approx(1, abs=1e-9)


def test_a_minimum_far_above_the_states_counts_not():
    """The state has its end below, or a little above, the least amplitude that was met."""
    A = Polynomial([0, 1])
    for centre, found in ((0.5, 0.5), (1.1, 1.1), (1.3, 0.0), (-0.5, 0.0)):
        assert _lowest((A - centre) ** 2, 1.0) == pytest.approx(found)
    # of a cubic's two extrema the minimum
    assert _lowest((A - 0.2) ** 2 * (A + 1), 1.0) == pytest.approx(0.2)
    assert _lowest(-((A - 0.5) ** 2), 1.0) == 0.0


def test_an_amplitude_that_falls_late_is_no_jump():
    """Of hard-tanh it falls so slowly towards a_h = 1 that its fit has an end above; but there
    the rest is still unstable."""
    end = rg.chaos_boundary(rg.Vanilla(a_h=1.5, activation="hardtanh"), "a_h")
    assert end.value == pytest.approx(1, abs=1e-12) and not end.jump and end.amplitude == 0


def test_a_start_that_did_not_settle_is_not_called_chaotic():
    with pytest.raises(ValueError, match="this one's is not found to the accuracy asked for"):
        rg.chaos_boundary(rg.GRU(a_h=3, b_z=12.0), "a_h", rtol=0.02)
