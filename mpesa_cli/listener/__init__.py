"""The callback listener: it stores a callback before it answers, and settles it after.

::

    socket ── protocol ── app ── writer ── intake ── ledger
              deadlines,  routes, group     what one
              limits      caps    commit    request means

A body that is not stored is never answered 200: 503 where the ledger can't keep it (send again), 429 where one token
has brought 32 different bodies, so that nobody who learnt an address can fill the disk with it.
"""
