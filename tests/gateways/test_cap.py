"""CAP: an alert has what the standard asks for, in its order, and says which are exercises."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from clearline import gateways
from clearline.basis.faults import Mistake
from tests.gateways.written import BOX, DOT, area, volume

# OASIS CAP 1.2, section 3.2: the elements of each block, in the order of its schema.
ALERT = [
    *("identifier", "sender", "sent", "status", "msgType", "source", "scope", "restriction"),
    *("addresses", "code", "note", "references", "incidents", "info"),
]
INFO = [
    *("language", "category", "event", "responseType", "urgency", "severity", "certainty"),
    *("audience", "eventCode", "effective", "onset", "expires", "senderName", "headline"),
    *("description", "instruction", "web", "contact", "parameter", "resource", "area"),
]
AREA = ["areaDesc", "polygon", "circle", "geocode", "altitude", "ceiling"]
VALUES = {
    "status": {"Actual", "Exercise", "System", "Test", "Draft"},
    "msgType": {"Alert", "Update", "Cancel", "Ack", "Error"},
    "scope": {"Public", "Restricted", "Private"},
    "category": {"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env",
                 "Transport", "Infra", "CBRNE", "Other"},
    "urgency": {"Immediate", "Expected", "Future", "Past", "Unknown"},
    "severity": {"Extreme", "Severe", "Moderate", "Minor", "Unknown"},
    "certainty": {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
}  # fmt: skip
MUST = {
    "alert": {"identifier", "sender", "sent", "status", "msgType", "scope"},
    "info": {"category", "event", "urgency", "severity", "certainty"},
    "area": {"areaDesc"},
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")


def tag(element) -> str:
    return element.tag.removeprefix("{urn:oasis:names:tc:emergency:cap:1.2}")


def check_block(element, order):
    names = [tag(child) for child in element]
    assert sorted(names, key=order.index) == names
    assert MUST[tag(element)] <= set(names)
    for child in element:
        if tag(child) in VALUES:
            assert child.text in VALUES[tag(child)]
        if tag(child) in {"sent", "effective", "onset", "expires"}:
            assert TIME.fullmatch(child.text)


def alert(*areas) -> ET.Element:
    root = ET.fromstring(gateways.write("cap", areas).raw)
    check_block(root, ALERT)
    for info in root.iterfind("{*}info"):
        check_block(info, INFO)
        for each in info.iterfind("{*}area"):
            check_block(each, AREA)
    return root


def test_an_alert_is_as_the_standard_has_it():
    root = alert(area(volume(BOX), volume(DOT, "1000 ft AMSL-3500 ft AMSL")))
    assert root.findtext("{*}status") == "Actual"
    assert root.findtext("{*}sender") == "north"
    assert not re.search(r"[\s,<&]", root.findtext("{*}identifier") or "")
    assert len(root.findall("{*}info")) == 2


def test_an_area_is_a_closed_polygon_or_a_circle_and_its_ceiling_has_an_altitude():
    root = alert(area(volume(BOX), volume(DOT, "1000 ft AMSL-3500 ft AMSL")))
    box, dot = root.findall(".//{*}area")
    points = (box.findtext("{*}polygon") or "").split()
    assert points[0] == points[-1]
    assert len(points) >= 4
    assert dot.findtext("{*}circle") == "35.2000000,40.1500000 5.0001"
    assert (dot.findtext("{*}altitude"), dot.findtext("{*}ceiling")) == ("1000", "3500")
    assert box.find("{*}ceiling") is None


def test_what_is_written_as_an_exercise_says_so_and_is_not_mixed_with_what_is_real():
    root = alert(area(drill=True))
    assert root.findtext("{*}status") == "Exercise"
    assert root.findtext("{*}note") == "EXERCISE EXERCISE EXERCISE"
    with pytest.raises(Mistake, match="apart"):
        gateways.write("cap", (area(drill=True), area(number=2)))


def test_an_alert_with_our_labels_is_restricted():
    root = alert(area(label="ours"))
    assert root.findtext("{*}scope") == "Restricted"
    assert "not for release" in (root.findtext("{*}restriction") or "")
