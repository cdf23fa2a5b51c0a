"""HTTP requests with their framing damaged, each by a rule and a seed: for bench/hostile.py."""

import random

LENGTHS = (b"-1", b"0x10", b"1e3", b"9" * 40, b"5, 5", b"5, 6", b" ", b"+5", b"\xc2\xb2", b"5\r\nContent-Length: 6")
CODINGS = (b"chunked", b"Chunked", b"gzip, chunked", b"chunked, chunked", b"\x0bchunked", b"identity", b"")
CHUNKS = (
    b"5\r\nabcde\r\n0\r\n\r\n", b"FFFFFFFFFFFFFFFFFFFF\r\na", b"-1\r\n", b"5;x=y\r\nabcd\r\n", b"zz\r\n",
    b"5\r\nabcde\r\n0\r\nTrailer: x\r\n\r\n", b"5\nabcde\n0\n\n",
)
VERSIONS = (b"HTTP/9.9", b"HTTP/1.1 x", b"", b"HTTP/0.9", b"RTSP/1.0", b"http/1.1", b"HTTP/1.0")
LINE_ENDS = (b"\n", b"\r", b"\r\n\r\n", b"\r\n ", b"\0\r\n")


def damaged(rng: random.Random, whole: bytes) -> bytes:
    """``whole``, a good request with a Content-Length, damaged in one of nine ways."""
    head, _, body = whole.partition(b"\r\n\r\n")
    match rng.randrange(9):
        case 0:
            return bytes(rng.choice((byte, byte, byte ^ 1 << rng.randrange(8))) for byte in whole)
        case 1:
            return whole[: rng.randrange(len(whole))]
        case 2:
            return whole.replace(b"\r\n", rng.choice(LINE_ENDS), rng.choice((1, 100)))
        case 3:
            return with_header(head, b"Content-Length: " + rng.choice(LENGTHS)) + body
        case 4:
            return with_header(head, b"Transfer-Encoding: " + rng.choice(CODINGS)) + rng.choice(CHUNKS)
        case 5:
            return whole.replace(b"HTTP/1.1", rng.choice(VERSIONS))
        case 6:
            return rng.randbytes(rng.randrange(1, 2000))
        case 7:
            return head + b"".join(b"\r\nX-%d: y" % n for n in range(rng.choice((99, 5000)))) + b"\r\n\r\n" + body
        case _:
            return whole * rng.randrange(2, 20)


def with_header(head: bytes, header: bytes) -> bytes:
    """The head with its Content-Length replaced."""
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    return b"\r\n".join([*lines, header, b"", b""])
