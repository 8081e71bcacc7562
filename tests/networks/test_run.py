"""Running a network: what is recorded, burn-in, the verdict on stationarity, refusals."""

import numpy as np
import pytest
import torch

from rmt_gates.architectures.gru import GRUResetBefore as GRU
from rmt_gates.networks import sample_network
from rmt_gates.networks.trajectory import follow

CHAOTIC = GRU(a_h=3, a_z=1, a_r=10)


def iterate(network, h, steps):
    states = []
    for _ in range(steps):
        h = network.step(h)
        states.append(h)
    return torch.stack(states)


def test_run_iterates_step_and_records():
    network = sample_network(CHAOTIC, 20, rng=0)
    h = network.initial_state(1)
    states = iterate(network, h, 10)
    run = network.run(10, h, record=3)
    assert torch.equal(run.h, states[-1])
    assert torch.equal(run.recorded, states[[2, 5, 8]])
    np.testing.assert_allclose(run.mean_square, (states**2).mean(-1), rtol=1e-14)
    assert network.run(10, h).recorded is None
    assert torch.equal(network.run(10, rng=1).h, states[-1])


def test_shapes_for_batches_and_several_states(lstm):
    network = sample_network(CHAOTIC, 10, batch=3, rng=0)
    run = network.run(50, torch.rand(3, 2, 10), record=20)
    assert run.h.shape == (3, 2, 10)
    assert run.recorded.shape == (2, 3, 2, 10)
    assert run.mean_square.shape == (50, 3, 2)
    assert run.drift.shape == run.settled.shape == run.stationary.shape == (3, 2)

    network = sample_network(lstm, 10, rng=0)
    run = network.run(50, torch.rand(4, 2, 10), record=20)
    assert run.recorded.shape == (2, 4, 2, 10)
    np.testing.assert_allclose(run.mean_square[-1], (run.h[:, 1] ** 2).mean(-1), rtol=1e-14)
    assert run.settled.shape == (4,)


def test_burn_in_runs_in_float32_and_the_rest_in_float64():
    network = sample_network(CHAOTIC, 20, rng=0)
    h = network.initial_state(1)
    burnt = iterate(network.to(dtype=torch.float32), h.float(), 30)[-1].double()
    run = network.run(5, h, burn_in=30)
    assert run.h.dtype == torch.float64
    assert torch.equal(run.h, iterate(network, burnt, 5)[-1])
    assert not torch.equal(run.h, iterate(network, h, 35)[-1])


def test_float32_networks_stay_in_float32():
    network = sample_network(CHAOTIC, 20, rng=0, dtype=torch.float32)
    h = network.initial_state(1)
    run = network.run(5, h, burn_in=30, record=5)
    assert run.h.dtype == run.recorded.dtype == torch.float32
    assert run.mean_square.dtype == np.float64
    assert torch.equal(run.h, iterate(network, h, 35)[-1])


def test_a_stationary_network_is_called_stationary():
    network = sample_network(CHAOTIC, 200, batch=4, rng=0)
    run = network.run(600, burn_in=200, rng=1)
    assert run.stationary.all()
    assert not run.settled.any()
    assert np.abs(run.drift).max() < 4
    assert run.message.startswith("Stationary:")


@pytest.mark.parametrize("a_h, scale, sign", [(1.8, 1, -1), (2.5, 1e-9, 1)])
def test_a_network_that_decays_or_grows_is_called_drifting(a_h, scale, sign):
    network = sample_network(GRU(a_h=a_h), 100, rng=0)
    run = network.run(100, network.initial_state(1, scale=scale))
    assert run.stationary is False
    assert run.settled is False
    assert sign * run.drift > 4
    assert run.message == (
        "Still drifting after 100 steps, or remembering for longer than this run can tell: "
        "run longer, or discard more burn_in."
    )


def test_a_batch_says_how_many_drift():
    network = sample_network(GRU(a_h=1.8), 100, batch=2, rng=0)
    h = torch.stack([torch.zeros(100).double(), network.initial_state(1)[1]])
    run = network.run(100, h)
    assert run.stationary.tolist() == run.settled.tolist() == [True, False]
    assert "after 100 steps (1 of 2 states), or" in run.message


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("model", [GRU(a_h=0.5), GRU(a_h=1, b_h=1, v_h=0.5)])
def test_settled_means_that_a_fixed_point_is_reached(model, dtype):
    network = sample_network(model, 100, rng=0, dtype=dtype)
    run = network.run(300, rng=1)
    assert run.settled is True
    assert run.stationary is True
    assert run.message == "Settled at a fixed point."
    assert (network.step(run.h) - run.h).abs().max() < (1e-9 if dtype == torch.float64 else 1e-5)
    early = network.run(5, rng=1)
    assert early.settled is False


def test_one_unit_that_still_moves_has_not_settled():
    def step(h):
        return h * torch.tensor([1, 1, 1, -1])

    def mean_square(h):
        return h.square().mean(-1)

    assert follow(step, torch.ones(4), 50, None, mean_square).settled is False
    assert follow(torch.clone, torch.ones(4), 50, None, mean_square).settled is True


def test_short_runs_are_not_judged():
    run = sample_network(CHAOTIC, 20, rng=0).run(39, rng=1)
    assert np.isnan(run.drift)
    assert run.stationary is False
    assert run.message == "Too short to judge: 39 steps, run at least 40."


def test_an_infinite_state_is_an_error():
    network = sample_network(CHAOTIC, 20, batch=2, rng=0)
    h = network.initial_state(1)
    h[1, 3] = float("nan")
    with pytest.raises(RuntimeError, match=r"the state is infinite or NaN by step 1: "):
        network.run(5, h)
    network = sample_network(CHAOTIC, 20, rng=0)
    network.weights["h"] *= 1e40
    assert np.isfinite(network.run(5, rng=1).mean_square).all()
    with pytest.raises(
        RuntimeError, match=r"the weights are not finite, or too large for their dt"
    ):
        network.run(5, rng=1, burn_in=2)


@pytest.mark.parametrize("name, value, least", [
    ("steps", 0, 1), ("steps", 2.0, 1), ("steps", True, 1), ("record", 0, 1), ("burn_in", -1, 0),
])  # fmt: skip
def test_refusals(name, value, least):
    network = sample_network(CHAOTIC, 5, rng=0)
    with pytest.raises(ValueError, match=rf"{name} must be an integer of at least {least}, got"):
        network.run(**{"steps": 5, name: value})


def test_the_record_is_frozen_short_and_cannot_be_unpacked():
    run = sample_network(CHAOTIC, 5, rng=0).run(3, rng=0)
    assert repr(run).startswith("Trajectory(stationary=False, settled=False, drift=nan, message=")
    with pytest.raises(AttributeError):
        run.h = None
    with pytest.raises(TypeError):
        _, _ = run


@pytest.mark.parametrize("batch, states", [(None, 3), (None, 4), (None, 6), (2, 6)])
def test_the_layout_of_the_weights_does_not_change_a_run(batch, states):
    """Column by column for four states or more of one network: the same step, to rounding."""
    network = sample_network(CHAOTIC, 30, batch=batch, rng=0)
    lead = (states,) if batch is None else (batch, states)
    h = torch.as_tensor(np.random.default_rng(0).standard_normal((*lead, 30)))
    run = network.run(3, h)
    by_hand = network.step(network.step(network.step(h)))
    torch.testing.assert_close(run.h, by_hand, rtol=1e-12, atol=1e-13)
    laid_out = network._laid_out(h)
    assert (laid_out is not network) == (batch is None and states >= 4)
    torch.testing.assert_close(laid_out.weights["h"], network.weights["h"], rtol=0, atol=0)
