"""rmt_gates: the random-matrix and mean-field theory of gated recurrent networks.

Given the statistics of a network's random weights: its mean-field fixed points and steady state,
the spectrum of its Jacobian at N = ∞, and sampled networks to compare with.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from rmt_gates._version import __version__

# public name -> module; loaded on first use, so that `import rmt_gates` stays light
_HOME = {
    "Vanilla": "rmt_gates.architectures",
    "GRU": "rmt_gates.architectures",
    "LSTM": "rmt_gates.architectures",
    "fixed_points": "rmt_gates.mean_field.fixed_points",
    "steady_state": "rmt_gates.mean_field.steady_state",
    "approximate_steady_state": "rmt_gates.mean_field.approximate",
    "load": "rmt_gates.mean_field.storage",
    "spectral_curve": "rmt_gates.spectra.curve",
    "spectral_radius": "rmt_gates.spectra.curve",
    "resolvent": "rmt_gates.spectra.resolvent",
    "eigenvalue_density": "rmt_gates.spectra.density",
    "eigenvalue_fraction": "rmt_gates.spectra.density",
    "slow_mode_fraction": "rmt_gates.spectra.density",
    "relaxation_time_fraction": "rmt_gates.spectra.density",
    "point_masses": "rmt_gates.spectra.point_masses",
    "jacobian_powers": "rmt_gates.spectra.powers",
    "phase_diagram": "rmt_gates.phases.diagram",
    "phase_lines": "rmt_gates.phases.lines",
    "chaos_boundary": "rmt_gates.phases.chaos_boundary",
    "critical_reset_gain": "rmt_gates.phases.reset_gain",
    "scan": "rmt_gates.scans.run",
    "open_scan": "rmt_gates.scans.run",
    "compare": "rmt_gates.agreement",
    "outliers": "rmt_gates.spectra.outliers",
    "sample_network": "rmt_gates.networks",
    "from_torch": "rmt_gates.networks.torch_modules",
    "initialize_": "rmt_gates.networks.torch_modules",
    "Status": "rmt_gates.results",
}
__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'rmt_gates' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
