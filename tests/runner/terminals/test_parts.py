"""Rings, paces, typed lines, redaction: the parts of terminals."""

import random

from podium.runner.terminals.pace import BURST_BYTES, Flow, Pace
from podium.runner.terminals.redaction import EvenRedactor
from podium.runner.terminals.ring import Ring
from podium.runner.terminals.terminal import TerminalEnd, clamp
from podium.runner.terminals.typed import HIDDEN, TypedLines


def test_a_ring_gives_what_follows_an_offset() -> None:
    """Whatever is added in whatever pieces: the bytes after an offset, or after what is no longer kept."""
    chance = random.Random(1)
    ring, whole = Ring(1000), b""
    for _ in range(300):
        piece = chance.randbytes(chance.choice([0, 1, 10, 400, 3000]))
        ring.add(piece)
        whole += piece
        assert ring.end == len(whole)
        assert ring.end - ring.start == min(len(whole), 1000)
        offset = chance.randint(0, len(whole))
        first, data = ring.after(offset, 100)
        assert first == max(offset, ring.start)
        assert data == whole[first : first + 100]
    assert ring.after(10**9, 10) == (len(whole), b"")


def test_who_floods_is_made_to_wait() -> None:
    """A burst is free; beyond it the pauses come to the rate; after a rest it is free again."""
    now = 0.0
    flow = Flow(Pace(lambda: now, 1 << 20))
    spent = 0
    while spent < BURST_BYTES:
        assert flow.spend(4096) == 0
        spent += 4096
    begin = spent
    while now < 10:
        now += flow.spend(4096)
        spent += 4096
    assert 0.9 < (spent - begin) / (10 << 20) < 1.1
    now += 5
    assert flow.spend(4096) == 0


def test_floods_share_the_rate_and_the_quiet_pay_nothing() -> None:
    """Two floods get half each; a third terminal that writes little is never paused."""
    now = 0.0
    pace = Pace(lambda: now, 1 << 20)
    loud, quiet = [Flow(pace), Flow(pace)], Flow(pace)
    spent, until = [0, 0], [0.0, 0.0]
    while now < 20:
        for index, flow in enumerate(loud):
            while until[index] <= now:
                until[index] = now + max(flow.spend(65536), 1e-6)
                spent[index] += 65536
        assert quiet.spend(100) == 0
        now += 0.01
    for each in spent:
        assert 8 << 20 < each < 13 << 20


def test_typed_lines() -> None:
    """Keys become lines; passwords become a remark; what is as long as a line is one."""
    kept: list[bytes] = []
    typed = TypedLines(kept.append)
    for key in b"ls\r":
        typed.add(bytes([key]), hidden=False)
    typed.add(b"half", hidden=False)
    typed.add(b"secret", hidden=True)
    typed.add(b"\r", hidden=True)
    typed.add(b"x" * 2000, hidden=False)
    assert kept == [b"ls\r", b"half", HIDDEN, b"x" * 2000]


def test_stars_keep_offsets() -> None:
    """A secret in pieces is hidden, and the output stays as long as it was."""
    redactor = EvenRedactor(["hunter2hunter2"])
    pieces = [b"a hunt", b"er2hun", b"ter2 b hunter", b"3"]
    kept = b"".join(redactor.feed(piece) for piece in pieces) + redactor.flush()
    assert kept == b"a ************** b hunter3"
    assert redactor.line(b"hunter2hunter2\n") == b"**************\n"


def test_ends_and_sizes() -> None:
    """A status is a status, a signal a signal with its name; sizes are what terminals can have."""
    assert TerminalEnd.of(3) == TerminalEnd(3, 0, "exit status 3")
    assert TerminalEnd.of(-9) == TerminalEnd(0, 9, "ended by signal 9 (SIGKILL)")
    assert TerminalEnd.of(-1, "closed").text == "closed"
    assert clamp(0, 99999) == (1, 1000)
