# ruff: noqa: RUF001 - these are other languages' letters
"""What a telephone says of itself, in each language; the message itself is the phrasebook's.

Machine-made but for English, until a native reader has read it. A party that records its own
voice needs none of this: see docs/how-to/ring-a-telephone.md.
"""

from __future__ import annotations

from msgspec import Struct

from clearline.core.terms import Precedence

__all__ = ["VOICES", "WORDS", "Words"]


class Words(Struct, frozen=True, kw_only=True):
    """The sentences of one language."""

    opening: str
    drill: str
    precedence: dict[Precedence, str]
    press: str
    """Comes before the digits of the code, one by one."""
    wrong: str
    enough: str
    noted: str
    stay: str
    """Said in place of `noted` where the officer can talk by the same telephone."""


def _words(opening: str, drill: str, precedences: tuple[str, str, str, str], press: str,
           wrong: str, enough: str, noted: str, stay: str) -> Words:  # fmt: skip
    return Words(
        opening=opening,
        drill=drill,
        precedence=dict(zip(Precedence, precedences, strict=True)),
        press=press,
        wrong=wrong,
        enough=enough,
        noted=noted,
        stay=stay,
    )


VOICES = {"zh": "cmn", "en": "en-gb"}
"""What espeak-ng calls a language, where it is not its own code."""

WORDS = {
    "en": _words(
        "Deconfliction line.",
        "Exercise. Exercise. Exercise.",
        ("Flash.", "Immediate.", "Priority.", "Routine."),
        "To acknowledge, press",
        "That was not the code.",
        "Too many wrong codes. Use the console.",
        "Acknowledged. The text is on your screen.",
        "Acknowledged. Stay on the line to talk, or hang up.",
    ),
    "ru": _words(
        "Линия предотвращения инцидентов.",
        "Учение. Учение. Учение.",
        ("Молния.", "Немедленно.", "Срочно.", "Обычный."),
        "Чтобы подтвердить, нажмите",
        "Код неверный.",
        "Слишком много неверных кодов. Используйте консоль.",
        "Подтверждено. Текст на вашем экране.",
        "Подтверждено. Чтобы говорить, не кладите трубку.",
    ),
    "uk": _words(
        "Лінія запобігання інцидентам.",
        "Навчання. Навчання. Навчання.",
        ("Блискавка.", "Негайно.", "Терміново.", "Звичайний."),
        "Щоб підтвердити, натисніть",
        "Код неправильний.",
        "Забагато неправильних кодів. Скористайтеся консоллю.",
        "Підтверджено. Текст на вашому екрані.",
        "Підтверджено. Щоб говорити, не кладіть слухавку.",
    ),
    "ar": _words(
        "خط منع التصادم.",
        "تمرين. تمرين. تمرين.",
        ("عاجل جدا.", "فوري.", "أولوية.", "عادي."),
        "للتأكيد، اضغط",
        "الرمز غير صحيح.",
        "رموز خاطئة كثيرة. استخدم وحدة التحكم.",
        "تم التأكيد. النص على شاشتك.",
        "تم التأكيد. ابق على الخط للتحدث، أو أغلقه.",
    ),
    "he": _words(
        "קו למניעת התנגשויות.",
        "תרגיל. תרגיל. תרגיל.",
        ("בזק.", "מיידי.", "דחוף.", "רגיל."),
        "לאישור, הקש",
        "הקוד שגוי.",
        "יותר מדי קודים שגויים. השתמש במסוף.",
        "אושר. הטקסט על המסך שלך.",
        "אושר. הישאר על הקו כדי לדבר, או נתק.",
    ),
    "tr": _words(
        "Çatışmasızlık hattı.",
        "Tatbikat. Tatbikat. Tatbikat.",
        ("Yıldırım.", "Çok ivedi.", "İvedi.", "Normal."),
        "Onaylamak için tuşlayın",
        "Kod yanlış.",
        "Çok fazla yanlış kod. Konsolu kullanın.",
        "Onaylandı. Metin ekranınızda.",
        "Onaylandı. Konuşmak için hatta kalın ya da kapatın.",
    ),
    "fr": _words(
        "Ligne de déconfliction.",
        "Exercice. Exercice. Exercice.",
        ("Flash.", "Immédiat.", "Urgent.", "Routine."),
        "Pour confirmer, tapez",
        "Ce n'était pas le code.",
        "Trop de codes faux. Utilisez la console.",
        "Confirmé. Le texte est sur votre écran.",
        "Confirmé. Restez en ligne pour parler, ou raccrochez.",
    ),
    "zh": _words(
        "避免冲突热线。",
        "演习。演习。演习。",
        ("特急。", "紧急。", "优先。", "例行。"),
        "确认请按",
        "代码不正确。",
        "错误代码太多。请使用控制台。",
        "已确认。文本在您的屏幕上。",
        "已确认。如需通话请不要挂断。",
    ),
}
