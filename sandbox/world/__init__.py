"""A seeded MSP that looks like a real one, for the demo, the bench, the tests and other clients.

::

    world = seeded_world(customers=12, seed=7)
    with ServedWorld(world) as served:
        ...  # served.urls, served.settings, served.configuration_yaml
    world.promises  # what a night over it must come to

``python -m sandbox.world`` serves one from a process of its own; ``WorldProcess`` starts and steers that.
"""

from sandbox.world.process import WorldProcess
from sandbox.world.promises import Promise, PromisedChange
from sandbox.world.serving import Ports, ServedWorld
from sandbox.world.world import World, seeded_world

__all__ = ["Ports", "Promise", "PromisedChange", "ServedWorld", "World", "WorldProcess", "seeded_world"]
