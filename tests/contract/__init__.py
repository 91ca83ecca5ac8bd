"""The promises of the ports, each played on every implementation: what holds in memory holds on Azure."""
