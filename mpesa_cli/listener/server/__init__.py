"""The HTTP side of a listener: connections, heads and bodies within bounds."""
