"""The samples beside docs/operating.md, held against the programs that read them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "docs" / "operating"


def test_systemd_takes_the_unit_as_it_is(tmp_path: Path) -> None:
    """Only the program is another one: the one of the unit is not installed here."""
    text = (SAMPLES / "eqazyna.service").read_text(encoding="utf-8")
    unit = tmp_path / "eqazyna.service"
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE), "utf-8")
    ended = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    about_the_unit = [line for line in ended.stderr.splitlines() if "eqazyna" in line]
    assert (ended.returncode, about_the_unit) == (0, []), ended.stderr


def test_nft_takes_the_firewall() -> None:
    ended = subprocess.run(
        ["nft", "-c", "-f", str(SAMPLES / "firewall.nft")], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
