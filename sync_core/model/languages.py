"""The languages of what a PSA prints for its customers: the few words that stand beside people's names on an invoice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """The language of a connection's invoices, by its code of ISO 639-1."""

    DANISH = "da"
    DUTCH = "nl"
    ENGLISH = "en"
    FRENCH = "fr"
    GERMAN = "de"
    ITALIAN = "it"
    NORWEGIAN = "nb"
    POLISH = "pl"
    PORTUGUESE = "pt"
    SPANISH = "es"
    SWEDISH = "sv"

    @property
    def words(self) -> Words:
        """The words in this language."""
        return _WORDS[self]


@dataclass(frozen=True)
class Words:
    """``Users: a, b, + 3 more, 2 unassigned``. ``users`` is another word in each language: by it a text with names is known again."""

    users: str
    more: str
    unassigned: str


_WORDS: Mapping[Language, Words] = {
    Language.DANISH: Words("Brugere", "flere", "ikke tildelt"),
    Language.DUTCH: Words("Gebruikers", "meer", "niet toegewezen"),
    Language.ENGLISH: Words("Users", "more", "unassigned"),
    Language.FRENCH: Words("Utilisateurs", "autres", "sans utilisateur"),
    Language.GERMAN: Words("Benutzer", "weitere", "nicht zugewiesen"),
    Language.ITALIAN: Words("Utenti", "altri", "non assegnate"),
    Language.NORWEGIAN: Words("Brukere", "flere", "ikke tildelt"),
    Language.POLISH: Words("Użytkownicy", "więcej", "nieprzypisane"),
    Language.PORTUGUESE: Words("Utilizadores", "mais", "sem utilizador"),
    Language.SPANISH: Words("Usuarios", "más", "sin asignar"),
    Language.SWEDISH: Words("Användare", "till", "ej tilldelade"),
}
