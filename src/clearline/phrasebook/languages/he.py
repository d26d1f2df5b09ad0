"""Hebrew: machine-made, awaiting a native reader.

It decides what Clearline says to a reader of Hebrew. Nobody whose first language it is has
read it yet; its status says so wherever a language is chosen.

What runs left to right (a place, a length, a time, an id, a name of the terms) is isolated,
U+2066 to U+2069 (UAX 9): otherwise the words around it would change the order of its parts.
"""

from __future__ import annotations

from clearline.phrasebook.catalogue import Catalogue, Direction, Status

__all__ = ["CATALOGUE"]

_PHRASES = {
    "STOP": (
        "עצור. אנשינו נמצאים ב־{place}. הפסיקו את מה שאתם עושים ברדיוס {radius_cm} "
        "ממנו.{reference, select, none {} other { בעניין רישום {reference}.}}"
    ),
    "CLEAR": (
        "הסכנה חלפה. הסכנה שדיווחנו עליה חלפה עבורנו{place, select, none {} other { "
        "ברדיוס {radius_cm} מ־{place}}}.{reference, select, none {} other { בעניין "
        "רישום {reference}.}} זו אינה הסכמה לשום דבר."
    ),
    "DELAY REQUEST": (
        "בקשת דחייה. אנו מבקשים שמה שברישום {reference} יתחיל מאוחר יותר ב־{delay_ms}. "
        "עד תשובתכם דבר לא השתנה."
    ),
    "LOCATION QUERY": "שאלת מקום. האם אתם פועלים ברדיוס {radius_cm} מ־{place}?",
    "PRESENCE": (
        "נוכחות. אנו מצהירים שאנו פועלים ברדיוס {radius_cm} מ־{place}, מ־{begins} עד {ends}."
    ),
    "NO PRESENCE": (
        "אין נוכחות. אנו מצהירים שאיננו פועלים ברדיוס {radius_cm} מ־{place}, מ־{begins} עד {ends}."
    ),
    "DISTRESS": "מצוקה ב־{place}: {nature}, {persons}. אל תסכנו אותם.",
    "TEST": "בדיקה. זו בדיקת הקו ולא דבר מלבדה.",
    "SAY AGAIN": "אמרו שוב. לא הבנו את רישום {which}. אמרו אותו שוב במלואו.",
    "CORRECTION": "תיקון. אנו חוזרים בנו ממה שאמרנו ברישום {of}. במקומו בא מה שלהלן.",
    "WRONG PLACE": "מקום שגוי. המקום ברישום שלנו {reference} שגוי. המקום הנכון: {place}.",
    "ANCHOR QUERY": (
        "שאלת ייחוס. הרישום שלכם {reference} נוקב במקום {place}, אך נקודת הייחוס "
        "\u2066{anchor}\u2069 נותנת {anchored}: הפרש {apart_cm}. לאיזה מהם כוונתכם?"
    ),
    "STANDBY": "המתינו. קראנו את רישום {reference} ונענה בתוך {wait_ms}.",
    "UNABLE": "לא נוכל. איננו יכולים לעשות מה שמבקש רישום {reference}.",
    "AFFIRM": "כן. התשובה לשאלתכם ברישום {reference}: כן. זו אינה הסכמה לפעולה כלשהי.",
    "NEGATIVE": "לא. התשובה לשאלתכם ברישום {reference}: לא.",
    "CALL BY VOICE": "דברו בקול. דברו איתנו בקול בנתיב «\u2066{path}\u2069» שבכרטיס הקשר.",
    "FREE TEXT": "טקסט חופשי, לא מתורגם, שפה «\u2066{language}\u2069»: {text}",
}

_WORDS = {
    "unknown": "לא ידוע",
    "nature.down_aircraft": "כלי טיס שנפל",
    "nature.vessel": "כלי שיט",
    "nature.convoy": "שיירה",
    "nature.medical": "מצב חירום רפואי",
    "nature.fire": "שריפה",
    "nature.stranded": "לכודים",
    "persons.unknown": "מספר האנשים אינו ידוע",
    "position": (
        "\u2066{lat}° {north, select, N {N} other {S}} {lon}° {east, select, E {E} other {W}}\u2069"
    ),
    "length.m": "\u2066{n} m\u2069",
    "length.km": "\u2066{n} km\u2069",
    "span.days": "{n, plural, one {# יום} two {# ימים} other {# ימים}}",
    "span.hours": "{n, number} שע׳",
    "span.minutes": "{n, number} דק׳",
    "span.seconds": "{n, number} שנ׳",
    "time": "\u2066{year}-{month}-{day} {hour}:{minute}:{second} UTC\u2069",
    "reference": "\u2066…{id}\u2069",
    "persons": "{n, plural, one {# אדם} two {# אנשים} other {# אנשים}}",
    "page.drill": "תרגיל",
    "page.call": "קריאת \u2066{precedence}\u2069 מאת \u2068{party}\u2069 לעמדה \u2066{desk}\u2069.",
    "page.waits": "קריאת \u2066{precedence}\u2069 ממתינה בעמדה \u2066{desk}\u2069. יש לגשת למסוף ולענות.",
    "page.test": "קריאת בדיקה לעמדה \u2066{desk}\u2069. נא לענות עליה.",
    "page.presence": "נמצאים שם? נא לאשר שהמשמרת מאוישת בעמדה \u2066{desk}\u2069.",
    "page.code": "לאישור קבלה יש למסור את הקוד \u2066{code}\u2069.",
    "fallback": "[אין טקסט בשפה «\u2066{language}\u2069»; להלן באנגלית] {text}",
}

CATALOGUE = Catalogue(
    language="he",
    native_name="עברית",
    direction=Direction.RIGHT_TO_LEFT,
    status=Status.AWAITING,
    plurals=("one", "two", "other"),
    phrases=_PHRASES,
    words=_WORDS,
)
"""Hebrew."""
