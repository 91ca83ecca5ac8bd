"""How a story goes: several days on which everything happens at once, then days on which nothing goes wrong and all must come right.

In the first phase promises may take their time, and none may be broken. In the second trouble stops, people approve what
waits, and the app must come to rest with the PSA as the licences say.
"""

from __future__ import annotations

from sandbox.simulation.ending import Ending
from sandbox.simulation.people import People
from sandbox.simulation.story import Story
from sandbox.simulation.undoing import Undoing

_UNDONE = 0.05
"""How many stories end with an undo."""


def play_story(story: Story) -> None:
    """Plays both phases; raises ``Violation`` for a promise that was not kept."""
    people = People(story, story.chance)
    story.act = people.act
    with story.under_way():
        story.calls.told("begins", f"{story.setup} {story.rates}")
        for _ in range(story.days):
            story.expect(story.chance.choice((0, 0, 1, 1, 2, 3)))
            people.start_day()
            story.work()
            story.next_day()
        ending = Ending(story, people)
        ending.play()
        if not ending.asks() and story.chance.random() < _UNDONE:
            Undoing(story, people, ending).play()
