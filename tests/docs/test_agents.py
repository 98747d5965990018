"""The pages on agents say what the program does: presets, profiles, verbs, environment, sandbox."""

import tomllib

import pytest

from podium.client.presets import PRESETS
from podium.runner.environment import ALLOWED
from podium.runner.prompts.build import NAMES
from podium.runner.settings import Profile, parse
from podium.runner.verbs import VERBS
from tests.docs.blocks import ROOT, blocks

PAGES = ROOT / "docs/agents"
INDEX = "docs/agents/README.md"


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def test_every_preset_has_its_page() -> None:
    """And no page is left of one that is gone; the index names them all."""
    others = {"README", "sessions"}
    assert {path.stem for path in PAGES.glob("*.md")} == {*PRESETS, *others}
    assert all(f"({name}.md)" in page("README") for name in (*PRESETS, "sessions"))


@pytest.mark.parametrize("name", PRESETS)
def test_a_page_says_what_is_passed(name: str) -> None:
    """How to install and log in, every form with its words, every variable: as the preset has them."""
    preset, text = PRESETS[name], page(name)
    assert blocks(f"docs/agents/{name}.md", "sh") == [f"{preset.install}\n", f"{preset.login}\n"]
    rows = [line for line in text.splitlines() if line.startswith(("| ACP |", "| command |"))]
    assert len(rows) == len(preset.forms)
    for form, row in zip(preset.forms, rows, strict=True):
        assert row.startswith(f"| {'ACP' if form.kind == 'acp' else 'command'} | `{form.program}` |")
        assert row.replace("'", "").endswith(f"| `{' '.join(form.command)}` |")
    assert all(f"`{pattern}`" in text for pattern in (*preset.env, *preset.login_variables))
    assert all(f"`~/{file}`" in text for file in preset.login_files)
    stated = {line.removeprefix("- ").strip("`") for line in text.splitlines() if line.startswith("- `")}
    assert stated == {f"{variable}={value}" for variable, value in preset.set_env.items()}


@pytest.mark.parametrize("path", [*(f"docs/agents/{name}.md" for name in PRESETS), INDEX])
def test_every_example_is_a_profile(path: str) -> None:
    """What the pages show to override a preset is understood as it stands; a preset's page overrides that preset."""
    shown = [tomllib.loads(block) for block in blocks(path, "toml")]
    assert shown
    for value in shown:
        settings = parse({}, value["profiles"])
        assert set(value["profiles"]) <= set(settings.profiles)
    if path != INDEX:
        assert path.removeprefix("docs/agents/").removesuffix(".md") in shown[0]["profiles"]


def test_every_field_of_a_profile_is_described() -> None:
    """In a row of its own, and no row is left of one that is gone."""
    section = page("README").split("## Fields of a profile")[1].split("\n## ")[0]
    rows = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
    assert rows == [name for name in rows if name in Profile.model_fields]
    assert set(rows) == set(Profile.model_fields)


def test_every_verb_is_described() -> None:
    """Tool, command, and whom it is for."""
    for verb in VERBS:
        kinds = ", ".join(NAMES[kind].replace("_", " ") for kind in sorted(verb.kinds)) or "everybody"
        assert f"| `{verb.tool}` | `podium agent {verb.command}` | {kinds} |" in page("README")


def test_the_common_list_is_the_programs() -> None:
    """Every name that every agent may see, and no other."""
    text = page("README").split("Of the runner's environment: ")[1].split(", and what its profile names")[0]
    assert {name.strip("` ") for name in text.replace("\n", " ").split(",")} == set(ALLOWED)
