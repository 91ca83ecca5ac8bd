"""Properties that read something when they are first asked for, and keep it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class ReadOnce(Generic[T]):
    """Put before a method without arguments, whose value is then kept with its object.

    Before Python 3.12 ``functools.cached_property`` holds a lock that all objects of a class share while the value is worked out: one
    worker's read of a PSA would keep all others of the process waiting. An object of one worker alone needs no lock.
    """

    def __init__(self, read: Callable[[Any], T]) -> None:
        self._read = read
        self._name = read.__name__
        self.__doc__ = read.__doc__

    def __get__(self, owner: Any, kind: type[Any]) -> T:
        """Called where the object keeps no value yet; what it keeps then is found before this."""
        value = self._read(owner)
        owner.__dict__[self._name] = value
        return value
