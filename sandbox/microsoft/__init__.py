"""Simulated Microsoft: a world of tenants (``directory``), and the services in front of it (``simulator``)."""
