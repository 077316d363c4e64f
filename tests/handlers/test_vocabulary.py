"""What people text, in seven languages, and how it is understood."""

from __future__ import annotations

from typing import Final
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.vocabulary import languages, vocabulary
from gateway.words import all_words
from handlers.conversation import Text
from handlers.languages import Languages
from handlers.reserved import KEPT_FREE, START_WORDS, STOP_WORDS, WORDS_OF_CARRIERS
from handlers.spelling import plain, spellings, spoken
from handlers.vocabulary import Certainty, Intent
from tests.handlers.texts import HELD_OUT, MISSED, TUNED, Written, texts, written

ALL: Final = [*texts(TUNED), *texts(HELD_OUT)]
ACTING: Final = frozenset({"=reset", "=unlock", "~unlock"})
"""What the gateway carries out without asking back and that is not merely an answer."""

COMMANDS: Final = sorted(Languages(languages()).commands())

WHOLE: Final = {
    way
    for word in (*(word for *_, word in COMMANDS), *WORDS_OF_CARRIERS)
    for way in spellings(word)
}
"""Each command and carriers' word, as all the ways in which it may be written."""

AROUND: Final = st.text(st.sampled_from(" \t\r\n.,!?-_*\"'()<>#😀👍🏽\u200b\ufe0f"), max_size=8)
"""What thumbs, keyboards and signatures put around a word."""

PIECES: Final = sorted(
    {word for line in ALL for word in line.body.split()} | {word for _, _, word in COMMANDS}
)


def understood(body: str) -> str:
    return written(vocabulary().understand(Text(body)))


def test_the_table_is_as_long_as_it_has_to_be() -> None:
    assert len(ALL) >= 240
    assert {each.language for each in ALL} == {"en", "es", "fr", "de", "pt", "it", "nl"}


@pytest.mark.parametrize("line", [each for each in ALL if each.mark == "="], ids=str)
def test_every_exact_word_is_understood(line: Written) -> None:
    assert understood(line.body) in line.meanings


def test_of_near_misses_and_plain_talk_nearly_all_is_understood_as_it_was_meant() -> None:
    near = [each for each in ALL if each.mark == "~"]
    missed = [each.body for each in near if understood(each.body) not in each.meanings]
    assert len(missed) <= 0.05 * len(near), missed


def test_what_is_missed_of_texts_that_it_was_not_made_for_is_known() -> None:
    """Whoever understands one of them by now takes it off the list."""
    held_out = list(texts(HELD_OUT))
    missed = {each.body for each in held_out if understood(each.body) not in each.meanings}
    assert missed == MISSED


@pytest.mark.parametrize("line", ALL, ids=str)
def test_nothing_is_done_that_was_not_meant(line: Written) -> None:
    """A reset that was only talked of is asked about first, so it is no wrong reset."""
    got = understood(line.body)
    assert got in line.meanings or got.split()[0] not in ACTING


@pytest.mark.parametrize(
    "body",
    [each.body for each in ALL if each.mark == "-"],
)
def test_whoever_talks_of_something_else_is_not_asked_whether_they_want_a_reset(body: str) -> None:
    assert understood(body) not in {"=reset", "~reset"}


@pytest.mark.parametrize(("language", "intent", "word"), COMMANDS)
def test_every_command_is_exact_in_any_dress(language: str, intent: Intent, word: str) -> None:
    for dress in (word, word.lower(), f"{word.title()}!", f'  "{word}" 🙏\n', plain(word)):
        assert understood(dress) == f"={intent}"


@pytest.mark.parametrize(("language", "intent", "word"), COMMANDS)
def test_no_slip_makes_a_command_of_one_a_command_of_another(
    language: str, intent: Intent, word: str
) -> None:
    harmless = {"-", "~status"} if " " in word else {"-"}
    for slip in slips(word):
        assert understood(slip) in {f"={intent}", f"~{intent}"} | harmless


@pytest.mark.parametrize("word", sorted({*STOP_WORDS, *START_WORDS, *KEPT_FREE}))
def test_a_slip_in_a_carriers_word_neither_stops_anything_nor_does_anything(word: str) -> None:
    for slip in slips(word):
        assert understood(slip).lstrip("=") in {"-", "~status", "stop", "start", "help", "~help"}
        if understood(slip) in {"=stop", "=start"}:
            assert slip.upper().replace("-", "") in {*STOP_WORDS, *START_WORDS}


@given(st.sampled_from(COMMANDS), AROUND, AROUND)
def test_nothing_around_a_command_changes_it(
    command: tuple[str, Intent, str], before: str, after: str
) -> None:
    _, intent, word = command
    assert understood(before + word + after) == f"={intent}"


@given(st.text(max_size=800))
def test_any_text_at_all_is_either_understood_or_not(body: str) -> None:
    meaning = vocabulary().understand(Text(body))
    assert meaning == vocabulary().understand(Text(body))
    if meaning and meaning.certainty is Certainty.EXACT:
        assert is_whole_command(body, meaning.choice)


@given(st.lists(st.sampled_from(PIECES), min_size=2, max_size=12).map(" ".join))
def test_only_a_whole_text_is_exact_however_its_words_are_mixed(body: str) -> None:
    meaning = vocabulary().understand(Text(body))
    if meaning and meaning.certainty is Certainty.EXACT:
        assert is_whole_command(body, meaning.choice)


@pytest.mark.parametrize("intent", [Intent.RESET, Intent.UNLOCK, Intent.STATUS])
@pytest.mark.parametrize(
    ("behind", "choice"),
    [
        ("2", "2"),
        ("#2", "2"),
        ("(12)", "12"),
        ("\uff12", "2"),
        ("a.smith", "a.smith"),
        ('"a.smith".', "a.smith"),
        ("A.Smith@northwind.example", "A.Smith@northwind.example"),
        ("NORTHWIND\\asmith", "NORTHWIND\\asmith"),
        ("müller-lüdenscheid", "müller-lüdenscheid"),
        ("helen 🙏", "helen"),
    ],
)
def test_a_number_or_a_user_name_may_stand_behind_a_command(
    intent: Intent, behind: str, choice: str
) -> None:
    assert understood(f"{intent} {behind}") == f"={intent} {choice}"


@pytest.mark.parametrize(
    "behind",
    [
        "please",
        "plese",
        "PLS",
        "now",
        "password",
        "pasword",
        "pass-word",
        "account",
        "it",
    ],
)
def test_a_word_of_speech_behind_a_command_is_no_user_name(behind: str) -> None:
    assert understood(f"reset {behind}") == "~reset"


@pytest.mark.parametrize(
    "behind", ["http://a.example/b", "a,b", "a.s.a.p.", "x" * 200, "two words"]
)
def test_what_can_be_no_user_name_is_no_choice(behind: str) -> None:
    assert understood(f"reset {behind}") in {"-", "~reset"}


def test_not_me_help_and_stop_have_no_choice() -> None:
    assert [understood(f"{word} 2") for word in ("help", "notme", "stop", "start")] == [
        "~help",
        "~not_me",
        "-",
        "-",
    ]


def test_a_command_that_english_has_is_told_to_be_english() -> None:
    assert languages_met("reset", "STATUS", "reset 2") == ["en", "en", "en"]


def test_the_language_of_a_text_is_told() -> None:
    met = languages_met("entsperren", "olvidé mi contraseña", "compte bloqué", "sono bloccato")
    assert met == ["de", "es", "fr", "it"]


def test_few_words_that_passwords_are_made_of_mean_anything_to_us() -> None:
    """A word to text back is drawn from those that mean nothing."""
    meant = {word for word in all_words() if understood(word) != "-"}
    assert len(meant) <= 20


@pytest.mark.parametrize("body", ["reset " * 100, "a " * 320, "x" * 5000, "." * 5000, "é" * 640])
def test_a_long_text_means_nothing(body: str) -> None:
    assert understood(body) == "-"


def languages_met(*bodies: str) -> list[str]:
    meanings = [vocabulary().understand(Text(body)) for body in bodies]
    return [meaning.language if meaning else "-" for meaning in meanings]


def is_whole_command(body: str, choice: tuple[str, ...]) -> bool:
    """Whether nothing but one command is there, once the choice behind it is cut off."""
    plain_form = normalize("NFKC", body)
    before = plain_form[: plain_form.rindex(choice[0])] if choice else plain_form
    return spoken(" ".join(Text(before).words)) in WHOLE


def slips(word: str) -> set[str]:
    """Every letter left out, doubled, mistaken for x, or swapped with its neighbour."""
    places = range(len(word))
    left_out = {word[:at] + word[at + 1 :] for at in places}
    doubled = {word[: at + 1] + word[at:] for at in places}
    mistaken = {word[:at] + "x" + word[at + 1 :] for at in places}
    swapped = {word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :] for at in places}
    return left_out | doubled | mistaken | swapped - {word}
