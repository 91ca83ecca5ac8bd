"""From nothing to the first observed run: steps that look, say what they found, and do or tell what is missing. Each may run again."""
