"""The callback listener: hears what Daraja says, stores it before it answers, and settles it after.

::

    socket ── protocol ── app ── writer ── intake ── ledger
              deadlines,  routes, group     what one
              limits      caps    commit    request means
"""
