"""Ordinary texts are told by their language; what is too short, mixed or no language at all by its script."""

import pytest

from luthier.data.quality.facts import character_facts, language_facts
from luthier.data.quality.languages import language_of
from luthier.data.quality.scripts import scripts_of

TEXTS = {
    "English": "The bridge of a violin is carved from maple, and it stands between the strings and the top.",
    "German": "Der Steg einer Geige ist aus Ahorn und steht zwischen den Saiten und der Decke.",
    "French": "Le chevalet du violon est taillé dans l'érable et il se trouve entre les cordes et la table.",
    "Spanish": "El puente del violín está hecho de arce y se encuentra entre las cuerdas y la tapa.",
    "Portuguese": "O cavalete do violino é feito de bordo e não está colado, mas fica entre as cordas e o tampo.",
    "Italian": "Il ponticello del violino è fatto di acero e si trova tra le corde e la tavola, non è incollato.",
    "Dutch": "De kam van een viool is van esdoorn gemaakt en staat niet vast, maar tussen de snaren en het blad.",
    "Swedish": "Stallet på en fiol är gjort av lönn och det står mellan strängarna och locket, men är inte limmat.",
    "Danish or Norwegian": "Stolen på en violin er lavet af ahorn, og den er ikke limet, men står mellem strengene.",
    "Finnish": "Viulun talla on vaahteraa ja se seisoo kielten ja kannen välissä, mutta se ei ole liimattu.",
    "Polish": "Podstawek skrzypiec jest z klonu i nie jest przyklejony, ale stoi na płycie, która się ugina.",
    "Czech or Slovak": "Kobylka houslí je z javoru a není přilepená, ale stojí na desce, která se prohýbá.",
    "Hungarian": "A hegedű lába juharból van, és nem ragasztják fel, hanem a húrok és a tető között áll.",
    "Romanian": "Căluşul viorii este din arțar și nu este lipit, dar stă pe placă și sunt patru corzi pe el.",
    "Turkish": "Kemanın köprüsü akçaağaçtan yapılır ve yapıştırılmaz, ama çalgı için çok önemli bir parça.",
    "Indonesian or Malay": "Jembatan biola terbuat dari kayu maple dan tidak dilem, tetapi berdiri di antara senar.",
    "Vietnamese": "Ngựa đàn của vĩ cầm được làm từ gỗ phong và không dán, nó đứng ở giữa các dây và mặt đàn.",
    "Russian": "Подставка скрипки сделана из клёна и не приклеена, но она стоит между струнами и декой.",
    "Ukrainian": "Підставка скрипки зроблена з клена і не приклеєна, але вона стоїть між струнами та декою.",
    "Serbian": "Кобилица виолине је од јавора и није залепљена, али се налази између жица које су на њој.",
    "Bulgarian or Macedonian": "Магарето на цигулката е от явор и не е залепено, но е между струните.",
    "Arabic": "الجسر في الكمان هو من خشب القيقب، وهذا الجزء الذي يقف بين الأوتار من غير لصق على الوجه.",
    "Persian": "خرک ویولن از چوب افرا است و به صفحه چسبانده نمی شود، این قطعه در میان سیم ها است.",
    "Urdu": "وائلن کا پل میپل کی لکڑی سے بنتا ہے اور یہ تاروں کے درمیان میں کھڑا ہے۔",
    "Hindi": "वायलिन का पुल मेपल की लकड़ी से बनता है और यह तारों के बीच में खड़ा है।",
    "Marathi": "व्हायोलिनचा पूल मेपल लाकडाचा आहे आणि तो तारांच्या मध्ये उभा आहे, पण चिकटवलेला नाही.",
    "Nepali": "भायोलिनको ब्रिज मेपलको काठबाट बनेको छ र यो तारहरूको बीचमा छ, तर टाँसिएको छैन।",
    "Greek": "Ο καβαλάρης του βιολιού είναι από σφενδάμι.",
    "Chinese": "小提琴的琴马由枫木制成。",
    "Japanese": "ヴァイオリンの駒は楓で作られています。",
    "Korean": "바이올린의 브리지는 단풍나무로 만든다.",
    "Thai": "หย่องของไวโอลินทำจากไม้เมเปิล",
}
UNCERTAIN = {
    "spruce": "in Latin letters",
    "def f(x): return x ** 2": "in Latin letters",
    "Mozart Beethoven Brahms": "in Latin letters",
    "дерево": "in Cyrillic letters",
    "12 + 30": "none",
}


def language(text: str) -> str:
    (script,) = scripts_of([text])
    return language_of(text, script)


@pytest.mark.parametrize("name", TEXTS)
def test_a_sentence_is_told_by_its_language(name: str) -> None:
    assert language(TEXTS[name]) == name


@pytest.mark.parametrize("text", UNCERTAIN)
def test_what_cannot_be_told_is_given_by_its_script(text: str) -> None:
    assert language(text) == UNCERTAIN[text]


def test_every_language_has_a_text_here_and_a_script_that_is_known() -> None:
    facts = language_facts()
    scripts = {each.name for each in character_facts().scripts}
    assert {each.script for each in facts.languages} | facts.of_script.keys() <= scripts
    assert {each.name for each in facts.languages} <= TEXTS.keys()
