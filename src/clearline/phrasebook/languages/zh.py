"""Chinese: machine-made, awaiting a native reader.

It decides what Clearline says to a reader of Chinese. Nobody whose first language it is has
read it yet; its status says so wherever a language is chosen.
"""

from __future__ import annotations

from clearline.phrasebook.catalogue import Catalogue, Direction, Status

__all__ = ["CATALOGUE"]

_PHRASES = {
    "STOP": (
        "停止。我方人员在 {place}。停止你方在该点半径 {radius_cm} 内的行动。"
        "{reference, select, none {} other {涉及条目 {reference}。}}"
    ),
    "CLEAR": (
        "危险解除。我方所述危险对我方已过{place, select, none {} other {（{place} 半径 {radius_cm} 内）}}。"
        "{reference, select, none {} other {涉及条目 {reference}。}}这不是对任何事项的同意。"
    ),
    "DELAY REQUEST": "请求推迟。我方请求将条目 {reference} 所述推迟 {delay_ms} 开始。你方答复前，一切未变。",
    "LOCATION QUERY": "位置询问。你方是否在 {place} 半径 {radius_cm} 内活动？",
    "PRESENCE": "我方在场。我方声明：{begins} 至 {ends}，我方在 {place} 半径 {radius_cm} 内活动。",
    "NO PRESENCE": "我方不在场。我方声明：{begins} 至 {ends}，我方不在 {place} 半径 {radius_cm} 内活动。",
    "DISTRESS": "遇险，{place}：{nature}，{persons}。请勿危及他们。",
    "TEST": "测试。这是线路测试，别无他意。",
    "SAY AGAIN": "请再说一遍。我方未理解条目 {which}。请完整地再说一遍。",
    "CORRECTION": "更正。我方收回条目 {of} 所述，以下文为准。",
    "WRONG PLACE": "地点有误。我方条目 {reference} 的地点有误。正确地点：{place}。",
    "ANCHOR QUERY": (
        "参照点询问。你方条目 {reference} 称 {place}，但参照点 {anchor} 得出 {anchored}：相差 {apart_cm}。"
        "你方指哪一个？"
    ),
    "STANDBY": "稍候。我方已读条目 {reference}，将在 {wait_ms} 内答复。",
    "UNABLE": "无法照办。我方无法做到条目 {reference} 所求。",
    "AFFIRM": "是。对条目 {reference} 中问题的回答：是。这不是对任何行动的同意。",
    "NEGATIVE": "否。对条目 {reference} 中问题的回答：否。",
    "CALL BY VOICE": "请语音联系。请经联络卡上的通路“{path}”与我方通话。",
    "FREE TEXT": "自由文本，未翻译，语言“{language}”：{text}",
}

_WORDS = {
    "unknown": "不明",
    "nature.down_aircraft": "坠落航空器",
    "nature.vessel": "船舶",
    "nature.convoy": "车队",
    "nature.medical": "医疗急救",
    "nature.fire": "火灾",
    "nature.stranded": "被困人员",
    "persons.unknown": "人数不明",
    "position": (
        "{north, select, N {北纬} other {南纬}} {lat}° {east, select, E {东经} other {西经}} {lon}°"
    ),
    "length.m": "{n} 米",
    "length.km": "{n} 千米",
    "span.days": "{n, number} 天",
    "span.hours": "{n, number} 小时",
    "span.minutes": "{n, number} 分钟",
    "span.seconds": "{n, number} 秒",
    "time": "{year}-{month}-{day} {hour}:{minute}:{second} UTC",
    "reference": "…{id}",
    "persons": "{n, plural, other {# 人}}",
    "page.drill": "演习",
    "page.call": "{precedence} 呼叫，来自{party}，呼叫岗位 {desk}。",
    "page.waits": "{precedence} 呼叫正在岗位 {desk} 等待。请到控制台应答。",
    "page.test": "岗位 {desk} 的测试呼叫。请应答。",
    "page.presence": "您在岗吗？请确认岗位 {desk} 有人值班。",
    "page.code": "确认收到请给出代码 {code}。",
    "fallback": "[无“{language}”文本；以下为英文] {text}",
}

CATALOGUE = Catalogue(
    language="zh",
    native_name="中文",
    direction=Direction.LEFT_TO_RIGHT,
    status=Status.AWAITING,
    plurals=("other",),
    phrases=_PHRASES,
    words=_WORDS,
)
"""Chinese."""
