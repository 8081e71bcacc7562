"""The spectrum of the state-to-state Jacobian."""
