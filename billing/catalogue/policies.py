"""Rules of the house about plan changes, where the sources leave a choice or contradict each other.

The default is always what the source document says; the other reading is a setting in the catalogue's file.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StrictInt

from billing.catalogue.labels import Amounts
from billing.models import Frozen
from billing.money import Money


class LowerLimit(StrEnum):
    """How a contact limit is lowered (K3)."""

    REQUEST = "request"  # A13: a manager decides
    SELF_SERVICE = "self_service"  # AX3: at once asked for, effective with the next period


class RaiseByItself(StrEnum):
    """Whether a contact limit that is reached is raised without being asked (K4)."""

    NEVER = "never"  # A3
    OPT_IN = "opt_in"  # AX5: for accounts that switched it on


class Proration(StrEnum):
    """What an upgrade in the middle of a period costs (K5)."""

    DIFFERENCE = "difference"  # the rest of the new plan, less the rest of what was paid for
    FULL_PRICE = "full_price"  # AX1's example: the rest of the new plan, and nothing is credited


class TakesEffect(StrEnum):
    """When an approved downgrade takes effect (K7)."""

    PERIOD_END = "period_end"  # AX2, HX17
    AT_ONCE = "at_once"  # GX8


Hours = Annotated[StrictInt, Field(ge=1, le=24 * 90)]


class ChangePolicy(Frozen):
    """`[plan_changes]` of the file."""

    lower_limit: LowerLimit = LowerLimit.REQUEST
    raise_by_itself: RaiseByItself = RaiseByItself.NEVER
    proration: Proration = Proration.DIFFERENCE
    downgrade: TakesEffect = TakesEffect.PERIOD_END
    second_approval_above: Amounts = Field(default_factory=dict)  # minor units lost a month; none: one is enough
    remind_after_hours: Hours = 24  # then again and again
    escalate_after_hours: Hours = 72  # then the deputies are asked, too

    def approvals_for(self, lost_a_month: Money) -> int:
        """How many managers have to agree when so much is lost every month (a positive amount)."""
        limit = self.second_approval_above.get(lost_a_month.currency)
        return 2 if limit is not None and lost_a_month.amount > limit else 1


class AfterLastTry(StrEnum):
    """What Stripe is set up to do with a subscription whose payment failed for the last time (HX1)."""

    UNPAID = "unpaid"  # it stays, and is invoiced on, but nothing is charged
    CANCEL = "cancel"
    PAST_DUE = "past_due"  # it stays overdue


class DunningPolicy(Frozen):
    """`[dunning]` of the file: what people are told. When Stripe tries again is set at Stripe, and read from there."""

    after_last_try: AfterLastTry = AfterLastTry.UNPAID
