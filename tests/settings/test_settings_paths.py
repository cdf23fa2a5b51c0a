"""Where files live."""

import stat
from pathlib import Path

import pytest

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.files.private_folder import ensure_private_dir
from mpesa_cli.settings.paths import config_file, find_paths
from mpesa_cli.settings.private_files import locked, read_secret_file, write_private


def test_mpesa_home_puts_all_four_folders_under_one(tmp_path: Path) -> None:
    paths = find_paths({"MPESA_HOME": str(tmp_path)})
    assert [paths.config_dir, paths.data_dir, paths.state_dir, paths.cache_dir] == [
        tmp_path / "config", tmp_path / "data", tmp_path / "state", tmp_path / "cache",
    ]


def test_without_it_they_are_the_platforms_and_carry_our_name() -> None:
    paths = find_paths({})
    assert all("mpesa-cli" in str(folder) for folder in (paths.config_dir, paths.data_dir, paths.cache_dir))


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    find_paths({"MPESA_HOME": str(tmp_path / "new")})
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("variable", ["MPESA_HOME", "MPESA_CONFIG"])
def test_a_place_that_depends_on_the_working_directory_is_refused(variable: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        config_file({"MPESA_HOME": "/x"} | {variable: "here/there"})


def test_the_flag_comes_before_the_variable_before_the_users_own_file(tmp_path: Path) -> None:
    environ = {"MPESA_HOME": str(tmp_path)}
    assert config_file(environ) == tmp_path / "config" / "config.toml"
    environ["MPESA_CONFIG"] = "/etc/shop.toml"
    assert config_file(environ) == Path("/etc/shop.toml")
    assert config_file(environ, "/etc/other.toml") == Path("/etc/other.toml")


def test_the_working_directory_changes_nothing_but_the_flag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"MPESA_HOME": str(tmp_path)}
    before = config_file(environ)
    monkeypatch.chdir("/")
    assert config_file(environ) == before
    assert config_file(environ, "shop.toml") == Path("/shop.toml")


def test_every_folder_that_is_made_is_private(tmp_path: Path) -> None:
    ensure_private_dir(tmp_path / "a" / "b")
    assert [stat.S_IMODE((tmp_path / part).stat().st_mode) for part in ("a", "a/b")] == [0o700, 0o700]


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    ensure_private_dir(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_folder_that_cannot_be_made_is_a_settings_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(SettingsError, match="can't be made"):
            ensure_private_dir(place)


def test_a_private_file_is_0600_and_leaves_no_scratch(tmp_path: Path) -> None:
    write_private(tmp_path / "new" / "x.toml", "one\n")
    write_private(tmp_path / "new" / "x.toml", "two\n")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["x.toml"]
    assert (tmp_path / "new" / "x.toml").read_text() == "two\n"
    assert stat.S_IMODE((tmp_path / "new" / "x.toml").stat().st_mode) == 0o600


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.toml"
    write_private(path, "old\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SettingsError, match="No space left"):
        write_private(path, "new\n")
    assert path.read_text() == "old\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.toml"]


def test_a_link_goes_on_pointing_where_it_did(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text("old\n")
    (tmp_path / "link.toml").symlink_to(tmp_path / "real.toml")
    write_private(tmp_path / "link.toml", "new\n")
    assert (tmp_path / "link.toml").is_symlink()
    assert (tmp_path / "real.toml").read_text() == "new\n"


def test_the_lock_is_private_and_reusable(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path / "state"):
            assert stat.S_IMODE((tmp_path / "state" / ".lock").stat().st_mode) == 0o600


def test_a_missing_secret_file_is_none(tmp_path: Path) -> None:
    assert read_secret_file(tmp_path / "none", "X", private=True) is None
