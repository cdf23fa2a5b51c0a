"""Five queries in any 60 seconds, for all processes together, whatever the clock does."""

import multiprocessing
from pathlib import Path

from daraja_servers import KEY, NOW_US
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.daraja.query_ration import QueryRation
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.world import World

HOST = "https://sandbox.safaricom.co.ke"
SECOND_US = 1_000_000


def ration_in(folder: Path) -> QueryRation:
    return QueryRation(folder, KEY, HOST, World(sleep=lambda _: None))


def test_the_sixth_in_a_minute_waits_for_the_first_to_pass(tmp_path: Path) -> None:
    for second in range(5):
        assert ration_in(tmp_path).take(NOW_US + second * SECOND_US) == 0
    assert ration_in(tmp_path).take(NOW_US + 10 * SECOND_US) == 50
    assert ration_in(tmp_path).take(NOW_US + 60 * SECOND_US) == 0
    assert ration_in(tmp_path).take(NOW_US + 60 * SECOND_US) == 1


def test_a_refusal_is_not_counted_and_another_key_is_not_held_up(tmp_path: Path) -> None:
    ration = ration_in(tmp_path)
    for _ in range(5):
        ration.take(NOW_US)
    for _ in range(20):
        assert ration.take(NOW_US + 59 * SECOND_US) == 1
    assert ration.take(NOW_US + 60 * SECOND_US) == 0
    assert QueryRation(tmp_path, Secret("other"), HOST, World(sleep=lambda _: None)).take(NOW_US) == 0


def test_backing_off_holds_everyone_and_is_never_shortened(tmp_path: Path) -> None:
    ration_in(tmp_path).back_off(NOW_US, 120)
    ration_in(tmp_path).back_off(NOW_US, 5)
    assert ration_in(tmp_path).take(NOW_US + 20 * SECOND_US) == 100
    assert ration_in(tmp_path).take(NOW_US + 120 * SECOND_US) == 0


def test_a_pause_is_an_hour_at_most(tmp_path: Path) -> None:
    ration_in(tmp_path).back_off(NOW_US, 10**9)
    assert ration_in(tmp_path).take(NOW_US) == 3600


def test_a_clock_that_goes_back_locks_nobody_out(tmp_path: Path) -> None:
    ration = ration_in(tmp_path)
    for _ in range(5):
        ration.take(NOW_US)
    ration.back_off(NOW_US, 300)
    assert ration.take(NOW_US - 3600 * SECOND_US) == 0


def test_nonsense_in_the_file_locks_nobody_out(tmp_path: Path) -> None:
    ration_in(tmp_path).take(NOW_US)
    (file,) = tmp_path.glob("queries-*.json")
    for nonsense in ("", "[]", '{"taken_us": ["x"], "paused_at_us": 1, "paused_until_us": 99999999999999999999}'):
        file.write_text(nonsense)
        assert ration_in(tmp_path).take(NOW_US) == 0


def test_without_a_usable_folder_the_process_keeps_its_own(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ration = ration_in(tmp_path / "file")
    assert [ration.take(NOW_US) for _ in range(6)] == [0, 0, 0, 0, 0, 60]
    ration.back_off(NOW_US, 90)
    assert ration.take(NOW_US) == 90


def take_many(folder: Path, granted: object) -> None:
    ration = QueryRation(folder, KEY, HOST, World())
    for _ in range(5):
        if ration.take(NOW_US) == 0:
            with granted.get_lock():  # type: ignore[attr-defined]
                granted.value += 1  # type: ignore[attr-defined]


def test_processes_share_one_ration(tmp_path: Path) -> None:
    spawning = multiprocessing.get_context("spawn")
    granted = spawning.Value("i", 0)
    askers = [spawning.Process(target=take_many, args=(tmp_path, granted)) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(60)
    assert [asker.exitcode for asker in askers] == [0] * 4
    assert granted.value == 5


@given(steps=st.lists(st.integers(0, 30), max_size=40))
def test_no_window_of_60_seconds_holds_more_than_five(
    tmp_path_factory: object, steps: list[int]
) -> None:
    ration, now_s, granted = ration_in(tmp_path_factory.mktemp("r")), 0, []  # type: ignore[attr-defined]
    for step in steps:
        now_s += step
        if ration.take(NOW_US + now_s * SECOND_US) == 0:
            granted.append(now_s)
    assert all(later - first >= 60 for first, later in zip(granted, granted[5:], strict=False))
