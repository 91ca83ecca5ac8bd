"""The words of the product as frozen dataclasses. They hold facts; what follows from facts is computed elsewhere."""
