"""Change requests: what goes downwards is asked for, decided by managers, and effective at a date (A13, A24 to A30).

`model` says what a request is and where it may go, `filing`, `deciding` and `applying` what is done with it, `watching`
sees to it that nothing stalls, `lists` shows what waits for whom.
"""
