"""Comments on files and lines, and the diff that they are held against."""

import subprocess
from pathlib import Path

import pytest

from podium.cli import anchors
from podium.cli.exits import CliError


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("src/a.py:3:Name it", anchors.Comment("src/a.py", 3, 3, "Name it")),
        ("./src/a b.py:3-12: Why: 1:2?", anchors.Comment("src/a b.py", 3, 12, "Why: 1:2?")),
        ("größe.py:1:one\ntwo", anchors.Comment("größe.py", 1, 1, "one\ntwo")),
    ],
)
def test_a_comment_names_file_lines_and_words(text: str, comment: anchors.Comment) -> None:
    """The words may hold colons and line ends, the name spaces and any letters."""
    assert anchors.parse(text) == comment


@pytest.mark.parametrize(
    "text", ["a.py:no line", "a.py", "a.py:0:x", "a.py:5-3:x", "/etc/x:1:y", "a/../../x:1:y", "a:1:"]
)
def test_what_is_no_comment_is_said(text: str) -> None:
    """Each with the form that it should have."""
    with pytest.raises(CliError) as caught:
        anchors.parse(text)
    assert caught.value.hint


@pytest.fixture
def diff(tmp_path: Path) -> str:
    """A real one: changed in two places, new with an odd name, deleted, renamed, and lines that look like headers."""

    def git(*words: str) -> str:
        quiet = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "core.quotePath=false")
        return subprocess.run(["git", *quiet, *words], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    git("init", "-q")
    (tmp_path / "a.py").write_text("".join(f"line {n}\n" for n in range(1, 41)))
    (tmp_path / "gone.py").write_text("x\n")
    (tmp_path / "old name.py").write_text("1\n2\n3\n4\n5\n6\n7\n8\n")
    git("add", ".")
    git("commit", "-qm", "first")
    changed = [f"line {n}\n" for n in range(1, 41)]
    changed[1:2] = ["-- two\n", "++ and a half\n"]
    changed[30] = "thirty\n"
    (tmp_path / "a.py").write_text("".join(changed))
    (tmp_path / "gone.py").unlink()
    (tmp_path / "old name.py").rename(tmp_path / "new ü.py")
    (tmp_path / 'odd "name"\tü.txt').write_text("odd\nno end")
    git("add", ".")
    git("commit", "-qm", "second")
    return git("diff", "--find-renames", "HEAD~1", "HEAD")


def test_the_new_lines_of_a_diff(diff: str) -> None:
    """By file and number; what was deleted has none."""
    lines = anchors.lines_of(diff)
    assert set(lines) == {"a.py", "new ü.py", 'odd "name"\tü.txt'}
    assert (lines["a.py"][2], lines["a.py"][3], lines["a.py"][31]) == ("-- two", "++ and a half", "thirty")
    assert (lines["a.py"][32], 20 in lines["a.py"]) == ("line 31", False)
    assert lines['odd "name"\tü.txt'] == {1: "odd", 2: "no end"}


def test_an_anchor_quotes_what_the_diff_shows(diff: str) -> None:
    """All of its lines, or none."""
    lines = anchors.lines_of(diff)
    anchor = anchors.parse("a.py:2-3:Why two?").anchor(lines)
    assert (anchor.document, anchor.first_line, anchor.last_line) == ("a.py", 2, 3)
    assert anchor.quoted_text == "-- two\n++ and a half"
    assert anchors.parse("a.py:5-25:x").anchor(lines).quoted_text == ""
    assert anchors.parse("elsewhere.py:1:x").anchor(lines).quoted_text == ""


def test_a_comment_goes_to_who_changed_the_file() -> None:
    """The last of them; where nobody did, the person says whose it is."""
    changed = {"a": {"x.py": {1: ""}}, "b": {"x.py": {1: ""}, "y.py": {1: ""}}, "c": {}}
    assert anchors.owner_of("x.py", changed, ["a", "b", "c"]) == "b"
    assert anchors.owner_of("z.py", {}, ["only"]) == "only"
    with pytest.raises(CliError) as caught:
        anchors.owner_of("z.py", changed, ["a", "b", "c"])
    assert "x.py, y.py" in caught.value.hint
