"""The document pipeline: contracts, invoices, receipts, reports; JSON tasks and chats with files."""

from __future__ import annotations

from integration.demo.texts.request_kind import RequestKind, as_json, chat, plain, with_file

LAWYER = "You review supplier contracts against our playbook. Name clause, page and deviation."

KINDS = [
    RequestKind(
        "contract.review",
        with_file(
            LAWYER,
            "<file>",
            "Review the attached contract between <company> and <company_2>: every clause on liability, "
            "termination and data protection that departs from our playbook.",
        ),
        "Clause 7.<small> caps liability at <amount> euros, page <page>; clause 11 lets <company> end it "
        "at <few> weeks' notice, our playbook asks for twelve.",
        *(21_000, 1_250, 0.985, 22.0),
        model="claude-opus-4-5",
        attached=58_000,
        edges={"claude-haiku-4-5": 0.0},
    ),
    RequestKind(
        "contract.review",
        with_file(
            LAWYER,
            "<file>",
            "Compare the attached draft of <company> with our standard terms and name the changed clauses.",
        ),
        "Changed: clause <few> (payment within <number> days) and clause 14 (place of jurisdiction <city>).",
        *(18_000, 1_000, 0.985, 18.0),
        model="claude-opus-4-5",
        attached=46_000,
        edges={"claude-haiku-4-5": 0.0},
    ),
    RequestKind(
        "invoice.extract",
        as_json(
            {
                "task": "extract",
                "document": {"file": "<scan>", "pages": 2, "supplier": "<company>"},
                "fields": ["number", "date", "due", "total", "vat"],
            }
        ),
        '{"number": "<invoice>", "date": "<date>", "total": "<amount>", "vat": "19%"}',
        *(3_400, 210, 0.985, 26.0),
        model="gpt-5",
        attached=9_500,
        edges={"gpt-4.1-mini": 0.0},
        worse_model="gpt-4.1-mini",
        worse_from=43,
        worse_success=0.45,
    ),
    RequestKind(
        "invoice.extract",
        plain(
            "Extract supplier, number, due date and total as JSON.\n\n<company>\nInvoice <invoice>\n"
            "<number> x <good>\nTotal EUR <amount>\nDue on <date_num>"
        ),
        '{"supplier": "<company>", "number": "<invoice>", "due": "<date_num>", "total": "<amount>"}',
        *(2_100, 120, 0.985, 18.0),
        model="gpt-5",
        attached=3_200,
        edges={"gpt-4.1-mini": 0.0},
        worse_model="gpt-4.1-mini",
        worse_from=43,
        worse_success=0.5,
    ),
    RequestKind(
        "receipt.check",
        as_json(
            {
                "task": "check_receipt",
                "receipt": {"file": "<scan>", "amount": "<amount>", "currency": "EUR"},
                "policy": "travel-2026",
            }
        ),
        '{"accepted": true, "rule": "travel-2026/<few>", "note": "within the daily limit"}',
        *(1_200, 60, 0.95, 2.6),
    ),
    RequestKind(
        "document.classify",
        as_json({"file": "<scan>", "ocr_confidence": "<confidence>", "first_line": "<company>"}),
        '{"kind": "invoice", "language": "<language>"}',
        *(640, 24, 0.96, 3.4),
    ),
    RequestKind(
        "report.summarise",
        plain(
            "Summarise for the board: <company>, <quarter>, revenue <amount> thousand euros, margin "
            "<percent>, headcount <number>."
        ),
        "<company> closed <quarter> with <amount> thousand euros and a margin of <percent>.",
        *(1_700, 130, 0.93, 1.8),
        model="gemini-2.5-flash",
    ),
    RequestKind(
        "report.summarise",
        plain(
            "Fasse den Bericht von <company> für <quarter> zusammen: Umsatz <amount>, Marge <percent>."
        ),
        "<company> erreichte im <quarter> eine Marge von <percent>.",
        *(1_700, 120, 0.92, 1.2),
        model="gemini-2.5-flash",
    ),
    RequestKind(
        "table.to_json",
        plain(
            "Turn this table into JSON:\nitem;quantity;price\n<good>;<number>;<amount>\n"
            "<good_2>;<number_2>;<amount_2>"
        ),
        '[{"item": "<good>", "quantity": <number>}, {"item": "<good_2>", "quantity": <number_2>}]',
        *(1_000, 80, 0.96, 1.8),
    ),
    RequestKind(
        "sql.generate",
        plain("Write a SQL query for the <number> best customers of <city> since <date_num>."),
        "SELECT customer_id, SUM(total) FROM orders WHERE city = '<city>' GROUP BY 1 "
        "ORDER BY 2 DESC LIMIT <number>;",
        *(1_800, 110, 0.88, 2.0),
    ),
    RequestKind(
        "sql.generate",
        plain("Write a SQL query that counts the rows of <table> for each day of <month>."),
        "SELECT DATE(created_at), COUNT(*) FROM <table> GROUP BY 1;",
        *(1_500, 80, 0.9, 1.4),
    ),
    RequestKind(
        "contact.extract",
        plain(
            "Extract name, company and e-mail from: <name>, <company> <<email>>, wrote on <date>."
        ),
        '{"name": "<name>", "company": "<company>", "email": "<email>"}',
        *(700, 50, 0.97, 2.2),
    ),
    RequestKind(
        "address.normalise",
        plain("Normalise this postal address: <street> <house>, <postcode> <city>."),
        "<house> <street>, <postcode> <city>",
        *(420, 26, 0.97, 1.8),
    ),
    RequestKind(
        "visit.plan",
        chat("Plan the visit of <name> to <city> on <date>."),
        "<name> takes the morning train to <city> on <date>, meets <company> at ten and is back by six.",
        *(5_200, 340, 0.86, 1.2),
    ),
    RequestKind(
        "rag.answer",
        plain(
            "Answer from the passage only.\n\nPassage: Shipment <order> of <company> is insured up to "
            "<amount> euros.\n\nQuestion: Up to which amount is shipment <order> insured?"
        ),
        "Up to <amount> euros.",
        *(900, 24, 0.96, 2.0),
    ),
    RequestKind(
        "clause.draft",
        # Met only a few times: one pattern nevertheless, since objects are told by their keys.
        as_json(
            {
                "task": "draft_clause",
                "subject": "early termination",
                "party": "<company>",
                "notice": "<few> weeks",
            }
        ),
        "Either party may terminate this agreement with <few> weeks' notice to the end of a month.",
        *(3_900, 260, 0.9, 1.2),
        since=59.0,
    ),
]
