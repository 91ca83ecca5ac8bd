"""The driving side: triggers that parse, call one stage and translate errors. Nothing is decided here."""
