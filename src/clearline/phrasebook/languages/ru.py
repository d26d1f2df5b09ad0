"""Russian: machine-made, awaiting a native reader.

It decides what Clearline says to a Russian reader. Nobody whose first language is Russian
has read it yet; its status says so wherever a language is chosen. Slots stand where no
case ending depends on them, and units are abbreviated, as abbreviations do not decline.
"""

from __future__ import annotations

from clearline.phrasebook.catalogue import Catalogue, Direction, Status

__all__ = ["CATALOGUE"]

_ABOUT = "{reference, select, none {} other { Касается записи {reference}.}}"

_PHRASES = {
    "STOP": (
        "СТОП. В точке {place} находятся наши люди. "
        "Прекратите свои действия в радиусе {radius_cm} от неё." + _ABOUT
    ),
    "CLEAR": (
        "ОТБОЙ. Опасность, о которой мы сообщали, для нас миновала"
        "{place, select, none {} other { в радиусе {radius_cm} от точки {place}}}."
        + _ABOUT
        + " Это не является согласием на что-либо."
    ),
    "DELAY REQUEST": (
        "ПРОСЬБА ОТЛОЖИТЬ. Просим начать указанное в записи {reference} позже, на {delay_ms}. "
        "До вашего ответа ничего не изменилось."
    ),
    "LOCATION QUERY": ("ЗАПРОС О МЕСТЕ. Действуете ли вы в радиусе {radius_cm} от точки {place}?"),
    "PRESENCE": (
        "ПРИСУТСТВИЕ. Заявляем, что мы действуем в радиусе {radius_cm} от точки {place}, "
        "с {begins} до {ends}."
    ),
    "NO PRESENCE": (
        "ОТСУТСТВИЕ. Заявляем, что мы не действуем в радиусе {radius_cm} от точки {place}, "
        "с {begins} до {ends}."
    ),
    "DISTRESS": "БЕДСТВИЕ в точке {place}: {nature}, {persons}. Не подвергайте их опасности.",
    "TEST": "ПРОВЕРКА. Это проверка линии и ничего более.",
    "SAY AGAIN": "ПОВТОРИТЕ. Мы не поняли запись {which}. Повторите её полностью.",
    "CORRECTION": (
        "ИСПРАВЛЕНИЕ. Мы отзываем сказанное нами в записи {of}. Её заменяет то, что последует."
    ),
    "WRONG PLACE": (
        "НЕВЕРНОЕ МЕСТО. В нашей записи {reference} место указано неверно. "
        "Правильное место: {place}."
    ),
    "ANCHOR QUERY": (
        "ВОПРОС ОБ ОРИЕНТИРЕ. В вашей записи {reference} указано место {place}, "
        "но по ориентиру {anchor} получается {anchored}: расхождение {apart_cm}. "
        "Что вы имеете в виду?"
    ),
    "STANDBY": "ЖДИТЕ. Мы прочли запись {reference} и ответим не позже чем через {wait_ms}.",
    "UNABLE": "НЕ МОЖЕМ. Мы не можем сделать то, о чём просит запись {reference}.",
    "AFFIRM": (
        "ДА. Ответ на ваш вопрос в записи {reference}: да. "
        "Это не является согласием на какие-либо действия."
    ),
    "NEGATIVE": "НЕТ. Ответ на ваш вопрос в записи {reference}: нет.",
    "CALL BY VOICE": (
        "ГОЛОСОВАЯ СВЯЗЬ. Говорите с нами голосом по каналу «{path}» из карточки связи."
    ),
    "FREE TEXT": "СВОБОДНЫЙ ТЕКСТ, БЕЗ ПЕРЕВОДА, язык «{language}»: {text}",
}

_WORDS = {
    "unknown": "неизвестно",
    "nature.down_aircraft": "упавшее воздушное судно",
    "nature.vessel": "судно",
    "nature.convoy": "колонна",
    "nature.medical": "нужна медицинская помощь",
    "nature.fire": "пожар",
    "nature.stranded": "люди отрезаны",
    "persons.unknown": "число людей неизвестно",
    "position": "{lat}° {north, select, N {СШ} other {ЮШ}} {lon}° {east, select, E {ВД} other {ЗД}}",
    "length.m": "{n} м",
    "length.km": "{n} км",
    "span.days": "{n, number} сут",
    "span.hours": "{n, number} ч",
    "span.minutes": "{n, number} мин",
    "span.seconds": "{n, number} с",
    "time": "{day}.{month}.{year} {hour}:{minute}:{second} UTC",
    "reference": "…{id}",
    "persons": "{n, plural, one {# человек} few {# человека} many {# человек} other {# человека}}",
    "page.drill": "УЧЕНИЕ",
    "page.call": "Вызов {precedence}. Вызывает: {party}. Пост: {desk}.",
    "page.waits": "Вызов {precedence} ждёт ответа. Пост: {desk}. Подойдите к пульту и ответьте.",
    "page.test": "Проверочный вызов. Пост: {desk}. Ответьте на него.",
    "page.presence": "Вы на месте? Подтвердите, что вахта несётся. Пост: {desk}.",
    "page.code": "Чтобы подтвердить приём, дайте код {code}.",
    "fallback": "[нет текста на языке «{language}»; далее по-английски] {text}",
}

CATALOGUE = Catalogue(
    language="ru",
    native_name="Русский",
    direction=Direction.LEFT_TO_RIGHT,
    status=Status.AWAITING,
    plurals=("one", "few", "many", "other"),
    phrases=_PHRASES,
    words=_WORDS,
)
"""Russian."""
