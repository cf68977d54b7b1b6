"""What the tests say, in the three languages: clear and typical, and in no file of data/nlu (``test_questions.py``)."""

LANGUAGES = ("de", "en", "ja")

GREETING = {"de": "Guten Tag zusammen", "en": "Hello, good morning to you", "ja": "はじめまして、こんにちは"}
GMBH = {
    "de": "Wie läuft die Gründung einer GmbH Schritt für Schritt ab?",
    "en": "What are the steps to establish a GmbH in Germany?",
    "ja": "GmbHを設立するための手順を順番に教えてください",
}
GMBH_TOPIC = "company/gmbh_formation"
OFFICE_TOPIC = "location/office_space"
COST = {"de": "Und was kostet das alles?", "en": "And what does it cost?", "ja": "それの費用はいくらですか？"}
UNRELATED = {
    "de": ("Schreib mir ein Gedicht über Katzen", "Wer hat gestern das Fußballspiel gewonnen?"),
    "en": ("Write me a poem about cats, please", "Who won the football match last night?"),
    "ja": ("猫についての詩を書いてください", "昨日のサッカーの試合はどちらが勝ちましたか"),
}
# the first of them that the thresholds of the day leave open
VAGUE = {
    "de": ("Anmeldung", "Steuern und Visum", "Unterlagen", "Vertrag und Versicherung", "Büro und Steuern"),
    "en": ("registration", "tax and visa", "paperwork", "contract and insurance", "office and tax"),
    "ja": ("登録", "税金とビザ", "書類", "契約と保険", "オフィスと税金"),
}
IN_LANGUAGE = {
    "de": "Bitte antworten Sie mir auf Deutsch",
    "en": "Please answer me in English",
    "ja": "日本語で答えてください",
}
OTHER_LANGUAGE = {
    "de": "Können wir die Sprache wechseln?",
    "en": "Can we switch to another language?",
    "ja": "言語を変えられますか",
}
PERSON = {
    "de": "Ich würde das gerne mit einem echten Menschen besprechen",
    "en": "I would like to talk to a human being about this",
    "ja": "担当者の方と直接お話ししたいのですが",
}
WITHDRAW = {
    "de": "Ich möchte mein Anliegen zurückziehen",
    "en": "I would like to withdraw my request",
    "ja": "先ほどの依頼を取り下げたいです",
}
PRIVACY = {
    "de": "Welche Daten von mir speichert dieser Chat?",
    "en": "Which data about me does this chat store?",
    "ja": "このチャットは私のどんなデータを保存しますか",
}
ERASE = {
    "de": "Löschen Sie bitte alle meine Daten",
    "en": "Please delete all of my data",
    "ja": "私のデータをすべて削除してください",
}
YES = {"de": "Ja", "en": "Yes", "ja": "はい"}
CANCEL = {"de": "abbrechen", "en": "cancel", "ja": "中止"}
ROBOT = {
    "de": "Sag mal, bist du ein Roboter?",
    "en": "Tell me, am I talking to a robot?",
    "ja": "あなたはロボットなのですか？",
}

# a municipality of the Rhein-Kreis Neuss, named inside a question
IN_CHARGE = {
    "de": "Wer ist in Meerbusch für uns zuständig?",
    "en": "Who is responsible for us in Meerbusch?",
    "ja": "メアブッシュはどの機関が担当していますか",
}
MEERBUSCH, NEUSS, DUESSELDORF, KOELN = "05162022", "05162024", "05111000", "05315000"

COMPANY = "Beispiel Handel GmbH"
NAME = "Sakura Beispiel"
EMAIL = "sakura@example.jp"
PHONE = "+81 3-1234-5678"
CONCERN = {
    "de": "Wir suchen ab April 4 Arbeitsplätze und Hilfe bei der ersten Anmeldung.",
    "en": "We need 4 desks from April on and help with the first registration.",
    "ja": "4月から4名分の席を探しており、最初の届出についても相談したいです。",
}
# not data of this file: words of the tests that may well stand among the phrases
SHORT = (YES, CANCEL, VAGUE)
