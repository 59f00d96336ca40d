"""Who is looking at what right now, in memory. Owns nothing durable: a restart forgets it, and it comes back by itself.

Each web process knows the browsers that are connected to itself; with several of them a page shows those of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from app.domain.policy import Person


class Presence:
    """People by topic ("session:12"), counted by open connection; a change rings `presence:<topic>`."""

    def __init__(self, ring: Callable[[list[str]], None]) -> None:
        self._ring = ring
        self._people: dict[int, Person] = {}
        self._looking: dict[str, Counter[int]] = {}

    def join(self, topic: str, person: Person) -> None:
        """One more connection of this person looks at the topic."""
        self._people[person.id] = person
        people = self._looking.setdefault(topic, Counter())
        people[person.id] += 1
        if people[person.id] == 1:
            self._ring([f"presence:{topic}"])

    def leave(self, topic: str, person: Person) -> None:
        """One connection fewer."""
        people = self._looking[topic]
        people[person.id] -= 1
        if people[person.id] > 0:
            return
        del people[person.id]
        if not people:
            del self._looking[topic]
        self._ring([f"presence:{topic}"])

    def who(self, topic: str) -> list[Person]:
        """Everybody who looks at the topic, by name."""
        people = (self._people[person_id] for person_id in self._looking.get(topic, ()))
        return sorted(people, key=lambda person: person.name)

    @contextmanager
    def looking(self, topics: Sequence[str], person: Person) -> Iterator[None]:
        """The person looks at the topics for as long as the block runs."""
        for topic in topics:
            self.join(topic, person)
        try:
            yield
        finally:
            for topic in topics:
                self.leave(topic, person)
