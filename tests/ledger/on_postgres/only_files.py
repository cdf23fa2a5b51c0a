"""What proves a ledger in a file and can't be asked of one in a database, each with why."""

ONLY_FILES: dict[str, tuple[str, ...]] = {
    "it damages, locks, fills or reads SQLite's file by SQLite's own means": (
        "listener/test_listener_disk_full.py",
        "listener/test_listener_failures.py::test_a_disk_that_is_really_full_is_answered_503",
        "owner/test_owner_reading.py::test_a_look_is_of_one_moment_and_can_write_nothing",
        "payments/test_ledger_faults.py",
        "payments/test_time_bounds.py::test_a_locked_ledger_is_waited_for_no_longer_than_there_is_time",
        "upkeep/test_upkeep_backup.py::test_a_copy_that_is_not_what_was_read_gets_no_name",
        "upkeep/test_upkeep_backup.py::test_a_plain_copy_with_its_log_beside_is_refused",
        "upkeep/test_upkeep_missing.py::test_a_copy_of_the_old_format_is_the_same_ledger_once_it_is_upgraded",
        "upkeep/test_upkeep_missing.py::test_a_process_that_still_has_the_lost_file_open_asks_for_nothing",
        "upkeep/test_upkeep_missing.py::test_with_a_wrong_home_no_other_ledger_is_begun",
    ),
    "it looks for what is left in the bytes of SQLite's files": (
        "upkeep/test_upkeep_erase.py::test_a_ledger_that_others_write_once_the_number_is_erased_is_not_said_to_have_kept",
        "upkeep/test_upkeep_erase.py::test_a_person_is_asked_and_nobody_is_never_taken_for_yes",
        "upkeep/test_upkeep_erase.py::test_bytes_that_sqlite_left_in_free_pages_go_too",
        "upkeep/test_upkeep_erase.py::test_copies_from_before_an_upgrade_are_named",
        "upkeep/test_upkeep_erase.py::test_killed_around_each_of_its_commits_the_next_run_finishes",
        "upkeep/test_upkeep_erase.py::test_money_that_was_reported_and_not_read_yet_is_not_erased_before_it_is_in_the",
        "upkeep/test_upkeep_erase.py::test_nothing_is_erased_while_money_may_still_move",
        "upkeep/test_upkeep_erase.py::test_old_bytes_that_another_process_keeps_are_told_and_taken_the_next_time",
        "upkeep/test_upkeep_erase.py::test_the_number_is_gone_and_everything_else_stands",
        "upkeep/test_upkeep_erase.py::test_what_else_holds_the_number_is_cleared",
    ),
    "it reads how SQLite plans a question, or what it was asked": (
        "history/test_history_paging.py::test_no_filter_walks_all_payments_and_only_those_of_few_sort",
        "sms/test_sms_outbox.py::test_the_look_for_waiting_receipts_uses_an_index",
    ),
    "a look or a round of questions takes longer here than the test gives it": (
        "listener/test_listener_contention.py::test_two_listeners_cron_and_a_till_share_one_ledger",
        "owner/test_owner_page_http.py::test_phones_are_masked_and_names_from_outside_are_text",
    ),
    "it counts what is loaded, and psycopg loads more": (
        "history/test_history_command.py::test_a_look_loads_no_network_no_rich_and_no_sqlite_utils",
    ),
    "doctor rightly finds fault with a server that flushes nothing, and whose clock is no test's": (
        "upkeep/test_doctor_whole.py::test_a_ledger_that_nothing_proved_for_a_week_fails_until_something_does[proof1]",
        "upkeep/test_upkeep_doctor.py::test_a_report_says_what_the_system_does_and_names_neither_secret_nor_user",
        "upkeep/test_upkeep_doctor.py::test_where_nothing_is_configured_all_is_well_without_a_network",
    ),
}


def reason_of(test: str) -> str:
    """Why a test is passed over; empty where it is not."""
    bare = test.removeprefix("tests/")
    return next((why for why, tests in ONLY_FILES.items() if any(bare.startswith(each) for each in tests)), "")
