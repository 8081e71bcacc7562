"""Where random numbers come from: whatever `numpy.random.default_rng` takes."""

from __future__ import annotations

from typing import Any

import numpy as np


def generator(rng: Any) -> np.random.Generator:
    """``numpy.random.default_rng(rng)``, with a sentence that names the parameter if it cannot."""
    if isinstance(rng, bool):
        raise TypeError(f"rng must be a seed, a Generator or None, got {rng!r}")
    try:
        if isinstance(rng, np.random.RandomState):
            raise TypeError  # a Generator made of it cannot spawn
        return np.random.default_rng(rng)
    except (TypeError, ValueError) as error:
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(
            "rng must be a non-negative integer, a sequence of them, a numpy Generator, "
            f"SeedSequence or BitGenerator, or None, got {rng!r}"
        ) from None
