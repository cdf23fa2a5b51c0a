"""What ``push --dry-run`` shows is what is sent, but for what nobody may see."""

import json
import re
from typing import Any

import pytest
from daraja_servers import loopback, says
from shopkeeper import ACCEPTED, Shopkeeper

SECRET = re.compile("[0-9a-f]{32}$")
TILL = {"MPESA_KIND": "till", "MPESA_SHORTCODE": "174379", "MPESA_TILL": "600123"}


def seen_by(body: dict[str, Any]) -> dict[str, Any]:
    """A body as the dry run may show it."""
    return {**body, "Password": "•••", "CallBackURL": SECRET.sub("•••", body["CallBackURL"])}


@pytest.mark.parametrize("kind", [{}, TILL])
@pytest.mark.parametrize(
    "more",
    [
        (), ("--account", "HOUSE 12B"), ("--description", "Maziwa na mkate wa asubuhi kwa jirani"),
        ("--description", "Ng'ombe & Co", "--account", "till 3"),
    ],
)
def test_the_request_that_is_shown_is_the_one_that_is_sent(
    shopkeeper: Shopkeeper, kind: dict[str, str], more: tuple[str, ...]
) -> None:
    with loopback(says(ACCEPTED)) as server:
        clerk = shopkeeper.at(server.url)
        clerk = Shopkeeper(clerk.mpesa, clerk.home, clerk.clock, {**clerk.environ, **kind})
        shown = json.loads(clerk.push("--dry-run", *more, order="order 7/b").stdout)
        assert server.seen == []
        assert clerk.push(*more, order="order 7/b").status == 0
        (sent,) = server.posts
        assert json.loads(sent.body)["PartyB"] == kind.get("MPESA_TILL", "174379")
        assert shown == {
            "dry_run": True, "method": "POST", "url": server.url + sent.path, "body": seen_by(json.loads(sent.body))
        }
