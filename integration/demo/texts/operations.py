"""What the machines of both send: log lines to be judged, and an agent that calls tools."""

from __future__ import annotations

from integration.demo.texts.request_kind import RequestKind, plain, tool_call

KINDS = [
    RequestKind(
        "log.triage",
        plain(
            "<time> ERROR payment-gateway[<pid>]: timeout after <ms> ms contacting <address>:443"
        ),
        "retry: the provider was slow; no action unless it repeats within ten minutes",
        *(330, 22, 0.95, 3.0),
    ),
    RequestKind(
        "log.triage",
        plain(
            "<time> WARN ocr-worker[<pid>]: page <page> of <scan> skipped, confidence <confidence>"
        ),
        "rescan: page <page> of <scan> goes to the queue of the scanning desk",
        *(330, 22, 0.96, 3.0),
    ),
    RequestKind(
        "log.triage",
        plain("<time> ERROR postgres[<pid>]: deadlock detected while updating <table>"),
        "ignore: the transaction on <table> was repeated",
        *(320, 18, 0.96, 1.6),
    ),
    RequestKind(
        "log.triage",
        plain("<time> WARN nginx[<pid>]: upstream <address>:8080 answered <status> in <ms> ms"),
        "watch: open an incident after five of them in a minute",
        *(320, 20, 0.95, 2.6),
    ),
    RequestKind(
        "log.triage",
        plain(
            "<time> INFO invoice-import[<pid>]: batch <batch> finished, <number> accepted, <few> refused"
        ),
        "ok: refused documents are in the report of batch <batch>",
        *(310, 18, 0.98, 2.6),
    ),
    RequestKind(
        "log.triage",
        plain(
            "<time> INFO mail-fetcher[<pid>]: fetched <number> messages from invoices@ in <ms> ms"
        ),
        "ok",
        *(300, 2, 0.99, 2.0),
    ),
    RequestKind(
        "agent.lookup",
        tool_call(
            "What does customer <customer> still owe?", "find_invoices", {"customer": "<customer>"}
        ),
        "Customer <customer> owes <amount> euros, due on <date>.",
        *(1_600, 70, 0.93, 2.0),
    ),
    RequestKind(
        "agent.lookup",
        tool_call("Is there any <product> left in <city>?", "find_stock", {"city": "<city>"}),
        "<number> pieces are left in <city>.",
        *(1_500, 60, 0.94, 1.6),
    ),
]
