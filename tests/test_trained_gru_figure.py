"""figures.trained_gru: the task, the shuffled control, and what the panels show."""

import re

import numpy as np
import pytest
import torch

import rmt_gates as rg
from figures import trained_gru
from figures.trained_gru import flip_flop, modules, remembering, shuffled, train


def test_a_flip_flop_remembers_the_last_pulse_of_every_input():
    x, target = (values.numpy() for values in flip_flop(400, 5, np.random.default_rng(0)))
    assert x.shape == target.shape == (400, 5, 3)
    assert set(np.unique(x)) == {-1, 0, 1} and np.all(x[0] != 0)
    assert np.mean(x[1:] != 0) == pytest.approx(0.1, abs=0.02)  # 5 standard deviations
    memory = np.zeros((5, 3))
    for given, wanted in zip(x, target):
        memory = np.where(given != 0, given, memory)
        np.testing.assert_array_equal(wanted, memory)


def test_training_learns():
    """Without memory the error is 0.9: a pulse of variance 1 is there in one step of ten."""
    rng = np.random.default_rng(0)
    module, readout = modules(32, rng)
    before = module.weight_hh_l0.detach().clone()
    assert train(module, readout, 100, rng) < 0.6
    assert float((module.weight_hh_l0.detach() - before).abs().max()) > 0.01


def test_the_network_has_the_weights_and_the_state_of_the_module():
    module, _ = modules(20, np.random.default_rng(0))
    network, h = remembering(module, np.random.default_rng(1))
    x, _ = flip_flop(trained_gru.REMEMBERED, 1, np.random.default_rng(1))
    silent = torch.cat([x, torch.zeros(1, 1, 3)])
    with torch.no_grad():
        expected = module(silent)[1].flatten()
    np.testing.assert_allclose(network.step(h), expected, atol=1e-6)


def test_shuffled_weights_leave_the_units_alone():
    rng = np.random.default_rng(0)
    network, h = remembering(modules(40, rng)[0], rng)
    control = shuffled(network, h, rng)
    unit, same = network.unit(h), control.unit(h)
    for name in unit.fields:
        np.testing.assert_allclose(same[name], unit[name], atol=1e-12)
    for name, U in network.weights.items():
        other = control.weights[name]
        np.testing.assert_array_equal(np.sort(U.flatten()), np.sort(other.flatten()))
        assert abs(np.corrcoef(U.flatten(), other.flatten())[0, 1]) < 0.1
    difference = np.sort_complex(control.eigenvalues(h)) - np.sort_complex(network.eigenvalues(h))
    assert abs(difference).max() > 0.01


@pytest.fixture(scope="module")
def figure():
    """Few units, hardly trained."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trained_gru, "QUICK", trained_gru.Effort(32, 60))
        return trained_gru.draw(quick=True)


def artists(ax):
    return {artist.get_label(): artist for artist in (*ax.lines, *ax.collections)}


def test_circles_are_the_outliers_that_the_title_counts(figure):
    above = figure.axes[:3]
    assert [ax.get_title().rsplit(":", 1)[0] for ax in above] == [
        "torch.nn.GRU, initial",
        "trained",
        "trained, weights shuffled",
    ]
    for ax in above:
        shown = artists(ax)
        lam = np.asarray(shown["eigenvalues"].get_offsets()) @ [1, 1j]
        circled = np.asarray(shown["outliers"].get_offsets()) @ [1, 1j]
        assert len(lam) == 32 and set(circled) <= set(lam)
        assert int(re.search(r"(\d+) outlier", ax.get_title())[1]) == len(circled)
    trained, control = (artists(ax)["theory"].get_xydata() for ax in above[1:])
    np.testing.assert_allclose(control, trained, atol=1e-9)  # the units are the same


def test_relaxation_times_are_counted_and_predicted(figure):
    for above, below in zip(figure.axes[:3], figure.axes[3:]):
        lam = np.asarray(artists(above)["eigenvalues"].get_offsets()) @ [1, 1j]
        t, fraction = artists(below)["counted"].get_data()
        counted = [np.mean(abs(lam) > np.exp(-1 / one) * (1 + 1e-12)) for one in t]
        np.testing.assert_allclose(fraction, counted, atol=1e-12)
        times, theory = artists(below)["theory"].get_data()
        assert np.all(np.diff(theory) < 1e-6) and theory[0] > 0.9
        own = np.interp(times, t, fraction)
        assert abs(own - theory).max() < 0.2
    network, h = remembering(modules(32, rng := np.random.default_rng(0))[0], rng)
    expected = rg.relaxation_time_fraction(network.unit(h), trained_gru.TIMES)
    np.testing.assert_allclose(artists(figure.axes[3])["theory"].get_ydata(), expected, atol=1e-9)
