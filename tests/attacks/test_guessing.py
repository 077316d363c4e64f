"""Guessing what only the phone was told: words of the list, many at once, in strange dress."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from gateway.confirmation_words import TRIES, is_word, word_of
from gateway.engine.allowances import TEXTS_PER_SENDER, WRONG_WORDS
from gateway.records import Phone
from gateway.records.requests import RequestState
from gateway.seal import Seal, new_key
from gateway.words import all_words
from tests.attacks.forging import forge
from tests.gateway.engine.conversing import answer, asked, events, password_in, people
from tests.world import SAM, World

DAY = 86_400


def not_those(*words: str) -> list[str]:
    """All other words of the list that mean nothing else."""
    return [word for word in all_words() if word not in words]


def test_the_word_is_one_of_so_many(asking: World) -> None:
    """Wanted: short odds. Got: twelve bits, of which three tries are a fourteen-hundredth."""
    assert len(all_words()) == len(set(all_words())) == 4137
    assert asked(asking) in all_words()


def test_all_words_of_the_list_one_after_the_other_are_three_guesses(
    asking_anywhere: World,
) -> None:
    """Wanted: to hit the word by texting all of them. Got: three tries, and the word was dead."""
    word = asked(asking_anywhere)
    forge(asking_anywhere, not_those(word)[:30])
    forge(asking_anywhere, [word])
    assert asking_anywhere.mia.passwords_set == []
    assert events(asking_anywhere).count("request:word:wrong") == TRIES
    assert RequestState.EXPIRED in asking_anywhere.states()


def test_a_flood_does_not_make_guesses_free(asking_anywhere: World) -> None:
    """Wanted: to guess on where texts are counted no more. Got: those guesses are tries as well.

    Whoever texts too often is answered no more, but what they text is still looked at.
    """
    word = asked(asking_anywhere)
    forge(asking_anywhere, ["what a day"] * (TEXTS_PER_SENDER.count + 1))
    forge(asking_anywhere, not_those(word)[:20])
    forge(asking_anywhere, [word])
    assert asking_anywhere.mia.passwords_set == []
    assert events(asking_anywhere).count("request:word:wrong") == TRIES


def test_many_guesses_at_once_are_three(asking_anywhere: World) -> None:
    """Wanted: to have twenty words looked at before one of them is counted. Got: three were."""
    word = asked(asking_anywhere)
    guesses = [*not_those(word)[:19]]
    with ThreadPoolExecutor(10) as at_once:
        list(at_once.map(asking_anywhere.text, guesses))
    assert events(asking_anywhere).count("request:word:wrong") == TRIES


def test_a_day_of_blind_guessing_is_so_many_guesses(asking: World) -> None:
    """Wanted: one lucky word. Got: fewer than fifty guesses a day, one chance in ninety.

    And what would have been won is a password that is texted to Mia.
    """
    guesses = iter(not_those() * 2)
    for _ in range(DAY // 720):
        forge(asking, ["RESET"], every=60)
        forge(asking, [next(guesses) for _ in range(TRIES)], every=220)
    counted = events(asking).count("request:word:wrong")
    confirmed = events(asking).count("request:word:confirmed")
    assert WRONG_WORDS.count < counted + confirmed <= 4 * (WRONG_WORDS.count + TRIES)
    assert confirmed <= 1


@pytest.mark.parametrize("between", [" ", ", ", "\n", ";", "\u2003"])
def test_several_words_in_one_text_are_no_guess(asking: World, between: str) -> None:
    """Wanted: many guesses for one. Got: none, and no try was used up either."""
    word = asked(asking)
    answer(asking, between.join(["lemon", word, "apple"]))
    assert asking.mia.passwords_set == []
    assert "request:word:wrong" not in events(asking)
    assert password_in(answer(asking, word)) == asking.mia.password


@pytest.mark.parametrize("body", ["YES", "OK", "confirm", "y", "1", "%", "*", ".*", "\u0000"])
def test_nothing_but_the_word_goes_on(asking: World, body: str) -> None:
    """Wanted: to confirm without the word. Got: nothing, as YES is no word of ours."""
    asked(asking)
    answer(asking, body)
    assert asking.mia.passwords_set == []


def test_the_start_of_a_word_is_not_the_word(asking: World) -> None:
    """Wanted: to come close and be let in. Got: a word is right or wrong."""
    word = asked(asking)
    for near in (word[:-1], word + "s"):
        answer(asking, near)
    assert asking.mia.passwords_set == []


def test_the_word_of_an_older_request_is_nothing_for_the_next(asking_anywhere: World) -> None:
    """Wanted: to use a word that was seen once. Got: the next request has another."""
    old = asked(asking_anywhere)
    asking_anywhere.settle(700, step=100)
    new = asked(asking_anywhere)
    assert new != old
    answer(asking_anywhere, old)
    assert asking_anywhere.mia.passwords_set == []
    assert password_in(answer(asking_anywhere, new)) == asking_anywhere.mia.password


def test_a_word_works_once(asking_anywhere: World) -> None:
    """Wanted: a second password with a word that was used. Got: nothing was changed again."""
    word = asked(asking_anywhere)
    answer(asking_anywhere, word)
    for _ in range(5):
        asking_anywhere.clock.forward(60)
        answer(asking_anywhere, word)
    assert len(asking_anywhere.mia.passwords_set) == 1


def test_a_word_from_another_phone_of_the_same_person_is_wrong(asking_anywhere: World) -> None:
    """Wanted: to use a word that was seen on one phone from another. Got: it is bound to one."""
    world = asking_anywhere
    with world.database.transaction() as session:
        sams = update(Phone).where(Phone.number_index == world.seal.index(SAM))
        session.execute(sams.values(person_id=people(world)["mia.keller"].id))
    word = asked(world)
    answer(world, word, SAM)
    assert world.mia.passwords_set == []
    assert password_in(answer(world, word)) == world.mia.password


def test_whoever_reads_the_database_does_not_read_the_word(asking_anywhere: World) -> None:
    """Wanted: the word of a request from a stolen copy. Got: a seed, worthless without the keys."""
    word = asked(asking_anywhere)
    [request] = asking_anywhere.requests()
    assert request.word_seed
    assert is_word(asking_anywhere.seal, request.word_seed, word)
    others = [word_of(Seal([SecretStr(new_key())]), request.word_seed) for _ in range(5)]
    assert {each.get_secret_value() for each in others} != {word}
