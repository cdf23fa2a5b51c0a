"""The people who agree that money goes out: their PINs, and the proposals that wait for them."""
