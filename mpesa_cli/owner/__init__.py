"""The owner's page: how the shop does today and this week, and what needs a person. It shows and never acts.

::

    ledger ── reading ── figures, needs ── page/ ── app ── serving
              one look    pure             HTML    who    its own port,
              for all                              may    its own thread
"""
