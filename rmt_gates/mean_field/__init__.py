"""Mean-field theory: fixed points and the time-dependent steady state of one effective unit."""
