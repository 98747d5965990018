"""The gate of every commit: no test may fail, except those in tests/known_failures.txt, and those must still fail."""

import sys
import unittest
from pathlib import Path

KNOWN = Path(__file__).parent / "tests" / "known_failures.txt"


def main():
    lines = KNOWN.read_text(encoding="utf-8").splitlines()
    known = {line for line in lines if line and not line.startswith("#")}
    result = unittest.TestResult()
    unittest.defaultTestLoader.discover("tests", top_level_dir=".").run(result)
    troubles = {test.id(): text for test, text in result.failures + result.errors}
    for name in sorted(set(troubles) - known):
        print(f"FAILS  {name}\n{troubles[name]}")
    for name in sorted(known - set(troubles)):
        print(f"PASSES {name}: strike it off {KNOWN.name}")
    good = set(troubles) == known
    print(f"{result.testsRun} tests, {len(troubles)} fail, {len(known)} known to: {'good' if good else 'NOT GOOD'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
