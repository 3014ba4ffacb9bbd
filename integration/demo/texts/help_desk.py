"""The help desk: what customers ask, in several languages, and what is answered."""

from __future__ import annotations

from dataclasses import replace

from integration.demo.texts.request_kind import RequestKind, chat, plain

ORDER = "Order <order> left our warehouse in <city> and should be with you in <few> days."
REFUND = "We refund <amount> euros for the <product> within five working days."
REPLY = RequestKind(
    "support.reply",
    chat("Write a friendly reply to this customer:\n\n<ticket_any>"),
    "<reply>",
    *(1900, 190, 0.94, 14.0),
    edges={"gpt-4.1-nano": -0.62},
)

KINDS = [
    RequestKind(
        "support.order_status",
        chat("Where is my order <order>? It was due on <date>."),
        ORDER,
        *(640, 60, 0.95, 5.0),
    ),
    RequestKind(
        "support.order_status",
        chat("I ordered a <product> on <date> and still have no tracking number for <order>."),
        ORDER,
        *(660, 64, 0.94, 3.0),
    ),
    RequestKind(
        "support.order_status",
        chat("Wo bleibt meine Bestellung <order>? Sie sollte am <date_de> ankommen."),
        "Ihre Bestellung <order> ist in <city> und kommt voraussichtlich in <few> Tagen an.",
        *(690, 66, 0.93, 2.6),
    ),
    RequestKind(
        "support.order_status",
        chat("Bonjour, ma commande <order> devait arriver le <date_fr> et je n'ai rien reçu."),
        "Votre commande <order> se trouve à <city> et arrivera dans <few> jours.",
        *(690, 66, 0.93, 2.0),
    ),
    RequestKind(
        "support.order_status",
        chat("Hola, ¿dónde está mi pedido <order>? Tenía que llegar el <date_num>."),
        "Su pedido <order> está en <city> y llegará en <few> días.",
        *(700, 66, 0.92, 1.4),
    ),
    RequestKind(
        "support.refund",
        chat("I want a refund for the <product> I bought on <date>."),
        REFUND,
        *(900, 90, 0.91, 3.0),
    ),
    RequestKind(
        "support.refund",
        chat("Ich möchte <product_de> zurückgeben, gekauft am <date_de>, Bestellung <order>."),
        "Gern. Wir erstatten Ihnen <amount> Euro, sobald die Rücksendung eingetroffen ist.",
        *(930, 92, 0.9, 1.6),
    ),
    RequestKind(
        "support.refund",
        chat("Je souhaite être remboursé pour <product_fr>, commande <order> du <date_fr>."),
        "Nous vous remboursons <amount> euros sous cinq jours ouvrés.",
        *(930, 92, 0.9, 1.2),
    ),
    RequestKind(
        "support.address",
        chat("Please send order <order> to <house> <street>, <city> instead."),
        "Done: <order> now goes to <house> <street>, <city>.",
        *(480, 40, 0.97, 2.4),
    ),
    RequestKind(
        "support.address",
        chat(
            "Buongiorno, vorrei cambiare l'indirizzo dell'ordine <order>: <street> <house>, <city>.",
        ),
        "Fatto: l'ordine <order> arriverà in <street> <house>, <city>.",
        *(500, 42, 0.95, 1.0),
    ),
    RequestKind(
        "support.cancel",
        chat("Cancel my <plan> plan at the end of <month>, my customer number is <customer>."),
        "Your <plan> plan ends on the last day of <month>. Nothing more is charged after that.",
        *(520, 48, 0.96, 1.8),
    ),
    # After the new sign-in page went live, the answers no longer help: the pattern drifts.
    RequestKind(
        "support.sign_in",
        chat("I cannot sign in as <email>. The page says <error> since <date>."),
        "Please open the sign-in page, choose “Forgot password” and use the new link within an hour.",
        *(610, 70, 0.94, 3.4),
        worse_from=53,
        worse_success=0.12,
    ),
    # A campaign that is over: a person has pruned it.
    RequestKind(
        "support.voucher",
        chat("My voucher <voucher> is refused at the checkout with the message <error>."),
        "Voucher <voucher> works once per household; I have renewed it for you.",
        *(560, 52, 0.92, 2.4),
        until=24,
    ),
    RequestKind(
        "faq.answer",
        plain("How long does delivery to <country> take?"),
        "Three to five working days; orders before noon leave the same day.",
        *(410, 42, 0.98, 5.0),
    ),
    RequestKind(
        "faq.answer",
        plain("What is your return policy for <category>?"),
        "You can return them within 30 days, unused and in the original box.",
        *(430, 44, 0.98, 5.0),
    ),
    REPLY,
    # An outage, and two days of letters about it, just when the model joins: so many at once that its
    # trial has enough of them before it is believed to be bad and served hardly any more.
    replace(REPLY, weight=300.0, since=29.1, until=31.0),
    RequestKind(
        "ticket.classify",
        plain(
            "Classify this ticket as billing, delivery, defect or account. One word.\n\n<ticket>"
        ),
        "<topic>",
        *(420, 4, 0.95, 7.0),
        edges={"gpt-5-nano": 0.01},
    ),
    RequestKind(
        "ticket.priority",
        plain("Give this ticket a priority from 1 (urgent) to 4.\n\n<ticket>"),
        "<small>",
        *(400, 3, 0.93, 2.0),
    ),
    RequestKind(
        "thread.summarise",
        plain("Summarise this conversation for the next agent in <few> sentences.\n\n<thread>"),
        "The customer waits for order <order>; the invoice <invoice> was corrected. Next: call back.",
        *(2300, 150, 0.93, 6.0),
        model="gemini-2.5-flash",
        parameters={"temperature": 0.2, "max_output_tokens": 4096},
        spread=0.5,
    ),
    RequestKind(
        "reply.translate",
        plain("Translate this reply into <language>:\n\n<reply>"),
        "(<language>) <reply>",
        *(1300, 120, 0.95, 2.6),
        model="gemini-2.5-flash",
    ),
    RequestKind(
        "regulator.answer",
        # Met only a few times: one pattern nevertheless, since the words are the same each time.
        plain(
            "Draft our answer to the regulator's questions about how long we keep customer data."
        ),
        "We keep customer data for <few> years after the last order, as we wrote in case <case>.",
        *(4200, 380, 0.9, 1.4),
        since=59.0,
    ),
]
