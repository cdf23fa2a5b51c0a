"""Files that several processes share: whole or not at all, for their owner alone, and one process at a time."""

import multiprocessing
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mpesa_cli.floor import machine
from mpesa_cli.floor.files.lock import locked, take_lock
from mpesa_cli.floor.files.whole_file import OnDisk, read_small, write_whole

HOLDING = """
import sys, time
from pathlib import Path
from mpesa_cli.floor.files.lock import take_lock
assert take_lock(Path(sys.argv[1])) is not None
print("held", flush=True)
time.sleep(60)
"""


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_lock_is_held_by_one_process_and_freed_by_its_death(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    with subprocess.Popen([sys.executable, "-c", HOLDING, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        slept: list[float] = []
        assert take_lock(path) is None
        assert take_lock(path, wait_s=0.5, sleep=slept.append) is None
        assert sum(slept) == pytest.approx(0.5)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with locked(path, wait_s=5) as handle:
            assert handle is not None
            assert take_lock(path) is None, "nor twice by one"
    assert mode_of(path) == 0o600


def test_a_lock_is_never_taken_on_what_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "x.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"x\.lock"):
        take_lock(tmp_path / "x.lock")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("on_disk", ["no", "content", "name"])
def test_a_file_that_can_not_be_written_to_its_end_leaves_the_old_one_and_no_scratch(
    tmp_path: Path, on_disk: OnDisk
) -> None:
    path = tmp_path / "x"
    write_whole(path, b"old", on_disk=on_disk)

    def parts() -> object:
        yield b"new"
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_whole(path, parts(), on_disk=on_disk)  # type: ignore[arg-type]
    assert (path.read_bytes(), mode_of(path)) == (b"old", 0o600)
    assert [each.name for each in tmp_path.iterdir()] == ["x"]


def test_a_reader_finds_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path, size = tmp_path / "x", 200_000
    write_whole(path, b"0" * size, on_disk="no")
    writer = multiprocessing.get_context("fork").Process(target=_rewrite, args=(path, size))
    writer.start()
    seen = set()
    while writer.is_alive():
        read, _ = read_small(path, size)
        assert len(read) == size
        assert len(set(read)) == 1
        seen.add(read[0])
    writer.join()
    assert writer.exitcode == 0
    assert len(seen) > 1, "it was read while it was written"


def _rewrite(path: Path, size: int) -> None:
    for number in range(300):
        write_whole(path, b"%d" % (number % 10) * size, on_disk="no")


def test_a_link_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "real").read_bytes() == b"old"
    assert not (tmp_path / "link").is_symlink()


def test_a_small_file_is_read_without_waiting_for_a_pipe_or_following_a_link(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "real").write_bytes(b"x" * 100)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert read_small(tmp_path / "pipe", 10)[0] == b""
    assert len(read_small(tmp_path / "link", 10)[0]) == 11, "one byte more says that it is too long"
    with pytest.raises(OSError, match="link"):
        read_small(tmp_path / "link", 10, follow=False)


def test_a_finished_file_never_takes_the_place_of_another(tmp_path: Path) -> None:
    (tmp_path / "scratch").write_bytes(b"new")
    (tmp_path / "taken").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        machine.give_name(tmp_path / "scratch", tmp_path / "taken")
    assert (tmp_path / "taken").read_bytes() == b"old"
    machine.give_name(tmp_path / "scratch", tmp_path / "free")
    assert (tmp_path / "free").read_bytes() == b"new"


def test_every_folder_that_is_missing_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        machine.make_private_folder(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(before)
    assert {mode_of(each) for each in (tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c")} == {0o700}
