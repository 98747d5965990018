"""The sizes that a terminal had, and where in its output."""

from podium.maestro.application.terminals.items import UNKNOWN_SIZE, Size
from podium.maestro.application.terminals.sizes import MOST_STEPS, Sizes

SMALL, WIDE, TALL = Size(24, 80), Size(24, 132), Size(50, 80)


def test_sizes_by_their_place():
    """Each holds from its place on; before the first one that is known it is that one."""
    sizes = Sizes()
    assert sizes.at(0) == sizes.now == UNKNOWN_SIZE and sizes.after(0) is None
    assert sizes.take(10, SMALL) and not sizes.take(15, SMALL) and sizes.take(20, WIDE)
    assert [sizes.at(offset) for offset in (0, 10, 19, 20, 99)] == [SMALL, SMALL, SMALL, WIDE, WIDE]
    assert [sizes.after(offset) for offset in (0, 10, 19, 20)] == [10, 20, 20, None]


def test_a_size_in_which_nothing_was_written():
    """It is forgotten, as is one that lies behind a later one: whoever says so counted anew."""
    sizes = Sizes()
    for offset, size in ((0, SMALL), (5, WIDE), (5, TALL), (3, WIDE)):
        sizes.take(offset, size)
    assert [sizes.at(offset) for offset in (0, 3, 5)] == [SMALL, WIDE, WIDE]


def test_history_takes_the_place_of_what_was_known():
    """A runner knows best; one that says nothing leaves it as it is. Only so many steps are kept."""
    sizes = Sizes()
    sizes.take(0, TALL)
    sizes.begin([])
    assert sizes.now == TALL
    sizes.begin([(0, SMALL), (4, WIDE)])
    assert (sizes.at(3), sizes.at(4)) == (SMALL, WIDE)
    for offset in range(5, 5 + 2 * MOST_STEPS):
        sizes.take(offset, (SMALL, WIDE)[offset % 2])
    assert sizes.after(0) == 5 + MOST_STEPS
