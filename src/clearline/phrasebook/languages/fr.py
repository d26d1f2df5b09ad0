"""French: machine-made, awaiting a native reader.

It decides what Clearline says to a reader of French. Nobody whose first language it is has
read it yet; its status says so wherever a language is chosen. The space before a colon, a
semicolon and a question mark, and inside « », is U+00A0, so that no line breaks there.
"""

from __future__ import annotations

from clearline.phrasebook.catalogue import Catalogue, Direction, Status

__all__ = ["CATALOGUE"]

_PHRASES = {
    "STOP": (
        "HALTE. Notre personnel est à {place}. Cessez ce que vous faites dans un rayon de "
        "{radius_cm} autour de ce point.{reference, select, none {} other { Concerne l’entrée "
        "{reference}.}}"
    ),
    "CLEAR": (
        "DANGER PASSÉ. Le danger dont nous parlions est passé pour nous{place, select, "
        "none {} other { dans un rayon de {radius_cm} autour de {place}}}.{reference, "
        "select, none {} other { Concerne l’entrée {reference}.}} Ceci ne "
        "vaut pas accord."
    ),
    "DELAY REQUEST": (
        "DEMANDE DE REPORT. Nous demandons que ce que dit l’entrée {reference} "
        "commence {delay_ms} plus tard. Jusqu’à votre réponse, rien n’a changé."
    ),
    "LOCATION QUERY": (
        "QUESTION SUR UN LIEU. Opérez-vous dans un rayon de {radius_cm} autour de {place} ?"
    ),
    "PRESENCE": (
        "PRÉSENCE. Nous déclarons opérer dans un rayon de {radius_cm} autour de "
        "{place}, de {begins} à {ends}."
    ),
    "NO PRESENCE": (
        "PAS DE PRÉSENCE. Nous déclarons ne pas opérer dans un rayon de {radius_cm} "
        "autour de {place}, de {begins} à {ends}."
    ),
    "DISTRESS": "DÉTRESSE à {place} : {nature}, {persons}. Ne les mettez pas en danger.",
    "TEST": "ESSAI. Ceci est un essai de la ligne et rien d’autre.",
    "SAY AGAIN": "RÉPÉTEZ. Nous n’avons pas compris l’entrée {which}. Répétez-la en entier.",
    "CORRECTION": (
        "CORRECTION. Nous retirons ce que disait notre entrée {of}. Ce qui suit la remplace."
    ),
    "WRONG PLACE": (
        "LIEU ERRONÉ. Le lieu de notre entrée {reference} est faux. Le bon lieu : {place}."
    ),
    "ANCHOR QUERY": (
        "QUESTION DE REPÈRE. Votre entrée {reference} dit {place}, mais le repère "
        "{anchor} donne {anchored} : un écart de {apart_cm}. Lequel est le bon ?"
    ),
    "STANDBY": "ATTENDEZ. Nous avons lu l’entrée {reference} et répondrons sous {wait_ms}.",
    "UNABLE": "IMPOSSIBLE. Nous ne pouvons faire ce que demande l’entrée {reference}.",
    "AFFIRM": (
        "OUI. Réponse à votre question de l’entrée {reference} : oui. Ceci ne "
        "vaut accord pour aucune opération."
    ),
    "NEGATIVE": "NON. Réponse à votre question de l’entrée {reference} : non.",
    "CALL BY VOICE": (
        "PASSEZ EN PHONIE. Parlez-nous de vive voix par la voie « {path} » de la fiche de contact."
    ),
    "FREE TEXT": "TEXTE LIBRE, NON TRADUIT, langue « {language} » : {text}",
}

_WORDS = {
    "unknown": "inconnu",
    "nature.down_aircraft": "aéronef à terre",
    "nature.vessel": "navire",
    "nature.convoy": "convoi",
    "nature.medical": "urgence médicale",
    "nature.fire": "incendie",
    "nature.stranded": "personnes bloquées",
    "persons.unknown": "nombre de personnes inconnu",
    "position": "{lat}° {north, select, N {N} other {S}} {lon}° {east, select, E {E} other {W}}",
    "length.m": "{n} m",
    "length.km": "{n} km",
    "span.days": "{n, number} j",
    "span.hours": "{n, number} h",
    "span.minutes": "{n, number} min",
    "span.seconds": "{n, number} s",
    "time": "{year}-{month}-{day} {hour}:{minute}:{second} UTC",
    "reference": "…{id}",
    "persons": "{n, plural, one {# personne} many {# personnes} other {# personnes}}",
    "page.drill": "EXERCICE",
    "page.call": "Appel {precedence} de {party}, pour {desk}.",
    "page.waits": "Un appel {precedence} attend à {desk}. Allez à la console et répondez.",
    "page.test": "Appel d’essai pour {desk}. Veuillez y répondre.",
    "page.presence": "Êtes-vous là ? Veuillez confirmer que la veille est assurée à {desk}.",
    "page.code": "Pour en accuser réception, donnez le code {code}.",
    "fallback": "[pas de texte en « {language} » ; voici l’anglais] {text}",
}

CATALOGUE = Catalogue(
    language="fr",
    native_name="Français",
    direction=Direction.LEFT_TO_RIGHT,
    status=Status.AWAITING,
    plurals=("one", "many", "other"),
    phrases=_PHRASES,
    words=_WORDS,
)
"""French."""
