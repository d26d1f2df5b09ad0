"""Ukrainian: machine-made, awaiting a native reader.

It decides what Clearline says to a reader of Ukrainian. Nobody whose first language it is has
read it yet; its status says so wherever a language is chosen.
"""

from __future__ import annotations

from clearline.phrasebook.catalogue import Catalogue, Direction, Status

__all__ = ["CATALOGUE"]

_PHRASES = {
    "STOP": (
        "СТОП. У точці {place} перебувають наші люди. Припиніть свої дії в радіусі "
        "{radius_cm} від неї.{reference, select, none {} other { Стосується запису "
        "{reference}.}}"
    ),
    "CLEAR": (
        "ВІДБІЙ. Небезпека, про яку ми повідомляли, для нас минула{place, select, none "
        "{} other { в радіусі {radius_cm} від точки {place}}}.{reference, select, none "
        "{} other { Стосується запису {reference}.}} Це не є згодою на будь-що."
    ),
    "DELAY REQUEST": (
        "ПРОХАННЯ ВІДКЛАСТИ. Просимо розпочати зазначене в записі {reference} пізніше, "
        "на {delay_ms}. До вашої відповіді нічого не змінилося."
    ),
    "LOCATION QUERY": "ЗАПИТ ПРО МІСЦЕ. Чи дієте ви в радіусі {radius_cm} від точки {place}?",
    "PRESENCE": (
        "ПРИСУТНІСТЬ. Заявляємо, що ми діємо в радіусі {radius_cm} від точки {place}, "
        "з {begins} до {ends}."
    ),
    "NO PRESENCE": (
        "ВІДСУТНІСТЬ. Заявляємо, що ми не діємо в радіусі {radius_cm} від точки "
        "{place}, з {begins} до {ends}."
    ),
    "DISTRESS": "ЛИХО в точці {place}: {nature}, {persons}. Не наражайте їх на небезпеку.",
    "TEST": "ПЕРЕВІРКА. Це перевірка лінії й нічого більше.",
    "SAY AGAIN": "ПОВТОРІТЬ. Ми не зрозуміли запис {which}. Повторіть його повністю.",
    "CORRECTION": (
        "ВИПРАВЛЕННЯ. Ми відкликаємо сказане нами в записі {of}. Його замінює те, що буде далі."
    ),
    "WRONG PLACE": (
        "ХИБНЕ МІСЦЕ. У нашому записі {reference} місце вказано хибно. Правильне місце: {place}."
    ),
    "ANCHOR QUERY": (
        "ПИТАННЯ ПРО ОРІЄНТИР. У вашому записі {reference} вказано місце {place}, але "
        "за орієнтиром {anchor} виходить {anchored}: розбіжність {apart_cm}. Що ви "
        "маєте на увазі?"
    ),
    "STANDBY": (
        "ЧЕКАЙТЕ. Ми прочитали запис {reference} і відповімо не пізніше ніж через {wait_ms}."
    ),
    "UNABLE": "НЕ МОЖЕМО. Ми не можемо зробити те, про що просить запис {reference}.",
    "AFFIRM": (
        "ТАК. Відповідь на ваше запитання в записі {reference}: так. Це не є згодою на "
        "будь-які дії."
    ),
    "NEGATIVE": "НІ. Відповідь на ваше запитання в записі {reference}: ні.",
    "CALL BY VOICE": (
        "ГОЛОСОВИЙ ЗВ’ЯЗОК. Говоріть з нами голосом каналом «{path}» з картки зв’язку."
    ),
    "FREE TEXT": "ВІЛЬНИЙ ТЕКСТ, БЕЗ ПЕРЕКЛАДУ, мова «{language}»: {text}",
}

_WORDS = {
    "unknown": "невідомо",
    "nature.down_aircraft": "повітряне судно, що впало",
    "nature.vessel": "судно",
    "nature.convoy": "колона",
    "nature.medical": "потрібна медична допомога",
    "nature.fire": "пожежа",
    "nature.stranded": "люди відрізані",
    "persons.unknown": "кількість людей невідома",
    "position": (
        "{lat}° {north, select, N {Пн} other {Пд}} {lon}° {east, select, E {Сх} other {Зх}}"
    ),
    "length.m": "{n} м",
    "length.km": "{n} км",
    "span.days": "{n, number} дн",
    "span.hours": "{n, number} год",
    "span.minutes": "{n, number} хв",
    "span.seconds": "{n, number} с",
    "time": "{day}.{month}.{year} {hour}:{minute}:{second} UTC",
    "reference": "…{id}",
    "persons": "{n, plural, one {# людина} few {# людини} many {# людей} other {# людини}}",
    "page.drill": "НАВЧАННЯ",
    "page.call": "Виклик {precedence}. Викликає: {party}. Пост: {desk}.",
    "page.waits": "Виклик {precedence} чекає на відповідь. Пост: {desk}. Підійдіть до пульта й дайте відповідь.",
    "page.test": "Перевірний виклик. Пост: {desk}. Дайте на нього відповідь.",
    "page.presence": "Ви на місці? Підтвердьте, що вахта триває. Пост: {desk}.",
    "page.code": "Щоб підтвердити отримання, дайте код {code}.",
    "fallback": "[немає тексту мовою «{language}»; далі англійською] {text}",
}

CATALOGUE = Catalogue(
    language="uk",
    native_name="Українська",
    direction=Direction.LEFT_TO_RIGHT,
    status=Status.AWAITING,
    plurals=("one", "few", "many", "other"),
    phrases=_PHRASES,
    words=_WORDS,
)
"""Ukrainian."""
