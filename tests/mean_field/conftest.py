"""Sampled steady states shared by the tests of this folder."""

import pytest

import rmt_gates as rg

POINTS = {"3,1,10": (3, 1, 10), "3,10,10": (3, 10, 10), "3,1,1": (3, 1, 1)}


@pytest.fixture(scope="session")
def sampled():
    """name -> steady state to 1.5e-3, computed once."""
    states = {}

    def state(name):
        if name not in states:
            a_h, a_z, a_r = POINTS[name]
            states[name] = rg.steady_state(rg.GRU(a_h=a_h, a_z=a_z, a_r=a_r), rng=0, rtol=1.5e-3)
        return states[name]

    return state


@pytest.fixture(scope="session")
def biased():
    """A state whose autocorrelation tends to a constant."""
    model = rg.GRU(a_h=3, a_z=2, a_r=3, b_h=0.2, b_z=-0.3, b_r=0.4, v_h=0.3, v_z=0.5, v_r=0.2)
    return rg.steady_state(model, rng=0)
