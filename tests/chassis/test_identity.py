"""Keys, tokens, and who a service is."""

from pathlib import Path

import pytest

from podium.chassis.identity import Authenticator, current_identity, ensure_key, service_identity, service_token
from podium.chassis.settings import ServiceSettings
from podium.kernel.errors import Rejection
from podium.kernel.identity import CallerKind, Identity, issue_token, read_token

KEY = b"k" * 64
ANNA = Identity(CallerKind.PERSON, "anna")
ANNAS_TOKEN = issue_token(KEY, ANNA)


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """The first start makes the key (0600), every later one reads it; leftovers of the making are gone."""
    path = tmp_path / "keys" / "installation.key"
    key = ensure_key(path)
    assert ensure_key(path) == key and len(key) == 64
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    """A damaged key file is an error, not a weak signature."""
    path = tmp_path / "installation.key"
    path.write_text("short")
    with pytest.raises(OSError, match="at least 32"):
        ensure_key(path)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_tokens_are_read_and_remembered(scheme: str) -> None:
    """A valid header gives its identity, each time."""
    authenticator = Authenticator(KEY)
    header = f"{scheme} {issue_token(KEY, ANNA)}"
    assert authenticator.identify(header) == authenticator.identify(header) == ANNA


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", f"Basic {ANNAS_TOKEN}", ANNAS_TOKEN])
def test_anything_else_is_unauthenticated(header: str) -> None:
    """No header, another scheme, no token: UNAUTHENTICATED."""
    with pytest.raises(Rejection) as refused:
        Authenticator(KEY).identify(header)
    assert refused.value.reason == "UNAUTHENTICATED"


def test_the_memory_of_tokens_is_bounded() -> None:
    """However many tokens pass by, only the last thousand are kept."""
    authenticator = Authenticator(KEY)
    for number in range(1100):
        authenticator.identify(f"Bearer {issue_token(KEY, Identity(CallerKind.AGENT, str(number), 'p'))}")
    assert len(authenticator._known) == 1024


def test_services_and_runners_have_their_own_identities(tmp_path: Path) -> None:
    """A runner is known by its instance, a service by its name; a configured token stands instead."""
    runner = ServiceSettings(service="runner", instance="runner-7", data_dir=tmp_path)
    maestro = ServiceSettings(service="maestro", data_dir=tmp_path)
    assert str(service_identity(runner)) == "runner:runner-7"
    assert str(service_identity(maestro)) == "service:maestro"
    assert read_token(KEY, service_token(maestro, KEY)) == service_identity(maestro)
    file = tmp_path / "token"
    file.write_text("from file\n")
    assert service_token(ServiceSettings(service="maestro", data_dir=tmp_path, token_file=file), KEY) == "from file"
    assert service_token(ServiceSettings(service="maestro", data_dir=tmp_path, token="given"), KEY) == "given"


def test_there_is_no_caller_outside_of_a_call() -> None:
    """`current_identity` never invents one."""
    with pytest.raises(LookupError):
        current_identity()
