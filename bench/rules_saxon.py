"""What SaxonC takes for the same work, in a process of its own: started by bench.rules, which says how.

A line of JSON comes in, ``{"sheets": [text, …]}`` first and then ``{"document": path, "repeats": number}``; one goes
out, with the seconds of one repeat, the ids that fired, and the process's memory in bytes.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import psutil
from lxml import etree
from saxonche import PySaxonProcessor

_FINDINGS = tuple(f"{{http://purl.oclc.org/dsdl/svrl}}{name}" for name in ("failed-assert", "successful-report"))


def main() -> None:
    with PySaxonProcessor(license=False) as processor:
        xslt = processor.new_xslt30_processor()
        builder = processor.new_document_builder()
        sheets = [xslt.compile_stylesheet(stylesheet_text=one) for one in json.loads(sys.stdin.readline())["sheets"]]

        def fired(data: bytes) -> list[str]:
            """Safe parse, serialise, Saxon's parse, every transformation, parse of the reports."""
            parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
            root = etree.fromstring(data, parser)
            node = builder.parse_xml(xml_text=etree.tostring(root, encoding="unicode"))
            found: list[str] = []
            for sheet in sheets:
                report = etree.fromstring(sheet.transform_to_string(xdm_node=node).encode())
                found += [one.get("id", "") for one in report.iter(*_FINDINGS)]
            return found

        print("{}", flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            data = Path(asked["document"]).read_bytes()
            started = time.perf_counter()
            for _ in range(asked["repeats"]):
                ids = fired(data)
            seconds = (time.perf_counter() - started) / asked["repeats"]
            print(
                json.dumps({"seconds": seconds, "ids": ids, "memory": psutil.Process().memory_info().rss}), flush=True
            )


main()
