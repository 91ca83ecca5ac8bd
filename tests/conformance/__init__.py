"""One suite that the adapter of every PSA passes. A new PSA is one more entry in ``subjects.SUBJECTS``."""
