"""Area files: what the console needs of the gateways, which know nothing of it."""

from __future__ import annotations

from collections.abc import Sequence

from clearline import gateways
from clearline.basis.instants import Instant
from clearline.gateways.noticed import areas_of
from clearline.gateways.suspicion import suspected
from clearline.node.notice_views import NoticeView
from clearline.space import Polygon
from clearline.web.areas import Exported, ExportQuery, FileFormat

__all__ = ["AreaFiles"]


class AreaFiles:
    """Files of areas, in and out, as much at once as a node does beside its work."""

    def read(self, name: str, raw: bytes, agreed: Sequence[Polygon]) -> gateways.Reading:
        """Return what a file gives, held against agreed areas. Raises Mistake if it is none."""
        return suspected(gateways.read(name, raw, gateways.CONSOLE), agreed)

    def formats(self) -> tuple[FileFormat, ...]:
        """Return every format."""
        return tuple(
            FileFormat(
                name=each.name,
                title=each.title,
                endings=each.endings,
                reads=each.read is not None,
                writes=each.write is not None,
            )
            for each in gateways.FORMATS.values()
        )

    def write(self, asked: ExportQuery, shown: Sequence[NoticeView]) -> Exported:
        """Return the notices that are asked for as a file. Raises Mistake if there are none."""
        areas = areas_of(
            shown, side=asked.side, link=asked.link, labels=asked.labels, exercise=asked.exercise
        )
        written = gateways.write(asked.format, areas)
        chosen = gateways.FORMATS[asked.format]
        newest: Instant = max(area.declared_at for area in areas)
        stamp = str(newest)[:19].replace(":", "").replace("-", "")
        return Exported(
            name=f"clearline-{asked.side}-{stamp}Z{chosen.endings[0]}",
            media=chosen.media,
            raw=written.raw,
            notices=len(areas),
            lost=written.lost,
        )
