"""The stages of a run. Each may run twice, at once, late, or after a crash at any line: state moves by ETag, and whoever comes second stops."""
