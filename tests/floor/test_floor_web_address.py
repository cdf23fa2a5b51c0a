"""Web addresses: which can be used, and which of them nobody else on the way can read."""

import pytest

from mpesa_cli.floor.web_address import NoWebAddressError, base_address, is_loopback, is_on_this_machine, web_address

WOULD = "send the key unprotected"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_known_under_all_its_names(host: str) -> None:
    url = f"http://[{host}]:8310/x" if ":" in host else f"http://{host}:8310/x"
    assert is_loopback(host)
    assert is_on_this_machine(url)
    assert base_address(url, WOULD).is_loopback


@pytest.mark.parametrize(
    "host", ["127.0.0.1.example.co.ke", "localhost.example.co.ke", "0.0.0.0", "10.0.0.1", "127.999.0.1", "::", ""]
)
def test_what_only_looks_like_this_machine_is_not(host: str) -> None:
    assert not is_loopback(host)
    assert not is_on_this_machine(f"http://[{host}]/" if ":" in host else f"http://{host}/")


@pytest.mark.parametrize(
    "text",
    ["", "pay.example.co.ke", "https://", "ftp://shop.example", "http://[::1", "https://x:port", "https://x:0/", "//x"],
)
def test_what_names_no_host_that_http_can_reach_is_no_web_address(text: str) -> None:
    with pytest.raises(NoWebAddressError):
        web_address(text)
    assert not is_on_this_machine(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://pay.example.co.ke", "https://asha:pw@pay.example.co.ke", "https://pay.example.co.ke?key=pw",
        "https://pay.example.co.ke#pw", "https://pay.exa mple.co.ke/pw", "https://pay.example.co.ke/pw\x7f",
    ],
)
def test_no_secret_travels_where_it_can_be_read_and_what_was_typed_is_not_repeated(text: str) -> None:
    with pytest.raises(NoWebAddressError) as refused:
        base_address(text, WOULD)
    assert "pw" not in str(refused.value)
    assert "example" not in str(refused.value)


def test_paths_are_put_behind_an_address_without_its_last_slash() -> None:
    found = base_address("https://pay.example.co.ke:8443/mpesa/", WOULD)
    assert found.url == "https://pay.example.co.ke:8443/mpesa"
    assert (found.host, found.is_https, found.is_loopback) == ("pay.example.co.ke", True, False)
