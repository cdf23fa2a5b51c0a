"""The certificates that TLS trusts, loaded in a thread of their own while the HTTP library is imported.

Reading a bundle of 140 certificates takes OpenSSL 20 to 30 ms, in which Python can go on.
"""

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


class Trust:
    """A trust store that is being loaded: those of SSL_CERT_FILE or SSL_CERT_DIR, else certifi's."""

    def __init__(self) -> None:
        """It begins to load at once."""
        self._loaded: ssl.SSLContext | None = None
        self._failed: Exception | None = None
        self._thread = threading.Thread(target=self._load, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # this machine has no thread left: then it is loaded here
            self._load()

    def context(self) -> "ssl.SSLContext":
        """The store, once it is loaded. Raises OSError or ValueError where it can't be."""
        if self._thread.ident is not None:
            self._thread.join()
        if self._failed is not None:
            raise self._failed
        assert self._loaded is not None
        return self._loaded

    def _load(self) -> None:
        import ssl

        try:
            if file := os.environ.get("SSL_CERT_FILE"):
                self._loaded = ssl.create_default_context(cafile=file)
            elif folder := os.environ.get("SSL_CERT_DIR"):
                self._loaded = ssl.create_default_context(capath=folder)
            else:
                import certifi

                self._loaded = ssl.create_default_context(cafile=certifi.where())
        except (OSError, ValueError, ImportError) as error:  # whoever asks for it raises it
            self._failed = error
