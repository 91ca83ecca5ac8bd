"""The ports in memory, for fast tests and for simulations that decide what happens between any two calls."""
