"""A few at a time, in order; more of them where the loop has nothing to do meanwhile."""

import asyncio

from podium.event_store.application.turnstile import LEAST, MOST, Turnstile, busy_seconds


class Crowd:
    """Callers who stay inside until they are told to go; a loop that works as much as the test says."""

    def __init__(self) -> None:
        self.now = self.worked = 0.0
        self.turnstile = Turnstile(lambda: self.worked, lambda: self.now)
        self.inside: list[int] = []
        self._doors: dict[int, asyncio.Event] = {}

    def come(self, number: int) -> "asyncio.Task[None]":
        """One more caller."""
        self._doors[number] = asyncio.Event()
        return asyncio.ensure_future(self._visit(number))

    async def _visit(self, number: int) -> None:
        async with self.turnstile:
            self.inside.append(number)
            await self._doors[number].wait()

    async def go(self, number: int) -> None:
        """The caller leaves."""
        self.inside.remove(number)
        self._doors[number].set()
        await settled()

    def spend(self, seconds: float, share: float) -> None:
        """Time passes; the loop works in this share of it."""
        self.now += seconds
        self.worked += seconds * share


async def settled() -> None:
    """Everything that can go on without news has done so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_few_are_inside_and_the_others_follow_in_order() -> None:
    """Who leaves lets the next one in, and nobody overtakes."""
    crowd = Crowd()
    visits = [crowd.come(number) for number in range(LEAST + 3)]
    await settled()
    assert crowd.inside == list(range(LEAST))
    visits.append(crowd.come(LEAST + 3))
    for number in range(4):
        await crowd.go(number)
        assert crowd.inside[-1] == LEAST + number
    assert len(crowd.inside) == LEAST
    for number in list(crowd.inside):
        await crowd.go(number)
    await asyncio.gather(*visits)


async def test_who_gives_up_while_waiting_leaves_the_place_to_the_next() -> None:
    """Cancelled in the queue, or at the moment of being let in: no place is lost."""
    crowd = Crowd()
    visits = [crowd.come(number) for number in range(LEAST + 4)]
    await settled()
    visits[LEAST].cancel()
    await settled()
    await crowd.go(0)
    assert crowd.inside[-1] == LEAST + 1
    crowd.inside.remove(1)
    crowd._doors[1].set()
    await asyncio.wait([visits[1]])
    visits[LEAST + 2].cancel()  # it has been let in, and has not noticed
    await settled()
    assert crowd.inside[-1] == LEAST + 3
    for number in list(crowd.inside):
        await crowd.go(number)
    done = await asyncio.gather(*visits, return_exceptions=True)
    assert [number for number, each in enumerate(done) if each is not None] == [LEAST, LEAST + 2]
    late = crowd.come(99)
    await settled()
    await crowd.go(99)
    await late


async def test_more_are_let_in_while_the_loop_is_idle_and_fewer_when_it_works() -> None:
    """A slow disk gets enough for each commit; a busy processor has a few at a time again."""
    crowd = Crowd()
    visits = [crowd.come(number) for number in range(MOST)]
    await settled()
    crowd.spend(0.05, 0.1)
    await crowd.go(0)
    assert len(crowd.inside) > 2 * LEAST
    crowd.spend(5.0, 0.0)
    await crowd.go(1)
    slow = len(crowd.inside)
    assert slow > 20 * LEAST
    for _ in range(10):
        crowd.spend(0.05, 0.95)
        await crowd.go(crowd.inside[0])
    assert crowd.turnstile.limit == LEAST
    while crowd.inside:
        await crowd.go(crowd.inside[0])
    await asyncio.gather(*visits)


def test_a_thread_that_works_is_seen_to_work() -> None:
    """By the scheduler's own account, or by processor time where there is none."""
    before = busy_seconds()
    while busy_seconds() == before:
        sum(range(10_000))
    assert busy_seconds() > before
