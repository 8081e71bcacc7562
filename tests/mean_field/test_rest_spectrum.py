"""ρ and radius at rest without closed forms: from each model's own sample."""

from types import SimpleNamespace

import numpy as np
import pytest

from rmt_gates.mean_field import rest_spectrum as module


@pytest.fixture
def model(monkeypatch):
    """Two models at once without closed forms; the sample of one is its gain and C."""
    monkeypatch.setattr(module, "independent_unit", lambda model, C: (model.a_h, C))
    return SimpleNamespace(
        a_h=np.array([2.0, 3.0]),
        b_h=0.5,
        numbers=lambda: ("a_h", "b_h"),
        replace=lambda **fields: SimpleNamespace(**fields),
        rho=lambda C: None,
        rest_radius=lambda C, rho: None,
    )


C = np.array([0.1, 0.4])


def test_rho_is_the_root_at_one(model, monkeypatch):
    def perron_root(unit, lam):
        a_h, C = unit
        assert type(a_h) is float
        return SimpleNamespace(root=a_h**2 * C / lam)

    monkeypatch.setattr("rmt_gates.spectra.criterion.perron_root", perron_root)
    np.testing.assert_allclose(module.rest_rho(model, C), [2 * 0.1**0.5, 3 * 0.4**0.5], rtol=1e-15)


def test_radius_is_that_of_the_farther_end(model, monkeypatch):
    ends = {(2.0, 0.1): (-0.9, 0.5), (3.0, 0.4): (-0.3, 0.8)}
    monkeypatch.setattr(
        "rmt_gates.spectra.boundary_function.CriterionBoundary",
        lambda unit: SimpleNamespace(ends=ends[unit]),
    )
    np.testing.assert_array_equal(module.rest_radius(model, C, C), [0.9, 0.8])


def test_closed_forms_come_first(model):
    model.rho, model.rest_radius = (lambda C: 2 * C), (lambda C, rho: C + rho)
    np.testing.assert_array_equal(module.rest_rho(model, C), 2 * C)
    np.testing.assert_array_equal(module.rest_radius(model, C, 2 * C), C + 2 * C)
