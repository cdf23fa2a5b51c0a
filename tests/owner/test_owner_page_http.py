"""The owner's page over real sockets: who gets in, by what name, with which method; and that it is live."""

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from api_bench import PAYS, POOR
from owner_bench import CODE_FORM, Page, events, served
from test_listen_certificate import write_pair

from mpesa_cli.listener.server.certificate import Certificate
from mpesa_cli.owner.server.guesses import OF_ADDRESS_A_MINUTE

PUBLIC = "https://pay.example.co.ke"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One page for tests that leave each other alone."""
    with served(tmp_path_factory.mktemp("shared"), {"MPESA_SHOP_NAME": "Duka <b>&"}, public=PUBLIC) as found:
        yield found


@pytest.fixture
def page(shared: Page) -> Page:
    shared.forgive()
    return shared


@pytest.fixture(scope="module")
def client(shared: Page) -> Iterator[httpx.Client]:
    """A browser that is paired with the shared page."""
    with shared.paired() as found:
        yield found


@pytest.fixture(scope="module")
def code(shared: Page) -> str:
    """A code of the shared page that nothing uses up."""
    return shared.code()


@pytest.fixture
def alone(home: Path) -> Iterator[Page]:
    """A page for a test that moves its clock, or counts its browsers."""
    with served(home, public=PUBLIC) as found:
        yield found


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpesa_cli.owner.server.app.WRONG_TAKES_S", 0.0)


def test_without_pairing_nothing_is_shown_and_with_it_everything_is(page: Page) -> None:
    with page.client() as client:
        assert (client.get("/").status_code, client.get("/").headers["location"]) == (303, "/pair")
        assert client.get("/live").status_code == 403
        done = page.pair(client, page.code().lower().replace("-", " "))
        assert (done.status_code, done.headers["location"]) == (303, "/")
        cookie = done.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "max-age=43200" in cookie
        assert "path=/" in cookie
        seen = client.get("/")
        assert seen.status_code == 200
        for command in ("mpesa history --summary --since today", "mpesa held", "mpesa balance", "mpesa doctor"):
            assert f">{command}<" in seen.text


def test_a_code_opens_one_browser_once_and_looking_at_it_uses_nothing_up(page: Page) -> None:
    code = page.code()
    with page.client() as first, page.client() as second:
        for _ in range(3):  # what looks ahead at links
            assert f'value="{code}"' in first.get("/pair", params={"code": code}).text
        answers: list[int] = []
        both = [
            threading.Thread(target=lambda c=c: answers.append(page.pair(c, code).status_code))  # type: ignore[misc]
            for c in (first, second)
        ]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert sorted(answers) == [303, 403]
        assert page.pair(second, code).status_code == 403
        assert sorted(c.get("/").status_code for c in (first, second)) == [200, 303]
    assert page.run("audit", "verify")[0] == 0


def test_a_code_is_over_after_five_minutes_and_a_cookie_after_twelve_hours(alone: Page) -> None:
    with alone.client() as client:
        code = alone.code()
        alone.clock.advance(301)
        assert alone.pair(client, code).status_code == 403
        assert alone.pair(client, alone.code()).status_code == 303
        alone.clock.advance(12 * 3_600 - 5)
        assert client.get("/").status_code == 200
        alone.clock.advance(6)
        assert client.get("/").status_code == 303
        assert client.get("/live").status_code == 403
        assert [row["standing"] for row in alone.run("owner", "list")[1]] == ["expired", "lapsed"]


def test_a_clock_that_is_set_back_lengthens_no_life(alone: Page) -> None:
    with alone.client() as client:
        code = alone.code()
        alone.clock.advance(-3_600)
        assert alone.pair(client, code).status_code == 403
        assert alone.pair(client, alone.code()).status_code == 303
        alone.clock.advance(-3_600)
        assert client.get("/").status_code == 303


def test_a_browser_that_is_revoked_sees_nothing_and_its_open_page_is_told(alone: Page) -> None:
    with alone.paired() as client, client.stream("GET", "/live") as stream:
        told = events(stream.iter_lines())
        assert next(told)[0] == "parts"
        (row,) = alone.run("owner", "list")[1]
        assert row["standing"] == "paired"
        assert alone.run("owner", "revoke", row["id"])[1]["standing"] == "revoked"
        assert next(kind for kind, _ in told if kind != "parts") == "end"
        assert client.get("/").status_code == 303
    waiting = alone.code()
    (new, _) = alone.run("owner", "list")[1]
    assert alone.run("owner", "revoke", new["id"].lower())[0] == 0
    with alone.client() as client:
        assert alone.pair(client, waiting).status_code == 403
    assert alone.run("owner", "revoke", "VWR-NOBODY")[0] == 2


@pytest.mark.parametrize("cookie", ["", "x", "0" * 64, "%00", "a; mpesa_owner=b", "é" * 30])
def test_a_cookie_that_was_not_given_opens_nothing(page: Page, cookie: str) -> None:
    with page.client() as client:
        headers = [(b"cookie", b"mpesa_owner=" + cookie.encode("latin-1"))]
        assert client.get("/", headers=headers).status_code == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "pay.example.co.ke"}, 421), ({"host": "PAY.example.co.ke:8311"}, 421),
        ({"host": "evil.example"}, 421), ({"host": "8.8.8.8"}, 421), ({"host": ""}, 421),
        ({"host": "127.0.0.1.evil.example"}, 421),
        ({"host": "[::1"}, 421), ({"host": "0.0.0.0"}, 421), ({"x-forwarded-for": "192.168.1.7"}, 421),
        ({"cf-connecting-ip": "192.168.1.7"}, 421), ({"forwarded": "for=192.168.1.7"}, 421), ({"via": "1.1 t"}, 421),
        ({"x-real-ip": "1.2.3.4"}, 421), ({"host": "192.168.1.20:8311"}, 200), ({"host": "localhost"}, 200),
        ({"host": "[fe80::1]:8311"}, 200), ({"host": "[::1]:8311"}, 200),
    ],
)
def test_only_by_an_address_of_here_and_never_through_a_tunnel(
    page: Page, client: httpx.Client, code: str, headers: dict[str, str], status: int
) -> None:
    assert client.get("/", headers=headers).status_code == status
    if status == 421:
        refused = page.pair(client, code, **headers)
        assert refused.status_code == 421
        assert "set-cookie" not in refused.headers


def test_every_method_but_get_and_the_pairing_is_refused_and_nothing_is_written(
    page: Page, client: httpx.Client
) -> None:
    before = page.ledger.rows("SELECT max(seq) FROM journal")
    for path in ("/", "/live", "/pair", "/owner.css", "/payments/initiate", "/hooks/stk/" + "0" * 32):
        for method in ("HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
            if (path, method) != ("/pair", "POST"):
                assert client.request(method, path).status_code == 405, (method, path)
    for path in ("/payments/history", "/healthz", "/%2e%2e/owner.css", "/owner.py", "/pair/"):
        assert client.get(path).status_code == 404, path
    assert client.get("/").status_code == 200
    assert page.ledger.rows("SELECT max(seq) FROM journal") == before


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
     {"content-type": "text/plain"}, {"content-type": "multipart/form-data; boundary=x"}],
)
def test_another_page_cannot_pair_a_browser(page: Page, code: str, headers: dict[str, str]) -> None:
    with page.client() as client:
        sent = {"content-type": CODE_FORM, "origin": page.url, **headers}
        assert client.post("/pair", content=f"code={code}", headers=sent).status_code == 403
        assert client.get("/").status_code == 303


def test_guesses_are_few_and_what_is_no_code_is_answered_alike(alone: Page) -> None:
    with alone.client() as client:
        odd = ["", "0" * 10, "x" * 2_000, "%00%ff", "1' OR '1'='1"]
        answers = [alone.pair(client, guess) for guess in odd]
        assert len(odd) == OF_ADDRESS_A_MINUTE
        assert {a.status_code for a in answers} == {403}
        assert len({a.text for a in answers}) == 1
        code = alone.code()
        limited = alone.pair(client, code)
        assert limited.status_code == 429
        assert 0 < int(limited.headers["retry-after"]) <= 13
        assert alone.run("owner", "list")[1][0]["standing"] == "waiting"  # a refused guess has used up nothing


def test_a_wrong_code_takes_longer_than_a_right_one(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("mpesa_cli.owner.server.app.WRONG_TAKES_S", 1.0)
    monkeypatch.setattr("mpesa_cli.owner.server.app.sleep", sleep)
    with page.client() as client:
        assert page.pair(client, "0" * 10).status_code == 403
        assert page.pair(client, page.code()).status_code == 303
    assert slept == [1.0]


def test_every_answer_has_the_strict_policy_and_the_page_nothing_that_it_would_forbid(client: httpx.Client) -> None:
    answers = [client.get(path) for path in ("/", "/pair", "/owner.css", "/owner.js", "/none")]
    answers += [client.post("/"), client.get("/", headers={"host": "evil.example"})]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    html = answers[0].text + answers[1].text
    assert not re.search(r"<style|style=|<script(?! src=\"/)|\son[a-z]+=|https?://|javascript:", html)
    assert "http" not in answers[2].text + answers[3].text


def test_phones_are_masked_and_names_from_outside_are_text(page: Page, client: httpx.Client) -> None:
    page.run("push", PAYS, "150", "--order", "A76", "--no-wait")
    with client.stream("GET", "/live") as stream:
        while "0708•••149" not in (html := client.get("/").text):
            assert "708374149" not in html
            time.sleep(0.1)  # a look may be twenty times as old as it took
        assert "708374149" not in html
        assert "<h1>Duka &lt;b&gt;&amp;</h1>" in html
        assert "708374149" not in str(next(events(stream.iter_lines())))


def test_what_changes_comes_by_itself_and_only_what_changes(page: Page, client: httpx.Client) -> None:
    with client.stream("GET", "/live") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        told = events(stream.iter_lines())
        _, first = next(told)
        assert set(first) >= {"status", "needs", "today", "now", "hours", "days", "reasons", "watch"}
        assert "A77" not in first["now"]
        page.run("push", POOR, "150", "--order", "A77", "--no-wait")
        changed = next(parts for kind, parts in told if kind == "parts" and "A77" in parts.get("now", ""))
        assert "reasons" not in changed
        assert re.search(r">[12]</p>", changed["today"])


def test_a_browser_has_three_streams_and_the_newest_ends_the_eldest(page: Page) -> None:
    with page.paired() as client, page.client() as other:
        other.cookies = client.cookies
        with client.stream("GET", "/live") as eldest:
            told = events(eldest.iter_lines())
            next(told)
            with other.stream("GET", "/live"), other.stream("GET", "/live"), other.stream("GET", "/live"):
                assert next(kind for kind, _ in told if kind != "parts") == "end"


def test_a_page_whose_ledger_cannot_be_read_says_that_it_is_old(alone: Page) -> None:
    with alone.paired() as client:
        assert "These numbers are old" not in client.get("/").text
        live = alone.page._live
        live._read = lambda _: (_ for _ in ()).throw(ZeroDivisionError())  # type: ignore[assignment]
        live._looked_at -= 100
        html = client.get("/").text
        assert "These numbers are old. mpesa met something it does not know: ZeroDivisionError." in html
        assert html.count('<div class="old">') == 7
        live._look = None
        live._looked_at -= 100
        assert client.get("/").text.count("Not known yet.") == 7


@pytest.mark.parametrize(("host", "public"), [("8.8.8.8", None), ("pay.example.co.ke", PUBLIC)])
def test_it_is_never_served_on_a_public_address(home: Path, host: str, public: str | None) -> None:
    from mpesa_cli.floor.errors import SettingsError

    with pytest.raises(SettingsError, match="never served"), served(home, host=host, public=public):
        pass


def test_a_code_is_shown_only_where_a_page_is_served(home: Path, mpesa: object) -> None:
    with served(home) as page:
        assert httpx.get(f"{page.url}/pair", trust_env=False).status_code == 200
        assert page.run("owner", "pair")[0] == 0
        gone = page
    assert gone.run("owner", "pair")[0] == 9


def test_with_a_certificate_the_cookie_is_for_https_alone(home: Path, tmp_path: Path) -> None:
    with served(home, certificate=Certificate(*write_pair(tmp_path, "page"))) as page, page.client() as client:
        assert page.url.startswith("https://")
        done = page.pair(client, page.code())
        assert done.status_code == 303
        assert "secure" in done.headers["set-cookie"].lower()
        assert client.get("/").status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_where_all_addresses_are_served_the_link_names_one_that_a_phone_can_reach(home: Path, host: str) -> None:
    with served(home, host=host) as page:
        link = page.run("owner", "pair")[1]["url"]
        assert "0.0.0.0" not in link
        assert "//[::]" not in link
        assert httpx.get(link, trust_env=False, verify=False).status_code == 200
