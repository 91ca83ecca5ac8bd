"""A small local Functions host, for development and tests only. It is not the host that Azure runs.

It drives the real Python runtime of Azure Functions (``azure-functions-runtime``) over Azure Storage or Azurite with the
rules of the real host: how queue messages are leased, retried and poisoned, when timers fire, how HTTP routes and keys work.
It reads only what the real host reads: the folder of ``function_app.py``, ``host.json`` and the app settings.

What it leaves out, because this app does not use it: output bindings and triggers other than queue, timer and HTTP (both
refused at start), retry policies of timers (a function runs once), dynamic concurrency, and ``functionTimeout`` (a function
that hangs is left to hang).
"""
