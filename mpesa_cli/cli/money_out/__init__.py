"""Commands by which money goes out, and who must agree to it."""
