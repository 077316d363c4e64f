"""The words that one-time passwords are made of: EFF's long list, less what nobody wants texted."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

_TYPED_EASILY: Final = re.compile(r"[a-hj-z][a-z]{2,6}")
"""3 to 7 letters. No word begins with i: `I` at the front can't be told from `l`."""

_OFFENSIVE: Final = """
    arousal badass barmaid boned bootie boozy bust caress cupping deviant diaper dingbat ditzy
    dork douche dweeb exes flirt gag geek gigolo gonad goon groin grope humped hunk junkie
    kisser kissing licking lustily lusty mammary manhood moaner moaning mooned nappy nerd
    nutcase oaf pelvis perky phobia probing pucker rascal rectal rectify sappy sinner slimy
    slum stooge stool stupor sultry thigh thong twerp unclad undress unrobed vixen wimp
    womanly womb
"""
_DARK: Final = """
    aids anemia arson atrophy autism bazooka bladder bribe cardiac carnage cartel casket chemo
    coma coroner cringe culprit deceit defame defraud demise deport despair despise dreaded
    drown enslave entomb entrap evict evil exhume exile explode extinct famine fascism fester
    fetal filth gloomy gore gory graves handgun hate hatred hemlock hurt jailer maggot maimed
    manhunt marxism mortify mourner mummify musket neuter opium panic perish perjury
    poach poison prison prozac pulsate punk purge purging rabid racism rage raging raider
    ransack revenge ritalin rotten rotting sadly savage scabbed scam sedate septic shame slain
    slander slug smite smother snitch spew stench stifle suspect swear tragedy traitor treason
    twisted undead undying ungodly unholy unloved unwell upchuck urology valium vice villain
    violate viral virus widow wound wrath zit zombie
"""
_ABOUT_PEOPLE: Final = """
    apache boney celtic chubby clumsy crazed crazy crummy deity devotee elderly eldest eskimo
    feeble frail french gentile gothic greedy kosher lazy lumpish mankind manly mannish mutt
    old pagan pauper preachy puritan runt sabbath scrawny sermon shabby siamese skinny sloppy
    stank stingy stinky tubby unkempt wannabe wasp whiny widow yiddish
"""
_WORDS_OF_THE_CONVERSATION: Final = "cancel quit removed reply reset revoke status unblock"
_MISTAKEN_FOR_OTHERS: Final = "yam yarn cache capitol carat catsup wok"

_GROUPS = (
    _OFFENSIVE,
    _DARK,
    _ABOUT_PEOPLE,
    _WORDS_OF_THE_CONVERSATION,
    _MISTAKEN_FOR_OTHERS,
)
LEFT_OUT: Final = frozenset(word for group in _GROUPS for word in group.split())
"""A one-time password is read by a person on a bad day, sometimes aloud to a colleague."""


@cache
def all_words() -> tuple[str, ...]:
    """What may be in a password, in alphabetical order; read once, at the first need."""
    text = files("xkcdpass").joinpath("static", "eff-long").read_text(encoding="ascii")
    fit = {word for word in text.split() if _TYPED_EASILY.fullmatch(word)}
    return tuple(sorted(fit - LEFT_OUT))
