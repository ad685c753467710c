"""Stands in for a program in PATH: writes its command line down and answers what was recorded.

RECORDED_SCENARIO names a JSON file with rules; the first rule whose pattern is found in the command
line, and which was not used up, answers. A command line that no rule knows is an error, so no test
passes on a call that it did not expect.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any


def main(program: str) -> int:
    """Answer one call of `program`."""
    scenario = Path(os.environ["RECORDED_SCENARIO"])
    rules = json.loads(scenario.read_text(encoding="utf-8"))
    line = " ".join([program, *sys.argv[1:]])
    rule = _choose(rules, line, scenario.with_suffix(".log"))
    if rule is None:
        sys.stderr.write(f"no recording of: {line}\n")
        return 99
    sys.stdout.write(rule.get("stdout", ""))
    sys.stderr.write(rule.get("stderr", ""))
    sys.stdout.flush()
    sys.stderr.flush()
    time.sleep(rule.get("seconds", 0))
    return int(rule.get("exit", 0))


def _choose(rules: list[dict[str, Any]], line: str, log: Path) -> dict[str, Any] | None:
    with log.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # the guardian may call while the run does
        file.seek(0)
        used = [json.loads(each)["rule"] for each in file]
        for rule in rules:
            unused = "times" not in rule or used.count(rule["id"]) < rule["times"]
            if unused and re.search(rule["when"], line):
                break
        else:
            rule = None
        file.write(json.dumps({"rule": rule and rule["id"], "line": line}) + "\n")
    return rule


if __name__ == "__main__":
    program = sys.argv.pop(1)
    sys.exit(main(program))
