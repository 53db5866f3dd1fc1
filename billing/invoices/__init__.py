"""Invoices that staff write: drafted in our rows, numbered without gaps, issued and settled at Stripe (H24 to H28).

`model` says what an invoice is, `amounts` what it comes to, `typed` reads what people type. `drafting`, `items`,
`lines` and `copying` write drafts, `approving` asks managers; `reviewing`, `sending` and `issuing` bring one to the
customer, `billed` keeps what was billed. `sheets` shows one with what may be done, `lists` shows many. `payments`,
`crediting` and `voiding` settle them, `taking_back` works out what a credit note says, `correcting` changes words of
sent ones, `reminding` writes to who does not pay, `telling` says who is told of what happens, `printing` makes the
documents, `linking` gives links to them and takes them back.

A draft is ours alone: Stripe hears of it when it is sent. So a draft costs no call, several people may edit one, and
nothing at Stripe waits for somebody who thought better of it. Once sent, what was paid and what is due is Stripe's to
say: the state is worked out from the mirror, never stored beside it.
"""
