"""Saxon's answers to XPath expressions, from a process of its own: its virtual machine does not go with a test run.

Started as a program it reads expressions as JSON and prints, for each, the items (type, text) or the code of the error.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys

#: the items of a sequence, each with its type and its text; or the W3C's code of the error
Answer = list[list[str]] | str


def answers(expressions: list[str]) -> list[Answer]:
    """What Saxon says to *expressions*."""
    command = [sys.executable, __file__]
    done = subprocess.run(command, input=json.dumps(expressions), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[Answer] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    from saxonche import PySaxonApiError, PySaxonProcessor  # its virtual machine starts here, in this process only

    found: list[Answer] = []
    with PySaxonProcessor(license=False) as saxon:
        for index, expression in enumerate(json.load(sys.stdin)):
            if index % 500 == 0:
                xpath = saxon.new_xpath_processor()
                xpath.declare_namespace("xs", "http://www.w3.org/2001/XMLSchema")
            try:
                value = xpath.evaluate(expression)
            except PySaxonApiError as error:
                code = re.match(r"[A-Z]{4}[0-9]{4}", str(error))
                found.append(code[0] if code else str(error))
            else:
                items = [] if value is None else [value.item_at(index) for index in range(value.size)]
                found.append(
                    [[str(one.get_atomic_value().primitive_type_name).rpartition("}")[2], str(one)] for one in items]
                )
    sys.stdout.write("\n" + json.dumps(found))


if __name__ == "__main__":
    main()
