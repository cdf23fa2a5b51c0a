"""``python -m mpesa_cli``."""

from mpesa_cli.start import entry_point

if __name__ == "__main__":
    entry_point()
