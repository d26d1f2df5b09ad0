"""Turkish: machine-made, awaiting a native reader.

It decides what Clearline says to a reader of Turkish. Nobody whose first language it is has
read it yet; its status says so wherever a language is chosen.
"""

from __future__ import annotations

from clearline.phrasebook.catalogue import Catalogue, Direction, Status

__all__ = ["CATALOGUE"]

_PHRASES = {
    "STOP": (
        "DUR. İnsanlarımız şu noktada: {place}. O noktanın {radius_cm} yarıçapı içinde "
        "yaptığınızı durdurun.{reference, select, none {} other { İlgili girdi: "
        "{reference}.}}"
    ),
    "CLEAR": (
        "TEHLİKE GEÇTİ. Bildirdiğimiz tehlike bizim için geçti{place, select, none {} "
        "other {, {place} merkezli {radius_cm} yarıçap içinde}}.{reference, select, "
        "none {} other { İlgili girdi: {reference}.}} Bu hiçbir şeye onay değildir."
    ),
    "DELAY REQUEST": (
        "ERTELEME İSTEĞİ. {reference} girdisindekinin {delay_ms} daha geç başlamasını "
        "istiyoruz. Yanıtınıza dek hiçbir şey değişmedi."
    ),
    "LOCATION QUERY": (
        "YER SORUSU. {place} merkezli {radius_cm} yarıçap içinde faaliyet gösteriyor musunuz?"
    ),
    "PRESENCE": (
        "VARLIK BEYANI. {place} merkezli {radius_cm} yarıçap içinde, {begins} ile {ends} "
        "arasında faaliyet gösterdiğimizi beyan ederiz."
    ),
    "NO PRESENCE": (
        "BULUNMAMA BEYANI. {place} merkezli {radius_cm} yarıçap içinde, {begins} ile {ends} "
        "arasında faaliyet göstermediğimizi beyan ederiz."
    ),
    "DISTRESS": "İMDAT, {place}: {nature}, {persons}. Onları tehlikeye atmayın.",
    "TEST": "DENEME. Bu hattın denemesidir, başka bir şey değildir.",
    "SAY AGAIN": "TEKRARLAYIN. {which} girdisini anlamadık. Tamamını tekrarlayın.",
    "CORRECTION": (
        "DÜZELTME. {of} girdisinde söylediğimizi geri alıyoruz. Yerine bundan sonra söylenen geçer."
    ),
    "WRONG PLACE": "YANLIŞ YER. {reference} girdimizdeki yer yanlış. Doğru yer: {place}.",
    "ANCHOR QUERY": (
        "DAYANAK SORUSU. {reference} girdiniz {place} diyor, {anchor} dayanağı ise "
        "{anchored} veriyor: fark {apart_cm}. Hangisini kastediyorsunuz?"
    ),
    "STANDBY": "BEKLEYİN. {reference} girdisini okuduk, {wait_ms} içinde yanıtlayacağız.",
    "UNABLE": "YAPAMIYORUZ. {reference} girdisinin istediğini yapamıyoruz.",
    "AFFIRM": (
        "EVET. {reference} girdisindeki sorunuza yanıt: evet. Bu hiçbir harekâta onay değildir."
    ),
    "NEGATIVE": "HAYIR. {reference} girdisindeki sorunuza yanıt: hayır.",
    "CALL BY VOICE": (
        "SESLE KONUŞUN. İletişim kartındaki «{path}» yolundan bizimle sesle konuşun."
    ),
    "FREE TEXT": "SERBEST METİN, ÇEVRİLMEDİ, dil «{language}»: {text}",
}

_WORDS = {
    "unknown": "bilinmiyor",
    "nature.down_aircraft": "düşmüş hava aracı",
    "nature.vessel": "gemi",
    "nature.convoy": "konvoy",
    "nature.medical": "tıbbi acil durum",
    "nature.fire": "yangın",
    "nature.stranded": "mahsur kalanlar",
    "persons.unknown": "kişi sayısı bilinmiyor",
    "position": "{lat}° {north, select, N {K} other {G}} {lon}° {east, select, E {D} other {B}}",
    "length.m": "{n} m",
    "length.km": "{n} km",
    "span.days": "{n, number} gün",
    "span.hours": "{n, number} sa",
    "span.minutes": "{n, number} dk",
    "span.seconds": "{n, number} sn",
    "time": "{day}.{month}.{year} {hour}:{minute}:{second} UTC",
    "reference": "…{id}",
    "persons": "{n, plural, one {# kişi} other {# kişi}}",
    "page.drill": "TATBİKAT",
    "page.call": "{precedence} çağrısı. Arayan: {party}. Masa: {desk}.",
    "page.waits": "{precedence} çağrısı yanıt bekliyor. Masa: {desk}. Konsola gidip yanıtlayın.",
    "page.test": "Deneme çağrısı. Masa: {desk}. Lütfen yanıtlayın.",
    "page.presence": "Orada mısınız? Nöbetin tutulduğunu onaylayın. Masa: {desk}.",
    "page.code": "Alındığını bildirmek için {code} kodunu verin.",
    "fallback": "[«{language}» dilinde metin yok; İngilizcesi] {text}",
}

CATALOGUE = Catalogue(
    language="tr",
    native_name="Türkçe",
    direction=Direction.LEFT_TO_RIGHT,
    status=Status.AWAITING,
    plurals=("one", "other"),
    phrases=_PHRASES,
    words=_WORDS,
)
"""Turkish."""
