"""What a newcomer and the tests run against: simulated Microsoft 365 and PSAs, a local Functions host, seeded data.

Nothing in here is deployed, and nothing in ``sync_core`` or ``adapters`` imports it.
"""
