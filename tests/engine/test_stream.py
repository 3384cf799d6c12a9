"""Who deletes the entries of the stream, and when."""

from __future__ import annotations

from typing import Any

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.events.event_codec import receipt_for
from littleflow_redis.events.group import GroupReader
from littleflow_redis.workers.receipts import IDLE, SHARE, Receipts, work_in

from .support import append, read_all, run


@pytest.fixture
def shown() -> list[str]:
    return []


@pytest.fixture
def receipts(engine: Client, shown: list[str]) -> Receipts:
    return Receipts(engine, show=shown.append)


def events(engine: Client) -> list[str]:
    entries: Any = engine.redis.xrange(engine.keys.events)
    return [id.decode() for id, _ in entries]


def kinds(engine: Client) -> list[str]:
    entries: Any = engine.redis.xrange(engine.keys.events)
    return [fields[b"kind"].decode().strip('"') for _, fields in entries]


def test_nothing_stays_in_the_stream_of_finished_workflows(
    engine: Client, receipts: Receipts
) -> None:
    run(engine, "A → { B C } → D")
    receipts.turn()
    receipts.turn()
    assert engine.redis.xlen(engine.keys.events) == 0


def test_a_start_task_stays_while_its_attempt_is_open_whoever_acknowledged_it(
    engine: Client, receipts: Receipts
) -> None:
    workflow = engine.start("A")
    for group in ("ending", "players", "another"):
        read_all(engine, group)
    append(engine.redis, engine.keys.events, receipt_for(events(engine)[-1]))
    receipts.turn()
    assert "start-task" in kinds(engine)
    engine.terminate(workflow)
    receipts.turn()
    assert "start-task" not in kinds(engine)


def test_an_end_stays_until_every_group_has_read_and_acknowledged_it(
    engine: Client, receipts: Receipts
) -> None:
    slow = GroupReader(engine.redis, engine.keys.events, "slow")
    slow.ensure()
    run(engine, "A")
    receipts.turn()
    assert "end-task" in kinds(engine)
    held = [entry.id for entry in slow.read(100)]
    receipts.turn()
    assert "end-task" in kinds(engine)
    slow.ack(held)
    receipts.turn()
    assert kinds(engine) == []


def test_after_the_grace_nobody_is_waited_for(engine: Client, shown: list[str]) -> None:
    GroupReader(engine.redis, engine.keys.events, "never acknowledges").ensure()
    run(engine, "A")
    receipts = Receipts(engine, grace=-1.0, show=shown.append)
    receipts.turn()
    receipts.turn()
    assert kinds(engine) == []


def test_between_two_whole_sweeps_what_is_new_is_swept(engine: Client, receipts: Receipts) -> None:
    waiting = [engine.start("A") for _ in range(3)]
    receipts.sweep_stream()
    engine.terminate(waiting[0])
    engine.terminate(engine.start("A"))
    left = kinds(engine).count("start-task")
    receipts.sweep_stream(whole=False)
    assert kinds(engine).count("start-task") == left - 1
    receipts.sweep_stream()
    assert kinds(engine).count("start-task") == left - 2 == 2


def test_many_that_wait_cost_little_while_nothing_happens(
    engine: Client, receipts: Receipts
) -> None:
    for _ in range(300):
        engine.start("A")
    receipts.sweep_stream()
    assert engine.transitions.sweep_stream("-", 1000, grace=60, retention=60).seen >= 300
    assert receipts.sweep_stream(whole=False) == 0
    assert engine.transitions.sweep_stream(receipts._swept, 1000, grace=60, retention=60).seen == 0


def test_a_network_that_hesitates_does_not_count_as_work(
    engine: Client, receipts: Receipts
) -> None:
    """A turn that took seven seconds, of which Redis was away for all but some milliseconds, was
    followed by a pause of more than a minute: the stream grew, and was not swept at rest.
    """
    for _ in range(10):
        append(engine.redis, engine.keys.events, {"kind": "go"})
    receipts.sweep_stream()
    assert work_in(7.0, receipts.looked) / SHARE <= IDLE
    assert work_in(0.001, receipts.looked) == 0.001


def test_a_users_event_stays_until_receipted_and_read(engine: Client, receipts: Receipts) -> None:
    id = engine.send_event("approved", {"who": "me"})
    read_all(engine, "ending")
    receipts.turn()
    assert kinds(engine) == ["approved"]
    append(engine.redis, engine.keys.events, receipt_for(id))
    receipts.turn()
    read_all(engine, "ending")
    receipts.turn()
    assert kinds(engine) == []
    assert not engine.redis.exists(engine.keys.receipted)


def test_a_users_event_goes_after_its_retention(engine: Client, shown: list[str]) -> None:
    engine.send_event("approved")
    Receipts(engine, event_retention=-1.0, show=shown.append).turn()
    Receipts(engine, event_retention=-1.0, show=shown.append).turn()
    assert kinds(engine) == []


def test_a_receipted_event_goes_after_its_retention_whoever_acknowledged_it(
    engine: Client, receipts: Receipts, shown: list[str]
) -> None:
    """Listeners of rqse never acknowledge what is not theirs: all events with a receipt stayed in
    the stream for ever, while those without one went.
    """
    rqse = GroupReader(engine.redis, engine.keys.events, "never acknowledges")
    rqse.ensure()
    id = engine.send_event("approved")
    append(engine.redis, engine.keys.events, receipt_for(id))
    rqse.read(10)
    receipts.turn()
    receipts.turn()
    assert "approved" in kinds(engine)
    late = Receipts(engine, event_retention=-1.0, grace=-1.0, show=shown.append)
    late.turn()
    assert kinds(engine) == []
    assert not engine.redis.exists(engine.keys.receipted, engine.keys.mailbox)


def test_each_receipted_event_is_printed_once(
    engine: Client, receipts: Receipts, shown: list[str]
) -> None:
    engine.start("A")
    append(engine.redis, engine.keys.events, receipt_for(events(engine)[-1]))
    receipts.turn()
    receipts.turn()
    assert len(shown) == 1
    assert "'kind': 'start-task'" in shown[0]
    assert "processed at 2" in shown[0]


@pytest.mark.parametrize("id", ["99999999999999999999-0", "1-" + "9" * 30])
def test_a_receipt_for_an_id_beyond_64_bits_costs_no_other_receipt(
    engine: Client, receipts: Receipts, shown: list[str], id: str
) -> None:
    """The janitor ended, and the batch that it had read was never printed.

    XRANGE raises for such an id, after XREADGROUP had taken the whole batch.
    """
    engine.start("A")
    task = events(engine)[-1]
    for target in (task, id, task):
        append(engine.redis, engine.keys.events, receipt_for(target))
    receipts.turn()
    receipts.turn()
    assert len(shown) == 2


def test_pending_ids_without_an_entry_are_acknowledged(engine: Client, receipts: Receipts) -> None:
    reader = GroupReader(engine.redis, engine.keys.events, "lost")
    reader.ensure()
    engine.send_event("a")
    (entry,) = reader.read(10)
    engine.redis.xdel(engine.keys.events, entry.id)
    receipts.turn()
    receipts.prune_pending()
    assert engine.redis.xpending(engine.keys.events, "lost")["pending"] == 0
