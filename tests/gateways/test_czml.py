"""CZML: what is written is what a globe's own library accepts, and its bodies hold the bands."""

from __future__ import annotations

import json

from czml3 import Document, Packet

from clearline import gateways
from tests.gateways.written import BOX, DOT, area, volume

CLAMPED = {"heightReference": "CLAMP_TO_GROUND"}


def packets(*volumes) -> list[dict]:
    return json.loads(gateways.write("czml", (area(*volumes),)).raw)


def test_every_packet_is_accepted_by_the_globes_library():
    made = packets(volume(BOX), volume(DOT, "SFC-3000 m AMSL"))
    for each in made[1:]:
        # The library takes it for a number; CZML has it as it has heightReference.
        assert each["polygon"].pop("extrudedHeightReference") == CLAMPED
    document = Document(packets=[Packet.model_validate(each) for each in made])
    again = json.loads(document.dumps())
    assert [each["id"] for each in again] == [each["id"] for each in made]
    assert again[1]["polygon"]["holes"] == made[1]["polygon"]["holes"]
    assert again[1]["availability"] == "2026-11-23T12:00:00.000Z/2026-11-23T14:00:00.000Z"


def test_a_body_stands_between_its_limits_and_altitudes_above_the_sea_are_moved_outward():
    _, box, low, sea = packets(
        volume(BOX, "1000 m AMSL-3000 m AMSL"), volume(DOT, "SFC-120 m AGL"),
        volume(DOT, "30 m DEPTH-SFC"),
    )  # fmt: skip
    assert (box["polygon"]["extrudedHeight"], box["polygon"]["height"]) == (890, 3110)
    assert low["polygon"]["heightReference"] == {"heightReference": "RELATIVE_TO_GROUND"}
    assert low["polygon"]["extrudedHeightReference"] == CLAMPED
    assert (sea["polygon"]["extrudedHeight"], sea["polygon"]["height"]) == (-140, 0)


def test_what_a_globe_cannot_show_is_said():
    lost = gateways.write("czml", (area(volume(BOX, "SFC-FL180")),)).lost
    assert "flight levels: they are drawn as if the air were standard" in lost
