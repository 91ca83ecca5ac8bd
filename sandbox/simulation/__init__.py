"""Stories by seed: the real stages and adapters against the simulators, in one process, without sockets and with time of their own.

Whatever the app asks of the world is a moment in which others go first, time passes, the process stands still or ends, or the
answer is lost. An auditor looks after every event whether all promises hold. The same seed is the same story.
"""
