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
    "received_is_not_agreed": "Получено не значит согласовано",
    "line_not_safe": "ЛИНИЯ НЕНАДЁЖНА",
    "line_not_safe_why": "Узел не уверен, что ведёт запись. Он остановлен.",
    "late": "ПОЗДНО",
    "not_understood": "Не понято",
    "untranslated": "Без перевода",
    "machine_translated": "Машинный перевод, ещё не проверен носителем языка",
    "drill": "УЧЕНИЕ",
    "now": "сейчас",
    "unknown": "неизвестно",
    "precedence.flash": "МОЛНИЯ (FLASH)",
    "precedence.immediate": "НЕМЕДЛЕННО (IMMEDIATE)",
    "precedence.priority": "СРОЧНО (PRIORITY)",
    "precedence.routine": "ОБЫЧНО (ROUTINE)",
    "disposition.received": "ПОЛУЧЕНО",
    "disposition.relayed_to_units": "ПЕРЕДАНО ПОДРАЗДЕЛЕНИЯМ",
    "disposition.understood": "ПОНЯТО",
    "disposition.will_comply": "ВЫПОЛНИМ",
    "disposition.cannot_comply": "НЕ МОЖЕМ ВЫПОЛНИТЬ",
    "link.up": "РАБОТАЕТ",
    "link.late": "ЗАПАЗДЫВАЕТ",
    "link.down": "НЕ РАБОТАЕТ",
    "link.disputed": "ОСПАРИВАЕТСЯ",
    "status.in_force": "Действует",
    "status.suspended": "Объявлено приостановленным; вызовы по линии проходят",
    "call.open": "Открыт",
    "call.ringing": "Звонит",
    "call.climbed": "Передан выше",
    "call.acknowledged": "Прочитан человеком",
    "call.closed": "Закрыт обеими сторонами",
    "call.reopened": "Открыт снова",
    "notice.draft": "Черновик, не отправлено",
    "notice.declared": "Объявлено",
    "notice.active": "Действует сейчас",
    "notice.revised": "Изменено",
    "notice.withdrawn": "Отозвано",
    "notice.lapsed": "Истекло",
    "watch.manned": "Дежурный на месте",
    "watch.unmanned": "Дежурного нет",
    "test.sent": "Проверка отправлена",
    "test.answered": "На проверку ответили",
    "test.missed": "Проверка без ответа",
    "readback.wanted": "Повторите отмеченные данные",
    "readback.matches": "Повторено верно",
    "readback.confirmed": "Повтор подтверждён отправителем",
    "noun.call": "Вызов",
    "noun.notice": "Уведомление",
    "noun.conflict": "Конфликт",
    "noun.desk": "Пост",
    "noun.ladder": "Лестница",
    "noun.counterpart": "Другая сторона",
    "noun.us": "Мы",
    "noun.record": "Запись переговоров",
    "noun.receipt": "Квитанция",
    "noun.coded_line": "Как подписано",
    "act.acknowledge": "Прочитано мной",
    "act.call": "Вызвать",
    "act.stop": "Отправить СТОП",
    "act.read_back": "Повторить",
    "act.confirm": "Подтвердить",
    "act.correct": "Исправить",
    "act.close": "Закрыть с нашей стороны",
    "act.declare": "Объявить",
    "act.revise": "Изменить",
    "act.withdraw": "Отозвать",
    "act.take_watch": "Принять дежурство",
    "act.hand_over": "Сдать дежурство",
    "act.send_test": "Отправить проверку",
    "act.silence_bell": "Заглушить только этот звонок",
    "alarm.disputed": (
        "ОСПАРИВАЕТСЯ: другая сторона подписала две разные записи. "
        "Ничего не принимается, пока не решит человек."
    ),
    "alarm.desk_unmanned": "На этом посту никто не дежурит",
    "nature.down_aircraft": "упавшее воздушное судно",
    "nature.vessel": "судно",
    "nature.convoy": "колонна",
    "nature.medical": "медицинская помощь",
    "nature.fire": "пожар",
    "nature.stranded": "люди отрезаны",
    "slot.place": "Место",
    "slot.radius_cm": "Радиус",
    "slot.reference": "Касается",
    "slot.delay_ms": "Позже на",
    "slot.begins": "С",
    "slot.ends": "До",
    "slot.nature": "Характер",
    "slot.persons": "Людей",
    "slot.which": "Какая запись",
    "slot.of": "Запись",
    "slot.anchor": "Ориентир",
    "slot.anchored": "Место по ориентиру",
    "slot.apart_cm": "Расхождение",
    "slot.wait_ms": "В течение",
    "slot.path": "Канал",
    "slot.text": "Текст",
    "slot.language": "Язык",
    "slot.phrase": "Фраза",
    "persons.unknown": "число людей неизвестно",
    "position": (
        "{lat}° {north, select, N {СШ} other {ЮШ}} {lon}° {east, select, E {ВД} other {ЗД}}"
    ),
    "length.m": "{n} м",
    "length.km": "{n} км",
    "span.days": "{n, number} сут",
    "span.hours": "{n, number} ч",
    "span.minutes": "{n, number} мин",
    "span.seconds": "{n, number} с",
    "time": "{day}.{month}.{year} {hour}:{minute}:{second} UTC",
    "reference": "…{id}",
    "persons": (
        "{n, plural, one {# человек} few {# человека} many {# человек} other {# человека}}"
    ),
    "fallback": "[нет текста на языке «{language}»; далее по-английски] {text}",
    "link.last_heard": "Последний сигнал {span} назад",
    "call.from": "{precedence}: вызов, сторона {party}",
    "call.ringing_for": "Звонит {rung}, уже {span}",
    "call.climbs_in": "Передача выше через {span}",
    "call.acknowledged_at": "Прочитан человеком, {rung}, {time}",
    "call.silence": "Нет ответа {span}. Молчание никогда не закрывает вызов.",
    "use_next_path": "Сейчас же используйте следующий канал: {path}",
    "notice.stored_at": "Сохранено другой стороной {time}",
    "notice.noted_at": "Принято к сведению человеком {time}",
    "notice.lead_short": "ПОЗДНО: осталось {lead}, согласованный минимум {minimum}",
    "notice.ends_in": "Закончится через {span}",
    "readback.differs": "{slot}: расхождение, сказано {said}, повторено {restated}",
    "rung": "ступень {n, number}",
    "alarm.call": "{precedence}: ВЫЗОВ, сторона {party}",
    "alarm.conflict": (
        "{n, plural, one {# КОНФЛИКТ} few {# КОНФЛИКТА} many {# КОНФЛИКТОВ} "
        "other {# КОНФЛИКТА}}, сторона {party}"
    ),
    "alarm.conflict_cleared": "Конфликт снят, сторона {party}",
    "alarm.closest_approach": "Наименьшее расстояние {length}, {time}",
    "alarm.missed_test": (
        "ПРОВЕРКА БЕЗ ОТВЕТА: сторона {party} не ответила на проверку {time}. Причина неизвестна."
    ),
    "alarm.link_late": "ЛИНИЯ ЗАПАЗДЫВАЕТ: сторона {party}, последний сигнал {span} назад",
    "alarm.link_down": (
        "ЛИНИЯ НЕ РАБОТАЕТ: сторона {party}, последний сигнал {span} назад. "
        "Используйте карточку связи."
    ),
    "alarm.clock": "ЧАСЫ РАСХОДЯТСЯ: сторона {party}, разница {span}",
    "alarm.notice_late": "ПОЗДНЕЕ УВЕДОМЛЕНИЕ, сторона {party}: меньше согласованного срока",
    "alarm.notice_lapsing": "Наше уведомление истечёт через {span}, если его не подтвердить",
    "alarm.anchor": "МЕСТО И ОРИЕНТИР РАСХОДЯТСЯ: по ориентиру {anchor} расхождение {length}",
    "alarm.refused": "Запись стороны {party} не принята: {reason}",
    "count.calls": "{n, plural, one {# вызов} few {# вызова} many {# вызовов} other {# вызова}}",
    "count.notices": (
        "{n, plural, one {# уведомление} few {# уведомления} "
        "many {# уведомлений} other {# уведомления}}"
    ),
    "count.conflicts": (
        "{n, plural, one {# конфликт} few {# конфликта} many {# конфликтов} other {# конфликта}}"
    ),
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
