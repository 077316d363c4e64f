"""Very many texts: from one number, from many, and what they cost whom."""

from __future__ import annotations

from gateway.engine.allowances import TEXTS_PER_SENDER, Sizes
from gateway.records import AuditEvent, OutboundMessage
from tests.attacks.forging import forge
from tests.gateway.engine.conversing import answer, asked, limits_reached, password_in
from tests.world import MIA, SAM, World

MANY = 200


def stranger(number: int) -> str:
    return f"+1415556{number:04d}"


def test_a_flood_from_one_number_writes_and_texts_no_more_than_its_limit(
    asking_anywhere: World,
) -> None:
    """Wanted: to fill our tables and the phone. Got: ten texts, one that says enough, one event."""
    world = asking_anywhere
    forge(world, ["what a day"] * MANY)
    assert len(world.texts()) == TEXTS_PER_SENDER.count + 1
    assert limits_reached(world) == ["texts_per_sender"]
    with world.database.transaction() as session:
        assert session.query(OutboundMessage).count() == TEXTS_PER_SENDER.count + 1
        assert session.query(AuditEvent).count() < 2 * TEXTS_PER_SENDER.count + 10


def test_a_flood_from_many_strangers_keeps_nobody_from_help(asking_anywhere: World) -> None:
    """Wanted: to drown those who are known. Got: silence for each, and Mia was helped."""
    world = asking_anywhere
    for number in range(MANY):
        world.text("RESET", stranger(number))
    world.work()
    assert world.carrier.sent == []
    assert password_in(answer(world, asked(world))) == world.mia.password


def test_more_texts_than_the_installation_takes_stop_strangers_and_for_a_minute_all(
    asking: World,
) -> None:
    """Wanted: to use up what the installation takes in a minute. Got it, for that minute.

    This is the one limit that strangers and people share; `TEXTS_PER_MINUTE` is the size of it.
    """
    asking.sizes = Sizes(texts_per_minute=50, changes_per_hour=2000, answers_per_day=20_000)
    asking.restarted()
    for number in range(100):
        asking.text("RESET", stranger(number))
    asking.clock.forward(61)
    assert password_in(answer(asking, asked(asking))) == asking.mia.password


def test_a_flood_in_everybodys_name_leaves_each_their_word(asking: World) -> None:
    """Wanted: that nobody is helped. Got: each is asked for a word, and each word works."""
    for _ in range(50):
        asking.text("RESET", MIA)
        asking.text("RESET", SAM)
    asking.work()
    for number, account in ((MIA, asking.mia), (SAM, asking.sam)):
        words = [text for text in asking.texts(number) if "text back" in text]
        assert words
        word = words[-1].split("text back ")[1].split()[0]
        assert password_in(answer(asking, word, number)) == account.password
