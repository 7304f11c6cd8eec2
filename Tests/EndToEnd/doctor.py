"""`fastrelay doctor` for tests: `doctor(url) -> Findings`, whatever server is in front."""

from __future__ import annotations

import json
import subprocess

from harness import KEY, run_cli

#: Where the levels of findings stand in the exit code.
CODES = {"ok": 0, "note": 0, "warning": 1, "problem": 2}


class Findings:
    """What the doctor said: `findings["stream"]` is the level, `findings.message("stream")` and `.advice(…)` the words."""

    def __init__(self, result: subprocess.CompletedProcess[str]) -> None:
        self.result = result
        self.report = json.loads(result.stdout)
        self._by_check = {finding["check"]: finding for finding in self.report["findings"]}
        assert len(self._by_check) == len(self.report["findings"]), "a check has two findings"
        assert result.returncode == CODES[self.report["worst"]], (result.returncode, self.report)

    def __getitem__(self, check: str) -> str | None:
        return self._by_check.get(check, {}).get("level")

    def message(self, check: str) -> str:
        return self._by_check[check]["message"]

    def advice(self, check: str) -> str:
        return self._by_check[check]["advice"]

    @property
    def code(self) -> int:
        return self.result.returncode

    def worse_than(self, level: str) -> dict[str, str]:
        """The checks that are worse, with what was said."""
        order = list(CODES)
        return {check: finding["message"] for check, finding in self._by_check.items()
                if order.index(finding["level"]) > order.index(level)}

    def __repr__(self) -> str:
        return json.dumps(self.report, indent=1, ensure_ascii=False)


def doctor(url: str, *arguments: str, key: str | None = KEY, quick: bool = True) -> Findings:
    """Examines a deployment behind whatever server; without `quick`, say how long to wait: `"--wait", "2"`."""
    result = run_cli("doctor", url, "--json", *(["--quick"] if quick else []), *arguments, timeout=120,
                     environment={"OPENAI_API_KEY": key or ""})
    assert not result.stderr, result.stderr
    if key:
        assert key not in result.stdout
    return Findings(result)
