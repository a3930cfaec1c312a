"""What holds for every test."""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

# Whoever generates examples is not held to the clock: other work on the machine is no defect of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _log_goes_nowhere_after_the_test() -> Iterator[None]:
    """A command that ran in this process left the log on a stderr that is closed by now."""
    yield
    structlog.reset_defaults()
