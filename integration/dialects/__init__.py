"""The other ways in: traces, callbacks and exports of other tools as interactions."""
