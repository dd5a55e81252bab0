"""What two people say to each other once they are connected.

They take turns, with a breath between: while one speaks the other's channel is silent, and no two turns are the same
until the sentences run out. Whoever was called speaks first, as people do when they pick up a phone.
"""

from collections.abc import Callable, Iterator
from itertools import cycle

from telephony.practice.audio import RATE_HZ, Samples

BREATH_S = 0.25

CALLER = {
    "en": (
        "Good afternoon, I would like to book a meeting room for Tuesday.",
        "For six people, from ten until noon, please.",
        "Could we also have a screen and a whiteboard?",
        "Thank you, that is all I wanted to know.",
    ),
    "ru": (
        "Добрый день, я хочу забронировать переговорную на вторник.",
        "На шесть человек, с десяти до полудня.",
        "Можно ли поставить экран и доску?",
        "Спасибо, это всё, что я хотел узнать.",
    ),
    "kk": (
        "Қайырлы күн, сейсенбіге кездесу бөлмесін брондағым келеді.",
        "Алты адамға, сағат оннан түске дейін.",
        "Экран мен тақта қоюға бола ма?",
        "Рахмет, білгім келгені осы еді.",
    ),
}
CALLEE = {
    "en": (
        "Reception, hello.",
        "Of course, let me look at the calendar.",
        "Yes, the room on the third floor is free.",
        "I have written it down, you will get a letter.",
    ),
    "ru": (
        "Приёмная, здравствуйте.",
        "Конечно, сейчас посмотрю календарь.",
        "Да, комната на третьем этаже свободна.",
        "Я всё записала, вам придёт письмо.",
    ),
    "kk": (
        "Қабылдау бөлімі, сәлеметсіз бе.",
        "Әрине, күнтізбені қарайын.",
        "Иә, үшінші қабаттағы бөлме бос.",
        "Жазып қойдым, сізге хат келеді.",
    ),
}

Speak = Callable[[str, str], Samples]
"""Words and a language (`kk`, `ru`, `en`) to mono samples at 8 kHz."""


Turn = tuple[int, float, Samples]
"""Who speaks (0 the caller, 1 the other), from when (seconds into the talk), and what is said."""


def turns(language: str, lasting_s: float, speak: Speak, speech: Samples | None) -> Iterator[Turn]:
    """What is said in a talk of `lasting_s` seconds.

    A given `speech` is what the caller says, once, in one piece, after the other's greeting; then only the other
    still speaks. The last turn is cut where the talk ends.
    """
    own = iter([speech]) if speech is not None else (speak(words, language) for words in cycle(CALLER[language]))
    other = (speak(words, language) for words in cycle(CALLEE[language]))
    at_s, who = 0.0, 1
    while at_s < lasting_s:
        said = next(other) if who else next(own, None)
        if said is not None:
            yield who, at_s, said[: round((lasting_s - at_s) * RATE_HZ)]
            at_s += len(said) / RATE_HZ
        at_s += BREATH_S
        who = 1 - who
