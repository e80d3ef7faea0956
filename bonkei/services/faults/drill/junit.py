"""A report as JUnit XML: a test case for each expectation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET


def junit_xml(report: Mapping[str, Any]) -> str:
    """Of a report as JSON has it."""
    verdicts = report["verdicts"]
    failed = sum(not one["met"] for one in verdicts)
    suite = ET.Element(
        "testsuite",
        name=f"drill: {report['name']}",
        tests=str(len(verdicts)),
        failures=str(failed),
        errors=str(int(bool(report["broken_off"]))),
    )
    for one in verdicts:
        case = ET.SubElement(suite, "testcase", name=one["what"], classname=report["name"])
        if not one["met"]:
            ET.SubElement(case, "failure", message=f"wanted {one['wanted']}: {one['found']}")
    if report["broken_off"]:
        case = ET.SubElement(suite, "testcase", name="the drill", classname=report["name"])
        ET.SubElement(case, "error", message=report["broken_off"])
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
