"""How the tests are dealt out to the processes of `make test`."""

import pytest

import tests.support.forking  # noqa: F401 - before gRPC


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A file's tests stay together, since they share what they start, unless a folder has said what stays together."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.relative_to(config.rootpath).as_posix()))
