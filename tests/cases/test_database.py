"""The connection to SQLite is kept open, and still follows what happens to the file."""

from pathlib import Path

import pytest

from cases.migrate import upgrade
from cases.states import CaseLogUnavailable
from cases.store import CaseStore


def asked(store: CaseStore, conversation: str) -> str:
    return store.record_turn(conversation, topic="tax/vat", outcome="answered", language="de")


def test_nothing_is_written_into_a_file_that_was_moved_away(tmp_path: Path) -> None:
    path, aside = tmp_path / "cases.db", tmp_path / "aside.db"
    upgrade(f"sqlite:///{path}")
    store = CaseStore(f"sqlite:///{path}")
    first = asked(store, "one")
    store.drop_old_pages()
    path.rename(aside)
    with pytest.raises(CaseLogUnavailable):
        asked(store, "two")
    path.unlink()
    aside.rename(path)
    asked(store, "three")
    assert sorted(case.conversation_id or "" for case in store.query()) == ["one", "three"]
    assert store.case(first).conversation_id == "one"
    store.dispose()


def test_a_connection_is_kept(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path / 'cases.db'}")
    store = CaseStore(f"sqlite:///{tmp_path / 'cases.db'}")
    asked(store, "one")
    asked(store, "two")
    assert store.engine.pool.checkedin() == 1  # type: ignore[attr-defined]
    store.dispose()
