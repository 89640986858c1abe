"""Adds up JUnit results: a line for each runner, then one for all of them.

Exits with 1 where anything failed or nothing ran.
"""

import os
import sys
import xml.etree.ElementTree as xml


def count(path):
    passed, failed, skipped, names = 0, 0, 0, []
    for case in xml.parse(path).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            names.append(case.get("name"))
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped, names


def main(paths):
    total = [0, 0, 0]
    for path in paths:
        *numbers, names = count(path)
        total = [a + b for a, b in zip(total, numbers)]
        runner = os.path.splitext(os.path.basename(path))[0]
        print("%s: %d passed, %d failed, %d skipped" % (runner, *numbers))
        for name in names:
            print("  failed:", name)
    print("%d passed, %d failed, %d skipped" % tuple(total))
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
