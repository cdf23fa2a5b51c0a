"""Commands about the simulator."""
