"""Ways: the channels that the settings name. A new one is one file in its room and a line here.

What is not set up is not loaded: a node starts in less time, and with less in it.

The desk is none of these: it is rung by the node itself, whatever else there is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clearline.basis.instants import Instant
from clearline.node.lane import Way
from clearline.node.settings import Settings
from clearline.node.talking import PutThrough

__all__ = ["ways_of"]


def ways_of(
    settings: Settings,
    home: Path,
    now: Callable[[], Instant],
    put_through: PutThrough | None = None,
) -> list[Way]:
    """Return every channel that is set up; files of theirs are looked for in `home`."""
    ways: list[Way] = []
    if settings.mail.host:
        from clearline.channels.mail import Mail  # noqa: PLC0415

        ways.append(Way(Mail(settings.mail, home, now), settings.mail.text == "full"))
    if settings.mqtt.host:
        from clearline.channels.mqtt import Mqtt  # noqa: PLC0415

        mqtt = Mqtt(settings.mqtt, home, settings.node.party)
        ways.append(Way(mqtt, settings.mqtt.text == "full"))
    if settings.phone.driver:
        from clearline.channels.phone.channel import Phone  # noqa: PLC0415

        ways.append(Way(Phone(settings.phone, home, put_through), settings.phone.text == "full"))
    if settings.xmpp.host:
        from clearline.channels.xmpp import Xmpp  # noqa: PLC0415

        ways.append(Way(Xmpp(settings.xmpp, home), settings.xmpp.text == "full"))
    if settings.apprise.services_file:
        from clearline.channels.apprise import Apprise  # noqa: PLC0415

        ways.append(Way(Apprise(settings.apprise, home), settings.apprise.text == "full"))
    return ways
