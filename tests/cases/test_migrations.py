import threading

import pytest
from sqlalchemy import text

from cases.database import make_engine
from cases.migrate import configuration, differences, require_current, upgrade
from cases.states import CaseLogUnavailable
from cases.store import CaseStore


def test_migrations_make_what_the_models_say(empty_url: str) -> None:
    assert upgrade(empty_url)[0] is None
    assert differences(empty_url) == []


def test_upgrade_may_run_again(empty_url: str) -> None:
    first = upgrade(empty_url)
    assert upgrade(empty_url) == (first[1], first[1])
    require_current(empty_url)


def test_several_processes_may_upgrade_at_once(empty_url: str) -> None:
    results: list[object] = []

    def run() -> None:
        try:
            results.append(upgrade(empty_url)[1])
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["0003"] * 4


def test_downgrade_leaves_nothing(empty_url: str) -> None:
    from alembic import command

    upgrade(empty_url)
    config = configuration()
    engine = make_engine(empty_url)
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    engine.dispose()
    assert {kind for kind, *_ in differences(empty_url)} == {"add_table", "add_index"}


def test_database_without_tables_is_told(empty_url: str) -> None:
    with pytest.raises(CaseLogUnavailable, match="nrwbot cases migrate"):
        require_current(empty_url)
    store = CaseStore(empty_url)
    with pytest.raises(CaseLogUnavailable, match="nrwbot cases migrate"):
        store.record_turn("talk", topic="tax/vat", outcome="answered", language="de")
    store.dispose()


def test_database_of_another_version_is_told(url: str) -> None:
    engine = make_engine(url)
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(CaseLogUnavailable, match="9999"):
        require_current(url)


def test_unreachable_server_is_told_without_password() -> None:
    url = "postgresql+psycopg2://someone:hunter2@127.0.0.1:1/none"
    with pytest.raises(CaseLogUnavailable, match="cannot be reached") as error:
        upgrade(url)
    assert "hunter2" not in str(error.value)
    store = CaseStore(url)
    with pytest.raises(CaseLogUnavailable, match="NRWBOT_DATABASE_URL"):
        store.open_case("talk")
