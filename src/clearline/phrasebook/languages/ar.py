"""Arabic: machine-made, awaiting a native reader.

It decides what Clearline says to a reader of Arabic. Nobody whose first language it is has
read it yet; its status says so wherever a language is chosen.

What runs left to right (a place, a length, a time, an id, a name of the terms) is isolated,
U+2066 to U+2069 (UAX 9): otherwise the words around it would change the order of its parts.
"""

from __future__ import annotations

from clearline.phrasebook.catalogue import Catalogue, Direction, Status

__all__ = ["CATALOGUE"]

_PHRASES = {
    "STOP": (
        "قف. أفرادنا في {place}. أوقفوا ما تفعلونه ضمن نصف قطر {radius_cm} منه.{reference, "
        "select, none {} other { بشأن القيد {reference}.}}"
    ),
    "CLEAR": (
        "زال الخطر. الخطر الذي تحدثنا عنه زال بالنسبة إلينا{place, select, none {} other { "
        "ضمن نصف قطر {radius_cm} من {place}}}.{reference, select, none {} other { بشأن القيد "
        "{reference}.}} ليس هذا موافقة على أي شيء."
    ),
    "DELAY REQUEST": (
        "طلب تأخير. نطلب أن يبدأ ما في القيد {reference} متأخرًا بمقدار {delay_ms}. لم "
        "يتغير شيء حتى تجيبوا."
    ),
    "LOCATION QUERY": "سؤال عن مكان. هل تعملون ضمن نصف قطر {radius_cm} من {place}؟",
    "PRESENCE": "وجود. نصرّح بأننا نعمل ضمن نصف قطر {radius_cm} من {place}، من {begins} إلى {ends}.",
    "NO PRESENCE": (
        "عدم وجود. نصرّح بأننا لا نعمل ضمن نصف قطر {radius_cm} من {place}، من {begins} إلى {ends}."
    ),
    "DISTRESS": "استغاثة في {place}: {nature}، {persons}. لا تعرّضوهم للخطر.",
    "TEST": "اختبار. هذا اختبار للخط ولا شيء غيره.",
    "SAY AGAIN": "أعيدوا القول. لم نفهم القيد {which}. أعيدوه كاملًا.",
    "CORRECTION": "تصحيح. نسحب ما قلناه في القيد {of}. ويحل محله ما يلي.",
    "WRONG PLACE": "مكان خاطئ. المكان في قيدنا {reference} خاطئ. المكان الصحيح: {place}.",
    "ANCHOR QUERY": (
        "سؤال عن النقطة المرجعية. قيدكم {reference} يذكر المكان {place}، لكن النقطة "
        "المرجعية \u2066{anchor}\u2069 تعطي {anchored}: الفرق {apart_cm}. أيهما تقصدون؟"
    ),
    "STANDBY": "انتظروا. قرأنا القيد {reference} وسنجيب خلال {wait_ms}.",
    "UNABLE": "غير قادرين. لا نستطيع ما يطلبه القيد {reference}.",
    "AFFIRM": "نعم. جواب سؤالكم في القيد {reference}: نعم. ليس هذا موافقة على أي عملية.",
    "NEGATIVE": "لا. جواب سؤالكم في القيد {reference}: لا.",
    "CALL BY VOICE": "اتصال صوتي. كلّمونا صوتًا على المسار «\u2066{path}\u2069» في بطاقة الاتصال.",
    "FREE TEXT": "نص حر غير مترجم، اللغة «\u2066{language}\u2069»: {text}",
}

_WORDS = {
    "unknown": "غير معروف",
    "nature.down_aircraft": "طائرة ساقطة",
    "nature.vessel": "سفينة",
    "nature.convoy": "قافلة",
    "nature.medical": "حالة طبية طارئة",
    "nature.fire": "حريق",
    "nature.stranded": "أشخاص عالقون",
    "persons.unknown": "عدد الأشخاص غير معروف",
    "position": (
        "\u2066{lat}° {north, select, N {N} other {S}} {lon}° {east, select, E {E} other {W}}\u2069"
    ),
    "length.m": "\u2066{n} m\u2069",
    "length.km": "\u2066{n} km\u2069",
    "span.days": (
        "{n, plural, zero {# يوم} one {# يوم} two {# يوم} few {# أيام} many {# يومًا} other {# يوم}}"
    ),
    "span.hours": "{n, number} س",
    "span.minutes": "{n, number} د",
    "span.seconds": "{n, number} ث",
    "time": "\u2066{year}-{month}-{day} {hour}:{minute}:{second} UTC\u2069",
    "reference": "\u2066…{id}\u2069",
    "persons": (
        "{n, plural, zero {# شخص} one {# شخص} two {# شخص} few {# أشخاص} many {# "
        "شخصًا} other {# شخص}}"
    ),
    "page.drill": "تمرين",
    "page.call": "نداء \u2066{precedence}\u2069 من \u2068{party}\u2069 إلى المكتب \u2066{desk}\u2069.",
    "page.waits": "نداء \u2066{precedence}\u2069 ينتظر في المكتب \u2066{desk}\u2069. اذهب إلى وحدة التحكم وأجب عنه.",
    "page.test": "نداء اختبار للمكتب \u2066{desk}\u2069. يرجى الرد عليه.",
    "page.presence": "هل أنت موجود؟ يرجى تأكيد أن المناوبة قائمة في المكتب \u2066{desk}\u2069.",
    "page.code": "لتأكيد الاستلام أعطِ الرمز \u2066{code}\u2069.",
    "fallback": "[لا نص باللغة «\u2066{language}\u2069»؛ ما يلي بالإنجليزية] {text}",
}

CATALOGUE = Catalogue(
    language="ar",
    native_name="العربية",
    direction=Direction.RIGHT_TO_LEFT,
    status=Status.AWAITING,
    plurals=("zero", "one", "two", "few", "many", "other"),
    phrases=_PHRASES,
    words=_WORDS,
)
"""Arabic."""
