"""The unit of a fixed point: independent Gaussian inputs, as a scrambled Sobol sample."""

from __future__ import annotations

import numpy as np

from rmt_gates.architectures.base import Architecture
from rmt_gates.unit import Unit

LOG2_SAMPLES = 14
SEED = 0x6A7E


def independent_unit(model: Architecture, C: float) -> Unit:
    """2¹⁴ scrambled Sobol points for the inputs of a unit at a fixed point with E[h²] = C."""
    from scipy.stats import norm, qmc

    features = np.array(model.rest_features(C))
    kernels = model.input_kernels(features if len(features) == 1 else features[:, None])
    uniform = qmc.Sobol(d=len(kernels), scramble=True, rng=SEED).random_base2(LOG2_SAMPLES)
    normal = norm.ppf(np.maximum(uniform, 1e-16))
    inputs = {
        name: kernel.mean + np.sqrt(kernel.covariance[0]) * normal[:, i]
        for i, (name, kernel) in enumerate(kernels.items())
    }
    return model.unit(inputs, model.rest(inputs))
