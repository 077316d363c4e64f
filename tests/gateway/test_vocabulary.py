"""The files of words in the languages' folders, and what is said where one can't be used."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from gateway.vocabulary import WordsMalformed, vocabulary, vocabulary_of
from gateway.wording import templates_of
from handlers.claims import WordClaimedTwice, WordReserved
from handlers.conversation import Text
from handlers.vocabulary import Certainty, Intent, Meaning

SEVEN = ("de", "en", "es", "fr", "it", "nl", "pt")


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str, str], Path]:
    """A folder of languages with English alone, and one thing in its words replaced."""

    def change(old: str, new: str) -> Path:
        english = files("templates").joinpath("sms", "en", "words.toml").read_text("utf-8")
        assert old in english
        (tmp_path / "en").mkdir()
        (tmp_path / "en" / "words.toml").write_text(english.replace(old, new, 1), "utf-8")
        return tmp_path

    return change


@pytest.mark.parametrize("language", SEVEN)
def test_every_language_has_its_words_in_its_folder(language: str) -> None:
    assert files("templates").joinpath("sms", language, "words.toml").is_file()


def test_the_words_are_read_once() -> None:
    assert vocabulary() is vocabulary()


def test_a_file_of_words_is_no_template() -> None:
    assert not any("words" in name for language in SEVEN for name in templates_of(language))


def test_a_language_is_added_with_one_folder(changed: Callable[[str, str], Path]) -> None:
    folder = changed('"RESET"', '"RESET"')
    (folder / "sv").mkdir()
    english = (folder / "en" / "words.toml").read_text("utf-8")
    swedish = english.replace('words = ["UNLOCK"]', 'words = ["LÅS UPP"]')
    (folder / "sv" / "words.toml").write_text(swedish, "utf-8")
    meaning = vocabulary_of(folder).understand(Text("lås upp!"))
    assert meaning == Meaning(Intent.UNLOCK, Certainty.EXACT, "sv")


def test_a_folder_without_words_is_a_language_in_which_nothing_is_understood(
    changed: Callable[[str, str], Path],
) -> None:
    folder = changed('"RESET"', '"RESET"')
    (folder / "sv").mkdir()
    assert vocabulary_of(folder).understand(Text("reset"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[reset]", "[reset", r"^en/words\.toml: .*line 3"),
        ("[unlock]", "[unlok]", r"^en/words\.toml: unlock\.words has to be a list of words"),
        ('words = ["RESET"]', "words = []", r"^en/words\.toml: reset\.words has to be"),
        ('words = ["RESET"]', 'words = "RESET"', r"reset\.words has to be"),
        ('words = ["RESET"]', 'words = ["RESET", 2]', r"reset\.words has to be"),
        ('words = ["RESET"]', 'words = ["RESET", "!"]', r"reset\.words has to be"),
        ('words = ["RESET"]', 'words = ["RESET"]\nword = []', r"reset has no word, but words and"),
        ("[groups]", "[group]", r"the section groups is missing"),
        ("[groups]", '[greetings]\nwords = ["hi"]\n[groups]', r"there is no section greetings"),
        ("my = [", "my = 3\nmine = [", r"groups\.my has to be"),
        ("{reset} {password}", "{reste} {password}", r"en has no group \{reste\} for its phrase"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_what_is_wrong_in_it(
    changed: Callable[[str, str], Path], old: str, new: str, said: str
) -> None:
    with pytest.raises(WordsMalformed, match=said):
        vocabulary_of(changed(old, new))


def test_bytes_that_are_no_text_are_named_too(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "words.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WordsMalformed, match=r"en/words\.toml"):
        vocabulary_of(tmp_path)


@pytest.mark.parametrize("word", ["Cancel", "yes", "STOPP", "Arre\u0302t", "sí", "parar"])
def test_a_word_that_carriers_or_other_senders_use_is_refused(
    changed: Callable[[str, str], Path], word: str
) -> None:
    with pytest.raises(WordReserved, match=rf"en claims '{word}' for reset, but carriers"):
        vocabulary_of(changed('words = ["RESET"]', f'words = ["RESET", "{word}"]'))


@pytest.mark.parametrize("word", ["unlock", "Réset!"])
def test_a_word_that_is_claimed_twice_is_refused(
    changed: Callable[[str, str], Path], word: str
) -> None:
    with pytest.raises(WordClaimedTwice, match=rf"en claims '(UNLOCK|{word})'"):
        vocabulary_of(changed('words = ["RESET"]', f'words = ["RESET", "{word}"]'))
