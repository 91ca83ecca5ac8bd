"""The layout of all that is said about notices: routes by kind, and what is off."""

from __future__ import annotations

from sync_core.configuration.custom_layout import ITEM
from sync_core.configuration.shapes import Field, Fields, ListOf, MapOf
from sync_core.configuration.values import choice, email_address, flag, identifier, secret_name, setting_name, text_value, whole_number
from sync_core.model.configuration import MailVia
from sync_core.model.notices import Frequency, NoticeKind, Weekday

_KINDS = ListOf(choice(NoticeKind))

SILENCE = Fields(
    {
        "off": Field(_KINDS, "Kinds that are not told."),
        "items": Field(MapOf(_KINDS, ITEM), "Kinds that are not told of an item, by SKU or custom licence, such as custom:email-backup."),
    }
)

TICKET = Fields(
    {
        "connection": Field(text_value("a connection"), "The PSA connection; needed only where there are several."),
        "company": Field(identifier("a company id"), "The PSA company that tickets are opened at, such as your own.", required=True),
        "at_customer": Field(flag(), "Whether a customer's tickets are opened at its own company instead, where it has one; false by default."),
        "settings": Field(MapOf(text_value(), setting_name()), "What this kind of PSA wants to know of a ticket, such as the board."),
    }
)

ROUTE = Fields(
    {
        "recipients": Field(ListOf(email_address()), "Who is told of this kind; the recipients of all notices by default."),
        "frequency": Field(choice(Frequency), "How often: each run (the default), daily or weekly."),
        "weekday": Field(choice(Weekday), "With weekly, the day: it is told with the first run on or after it; monday by default."),
        "when_empty": Field(flag(), "Whether a mail goes out also when there is nothing of the kind; false by default."),
        "repeat": Field(flag(), "Whether what was told before and still stands is told again; by default only what is a state of the run."),
        "mail": Field(flag(), "False where this kind is to go into no mail; true by default."),
        "ticket": Field(TICKET, "The ticket to open in a PSA for what stands in none yet."),
    }
)

SMTP = Fields(
    {
        "host": Field(text_value("a host name"), "The mail server.", required=True),
        "port": Field(whole_number(), "Its port; 587 by default."),
        "user": Field(text_value("a user name"), "Who signs in; nobody by default."),
        "password_secret": Field(secret_name(), "Name of the Key Vault secret that holds the password."),
    }
)

NOTICES = Fields(
    {
        "recipients": Field(ListOf(email_address()), "Who is told of every kind that has no recipients of its own."),
        "sender": Field(email_address(), "Whom it comes from."),
        "via": Field(choice(MailVia), "How it leaves: graph (the default) or smtp."),
        "smtp": Field(SMTP, "The mail server, for smtp."),
        "unread_after_days": Field(whole_number(), "Customers that were not read for so many days are listed; 3 by default."),
        "when_empty": Field(flag(), "Whether the mail of a run goes out also when there is nothing to tell; true by default."),
        "routes": Field(MapOf(ROUTE, choice(NoticeKind)), "By kind, who is told and how often, where that is not everybody with each run."),
        **SILENCE.fields,
    }
)
