"""Requests that are ordinary, nearly ordinary, or not at all, and what h11 makes of each."""

import random

import h11

from mpesa_cli.listener.server.ordinary import Ordinary

TARGET = b"/hooks/stk/0123456789abcdef0123456789abcdef"
LINES = (
    b"Host: pay.example", b"host:pay.example", b"HOST: \tpay.example:8310 \t", b"Content-Type: application/json",
    b"User-Agent: Java/1.8.0 (x; y)", b"Accept: */*", b"X-Forwarded-For: 196.201.214.200, 127.0.0.1", b"X-Empty:",
    b"X-Real-IP:  10.0.0.1  ", b"CF-Connecting-IP: 2001:db8::1", b"Cookie: a=1; b=\"2\"", b"x!#$%&'*+-.^_`|~9: z",
)
ODD_LINES = (
    b"Connection: close", b"Connection: keep-alive", b"Connection: upgrade", b"Upgrade: websocket", b"Upgrade: h2c",
    b"Expect: 100-continue", b"Transfer-Encoding: chunked", b"transfer-encoding: gzip, chunked", b"TE: trailers",
    b"Transfer-Encoding : chunked", b"Content-Length : 5", b" folded", b"\tfolded", b"no colon", b": no name", b"",
    b"X-Latin: caf\xe9", b"X-Utf8: caf\xc3\xa9", b"X-Nul: a\0b", b"X-Cr: a\rb", b"X-Lf: a\nHost: other",
    b"X-Vt: a\x0bb", b"X-Del: a\x7fb", b"Host: other.example", b"Host:", b"Content-Length: 0", b"Content-Length: 00",
    b"X-\xe9: y", b"Content-Length: 5, 5", b"Content-Length: +5", b"Content-Length: 5 5", b"Content-Length: \xc2\xb2",
    b"X Y: z", b"Content-Length:", b"Content-Length: 0x5", b"Content-Length: 5;", b"X-Long: " + b"y" * 300, b"Proxy: x",
)
SPELLINGS = (b"%d", b"%d", b"%d", b"+%d", b"0%d", b"%d,", b"_%d", b"\xd9\xa0%d", b"0x%d")
FIRST_LINES = (
    b"POST %s HTTP/1.1", b"POST %s HTTP/1.0", b"POST  %s HTTP/1.1", b"POST %s  HTTP/1.1", b"post %s HTTP/1.1",
    b"POST %s HTTP/1.1 ", b" POST %s HTTP/1.1", b"POST %s http/1.1", b"POST %s HTTP/2.0", b"POST %s",
    b"GET %s HTTP/1.1", b"POST %s\t HTTP/1.1", b"\r\nPOST %s HTTP/1.1", b"POST /caf\xe9%s HTTP/1.1",
    b"POST http://a%s HTTP/1.1", b"POST * HTTP/1.1", b"POST a b HTTP/1.1", b"CONNECT %s HTTP/1.1",
    b"POST /\x7f%s HTTP/1.1", b"POST %s HTTP/1.1\0",
)
LINE_ENDS = (b"\n", b"\r", b"\r\r\n", b"\r\n\r\n", b"\0\r\n", b" \r\n")


def composed(rng: random.Random) -> bytes:
    """A request of ordinary parts, with an odd one among them as often as not, and some of its bytes changed."""
    odd = rng.random() < 0.5
    first = rng.choice(FIRST_LINES) if odd and rng.random() < 0.3 else FIRST_LINES[0]
    body = rng.choice((b"", b"{}", b'{"a":1}', b"\r\n\r\n", b"\0" * 9, b"x" * rng.randrange(200)))
    length = len(body) + (rng.choice((-1, 1, 10)) if odd and rng.random() < 0.2 else 0)
    spelled = (rng.choice(SPELLINGS) if odd else b"%d") % length
    lines = [b"Content-Length: " + spelled, LINES[rng.randrange(3)], *rng.choices(LINES[3:], k=rng.randrange(6))]
    if odd:
        lines += rng.choices(ODD_LINES, k=rng.choice((0, 1, 1, 1, 2)))
        if rng.random() < 0.1:
            del lines[rng.randrange(len(lines))]
    rng.shuffle(lines)
    whole = b"\r\n".join([first.replace(b"%s", TARGET), *lines, b"", body])
    return damaged(whole, rng) if rng.random() < 0.3 else whole


def damaged(whole: bytes, rng: random.Random) -> bytes:
    """Some bytes changed, gone, or come in between."""
    changed = bytearray(whole)
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(changed))
        match rng.randrange(5):
            case 0:
                changed[at] ^= 1 << rng.randrange(8)
            case 1:
                del changed[at]
            case 2:
                changed[at:at] = bytes([rng.choice(b"\0\t\n\r :;,\x0b\x7f\x80\xff09")])
            case 3:
                found = changed.find(b"\r\n", at)
                if found >= 0:
                    changed[found : found + 2] = rng.choice(LINE_ENDS)
            case _:
                changed += rng.choice((b"x", b"\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
    return bytes(changed)


def by_h11(data: bytes) -> Ordinary | str:
    """The request that h11 finds in ``data``, if that is one POST and nothing else; or what else it is."""
    reader = h11.Connection(h11.SERVER)
    try:
        reader.receive_data(data)
        asked, rest = reader.next_event(), [reader.next_event()]
        while isinstance(rest[-1], h11.Data):
            rest.append(reader.next_event())
    except h11.RemoteProtocolError as error:
        return f"refused: {error}"
    if not isinstance(asked, h11.Request) or not isinstance(rest[-1], h11.EndOfMessage):
        return f"not whole: {asked}"
    if asked.method != b"POST" or asked.http_version != b"1.1":
        return "another method or version"
    if reader.they_are_waiting_for_100_continue or reader.their_state is not h11.DONE or reader.trailing_data[0]:
        return f"something is to follow: {reader.their_state}"
    body = b"".join(bytes(piece.data) for piece in rest[:-1])
    return Ordinary(asked.target, list(asked.headers), body)
