"""The configuration as files: YAML in and out."""
