"""The same network on CPU and GPU: one step and the Jacobian to 1e-12, eigenvalues to 1e-10."""

import numpy as np
import pytest
import torch

from rmt_gates.architectures.gru import GRUResetBefore as GRU
from rmt_gates.networks import sample_network

pytestmark = pytest.mark.cuda
MODEL = GRU(a_h=3, a_z=1, a_r=10, b_h=0.1, b_z=-0.2, b_r=0.3, v_h=0.1, v_z=0.1, v_r=0.1)


@pytest.fixture(params=[None, 2])
def pair(request):
    """The network on CPU and GPU, and a stationary state."""
    cpu, gpu = (
        sample_network(MODEL, 200, batch=request.param, rng=0, device=d) for d in ("cpu", "cuda")
    )
    return cpu, gpu, cpu.run(100, rng=1).h


def test_weights_are_the_same(pair):
    cpu, gpu, _ = pair
    assert gpu.device.type == "cuda"
    for k in MODEL.matrices:
        assert torch.equal(cpu.weights[k], gpu.weights[k].cpu())
        assert torch.equal(cpu.biases[k], gpu.biases[k].cpu())


def test_step_and_jacobian_agree(pair):
    cpu, gpu, h = pair
    for method in ("step", "jacobian"):
        on_cpu, on_gpu = getattr(cpu, method)(h), getattr(gpu, method)(h)
        assert on_gpu.device.type == "cuda"
        torch.testing.assert_close(on_gpu.cpu(), on_cpu, rtol=0, atol=1e-12)


def test_eigenvalues_agree(pair):
    """To 1e-10 times the condition number of each, matched to the nearest."""
    cpu, gpu, h = pair
    a, b = (np.atleast_2d(network.eigenvalues(h)) for network in (cpu, gpu))
    matrices = cpu.jacobian(h).reshape(-1, 200, 200)
    for ours, theirs, J in zip(a, b, matrices, strict=True):
        found, right = np.linalg.eig(J.numpy())
        left = np.linalg.inv(right)
        condition = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=0)
        allowed = 1e-10 * condition[np.abs(ours[:, None] - found).argmin(1)]
        assert np.all(np.abs(ours[:, None] - theirs).min(1) < allowed)


def test_run_and_unit_work_on_the_gpu(pair):
    cpu, gpu, h = pair
    assert gpu.run(50, burn_in=10, record=10, rng=0).recorded.device.type == "cuda"
    np.testing.assert_allclose(gpu.unit(h)["y"], cpu.unit(h)["y"], rtol=0, atol=1e-12)
