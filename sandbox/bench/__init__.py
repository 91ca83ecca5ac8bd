"""The benchmark behind ``dev.py bench``: what a customer costs, counted and measured, and never a test of time.

Absolute times say more about a machine than about the code. So wherever it can be, a value is a count, or a ratio of two
things that are measured in turns in the same run. Each measurement gives a ``Section`` of figures, with its goal where it has one.
"""
