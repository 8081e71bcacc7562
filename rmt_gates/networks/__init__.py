"""Sampled networks (torch, CPU or GPU): what the theory of one unit is compared with."""

from rmt_gates.networks.network import Network
from rmt_gates.networks.sample import sample_network
from rmt_gates.networks.trajectory import Trajectory

__all__ = ["Network", "Trajectory", "sample_network"]
