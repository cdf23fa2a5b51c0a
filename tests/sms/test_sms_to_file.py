"""The provider ``file``, and which provider a profile's settings mean."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.floor.errors import SecretMissing, SettingsError
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.world import World
from mpesa_cli.sms.providers.africas_talking import AfricasTalking
from mpesa_cli.sms.providers.choice import Account, sender_of
from mpesa_cli.sms.providers.partner_id import PartnerId
from mpesa_cli.sms.providers.sender import Failed, InDoubt, Sent
from mpesa_cli.sms.providers.to_file import ToFile

PHONE = "254708374149"


def _now_us() -> int:
    return 1_795_505_400_000_000


WORLD = World(_now_us)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("{")]


def test_each_message_is_a_line_that_only_its_owner_can_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "sms.txt"
    sender = ToFile(path, "HOUSEHOLD", WORLD)
    assert sender.send(PHONE, "Duka ’la: asante\n", "evt_1") == Sent("evt_1", "", 1)
    assert sender.send(PHONE, "€" * 81, "evt_2") == Sent("evt_2", "", 2)
    first, second = lines(path)
    assert first == {
        "at": "2026-11-24T10:30:00+03:00", "to": PHONE, "from": "HOUSEHOLD", "text": "Duka ’la: asante\n",
        "encoding": "UCS-2", "parts": 1, "reference": "evt_1",
    }
    assert (second["encoding"], second["parts"]) == ("GSM-7", 2)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_torn_last_line_does_not_swallow_the_next_message(tmp_path: Path) -> None:
    path = tmp_path / "sms.txt"
    path.write_text('{"at": "2026', encoding="utf-8")
    ToFile(path, None, WORLD).send(PHONE, "whole", "evt_1")
    assert path.read_text(encoding="utf-8").splitlines()[0] == '{"at": "2026'
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[1])["text"] == "whole"


def test_a_file_that_cannot_be_opened_fails_and_half_a_write_is_in_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sms.txt"
    folder.mkdir()
    assert isinstance(ToFile(folder, None, WORLD).send(PHONE, "x", "e"), Failed)
    monkeypatch.setattr(os, "write", lambda *_: 3)
    assert isinstance(ToFile(tmp_path / "full.txt", None, WORLD).send(PHONE, "x", "e"), InDoubt)


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account("shop", "production", "africas_talking", "shop", None, None, None, tmp_path / "sms.txt")


def key() -> Secret:
    return Secret("k")


def no_key() -> Secret:
    raise SecretMissing("none", hint="none")


def test_the_settings_choose_the_provider(account: Account) -> None:
    assert isinstance(sender_of(account, key, WORLD), AfricasTalking)
    assert isinstance(sender_of(replace(account, provider="file"), no_key, WORLD), ToFile)
    family = replace(account, provider="partner_id", partner_id="1", sender_id="S", base_url="https://sms.example.co.ke")
    assert isinstance(sender_of(family, key, WORLD), PartnerId)
    with pytest.raises(SecretMissing):
        sender_of(account, no_key, WORLD)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"username": None}, "sms.username"),
        ({"provider": "partner_id"}, "sms.partner_id and sms.sender_id and sms.base_url"),
        ({"provider": "partner_id", "partner_id": "1", "sender_id": "S"}, "sms.base_url"),
        ({"provider": "none"}, "sms.provider"),
    ],
)
def test_what_is_missing_is_named(account: Account, change: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError) as missing:
        sender_of(replace(account, **change), key, WORLD)
    assert named in missing.value.message
    assert missing.value.code == "sms-not-configured"


def test_the_simulators_customers_never_get_a_real_sms(account: Account) -> None:
    trial = replace(account, environment="simulator")
    assert isinstance(sender_of(trial, key, WORLD), ToFile)
    assert isinstance(sender_of(replace(trial, base_url="https://sms.example.co.ke"), key, WORLD), ToFile)
    family = replace(trial, provider="partner_id", partner_id="1", sender_id="S", base_url="https://sms.example.co.ke")
    assert isinstance(sender_of(family, key, WORLD), ToFile)
    assert isinstance(sender_of(replace(trial, base_url="http://127.0.0.1:9"), key, WORLD), AfricasTalking)
    assert isinstance(sender_of(replace(trial, username="sandbox"), key, WORLD), AfricasTalking)
