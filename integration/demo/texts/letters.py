"""Letters of customers and what agents of the help desk write, sentence by sentence."""

from __future__ import annotations

from integration.demo.texts.grammar import Values, some_of

DELIVERY = [
    "The parcel was meant to arrive on <date>, but the tracking page has not moved since <date_2>.",
    "Your courier left a card at number <house>, although I was at home the whole day.",
    "I took the afternoon off for this delivery and nobody came.",
    "Could you please tell me whether order <order> is lost or only late?",
    "If it cannot be here before <date_3>, I would rather have my money back.",
    "The box was open when it reached <city> and the <product> was missing.",
    "This is the second time this year that a delivery to <street> goes wrong.",
]
BILLING = [
    "I was charged <amount> euros on <date>, but the invoice says <amount_2>.",
    "The discount of my <plan> plan was not taken off.",
    "Please send a corrected invoice <invoice> to <email>.",
    "My bank shows the same amount twice, on <date> and on <date_2>.",
    "Our accountant needs the VAT number of your company on the document.",
    "I cancelled in <month> and was still billed for <month_2>.",
]
DEFECT = [
    "The <product> I bought on <date> makes a grinding noise after about <number> minutes.",
    "I have already replaced the battery and followed the manual step by step.",
    "One of the screws in the bag does not fit the thread.",
    "A photo of the broken part is attached to this message.",
    "Is that covered by the warranty, and do I have to send in the whole thing?",
    "My neighbour has the same model and hers works without any trouble.",
]
ACCOUNT = [
    "I have moved to <city> and cannot change the address in my profile.",
    "The app signs me out every time I open the page with my orders.",
    "The e-mail with the code never arrives at <email>.",
    "Please merge my two accounts, the old one still has the vouchers.",
    "I no longer want to receive the newsletter, and the link at its end does nothing.",
]
GERMAN = [
    "Ich warte seit dem <date_de> auf meine Bestellung <order>.",
    "Laut Sendungsverfolgung liegt das Paket noch immer in <city>.",
    "Bitte teilen Sie mir mit, wann ich damit rechnen kann.",
    "Leider passt <product_de> nicht zu dem, was auf Ihrer Seite beschrieben ist.",
    "Die Rechnung <invoice> enthält einen Posten, den ich nicht bestellt habe.",
]
FRENCH = [
    "J'attends ma commande <order> depuis le <date_fr>.",
    "Le livreur n'est jamais passé, bien que le site affirme le contraire.",
    "Pourriez-vous me rembourser ou m'envoyer un nouvel article ?",
    "La facture <invoice> ne correspond pas au montant débité.",
    "J'ai essayé de joindre votre service trois fois cette semaine.",
]
REPLIES = [
    "Thank you for your patience while we looked into this.",
    "Your replacement leaves our warehouse tomorrow and needs about <few> days to <city>.",
    "We have refunded <amount> euros to the card you paid with.",
    "Please keep the <product>; there is no need to send it back.",
    "You can follow the parcel with the number of your order, <order>.",
    "If anything else comes up, just answer this message and it reaches me directly.",
]
TURNS = [
    "Customer: <delivery_one>",
    "Agent: I am sorry to hear that. May I have the number of your order?",
    "Customer: It is <order>, placed on <date>.",
    "Agent: Thank you. The carrier reports it in <city> since <date_2>.",
    "Customer: <billing_one>",
    "Agent: I have corrected that; the new invoice is <invoice>.",
    "Customer: And when will the <product> be here?",
    "Agent: We expect it within <few> working days.",
    "Customer: Fine, but please do call me if that changes.",
]

LETTERS: Values = {
    "delivery": some_of(DELIVERY, 2, 4),
    "billing": some_of(BILLING, 2, 4),
    "defect": some_of(DEFECT, 2, 4),
    "account": some_of(ACCOUNT, 2, 3),
    "delivery_one": DELIVERY,
    "billing_one": BILLING,
    "ticket": ["<delivery>", "<billing>", "<defect>", "<account>"],
    "ticket_any": ["<delivery>", "<billing>", "<german>", "<french>", "<defect>"],
    "german": some_of(GERMAN, 2, 4),
    "french": some_of(FRENCH, 2, 4),
    "reply": some_of(REPLIES, 2, 4),
    "thread": lambda dice: "\n".join(TURNS[: dice.randint(5, len(TURNS))]),
}
