"""The provider ``file``: messages are appended to a file, one JSON object a line, to try everything with."""

import json
import os
from pathlib import Path

from mpesa_cli.floor import machine
from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.floor.world import World
from mpesa_cli.sms.providers.sender import Failed, InDoubt, Outcome, Sent
from mpesa_cli.sms.text import sms_length


class ToFile:
    """The sender into a file of mode 0600; a message is on disk when ``send`` returns."""

    name = "file"

    def __init__(self, path: Path, sender_id: str | None, world: World) -> None:
        """``path`` is made where it does not exist, its folder with mode 0700."""
        self._path = path
        self._sender_id = sender_id
        self._world = world

    def send(self, msisdn: str, text: str, reference: str) -> Outcome:
        """Append one line: at, to, from, text, encoding, parts, reference."""
        length = sms_length(text)
        line = {
            "at": rfc3339(self._world.now_us()),
            "to": msisdn,
            "from": self._sender_id,
            "text": text,
            "encoding": length.encoding,
            "parts": length.parts,
            "reference": reference,
        }
        written = json.dumps(line, ensure_ascii=False).encode() + b"\n"
        began = False
        try:
            machine.make_private_folder(self._path.parent)
            handle = machine.open_private(self._path, append=True)
            try:
                machine.wait_for_lock(handle)
                whole = _after_torn_line(handle) + written
                began = True
                if os.write(handle, whole) != len(whole):
                    return InDoubt("disk-full", f"{self._path} took only a part of the message.")
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            why = f"{self._path} can't be written: {error.strerror}."
            if began:
                return InDoubt("file-unwritable", why)
            return Failed("file-unwritable", why, again=True)
        return Sent(reference, "", length.parts)


def _after_torn_line(handle: int) -> bytes:
    """The line break that the last line lacks where its writer died; else nothing."""
    size = os.fstat(handle).st_size
    if not size:
        return b""
    os.lseek(handle, size - 1, os.SEEK_SET)
    return b"" if os.read(handle, 1) == b"\n" else b"\n"
