"""What these tests need of the machine, asked before the first of them; one line says what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

PROBE = f"eqz-probe-{os.getpid()}"

TOOLS = {
    "ip": "iproute2",
    "iptables": "iptables",
    "faketime": "faketime",
    "mount": "mount",
    "nft": "nftables",
    "systemd-analyze": "systemd",
}
"""Program -> the Debian package that has it."""


def missing() -> str | None:
    """The one thing to do before these tests can run."""
    if os.geteuid() != 0:
        return "run it as root: it makes network namespaces"
    packages = sorted({package for tool, package in TOOLS.items() if shutil.which(tool) is None})
    if packages:
        return f"apt-get install {' '.join(packages)}"
    made = subprocess.run(["ip", "netns", "add", PROBE], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        return (
            f"this machine makes no network namespace: {made.stderr.strip()}; a container needs CAP_SYS_ADMIN"
        )
    subprocess.run(["ip", "netns", "del", PROBE], check=True)
    return None


def pytest_sessionstart(session: pytest.Session) -> None:
    lacking = missing()
    if lacking is not None:
        pytest.exit(f"make faults: {lacking}", returncode=1)
