"""Guards, proofs, links and recipients in memory. What the tables hold is frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from billing.billing_contacts.model import Guard, Link, Proof, Purpose, digest
from billing.errors import LinkUnknown
from billing.ids import ContactId, LinkId, OperationId, ProofId


@dataclass
class BillingContactTables:
    guards: dict[ContactId, Guard] = field(default_factory=dict)
    proofs: dict[ProofId, Proof] = field(default_factory=dict)
    links: dict[LinkId, Link] = field(default_factory=dict)
    tokens: dict[str, LinkId] = field(default_factory=dict)  # by digest
    recipients: dict[ContactId, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class MemoryBillingContacts:
    rows: BillingContactTables

    def guard(self, contact: ContactId) -> Guard:
        return self.rows.guards.get(contact, Guard())

    def hold(self, contact: ContactId) -> None:
        """Nobody else is there."""

    def take_try(self, contact: ContactId, now: datetime, most: int, forgotten_after: timedelta) -> int | None:
        guard = self.guard(contact)
        is_over = (guard.locked_until and guard.locked_until <= now) or (
            guard.tries_since and guard.tries_since <= now - forgotten_after
        )
        if is_over:
            guard = self._change(contact, tries=0, tries_since=None, locked_until=None)
        if guard.tries >= most or guard.locked_until is not None:
            return None
        return self._change(contact, tries=guard.tries + 1, tries_since=guard.tries_since or now).tries

    def lock(self, contact: ContactId, until: datetime) -> None:
        self._change(contact, locked_until=until)

    def forgive(self, contact: ContactId) -> bool:
        was_locked = self.guard(contact).locked_until is not None
        self._change(contact, tries=0, tries_since=None, locked_until=None)
        return was_locked

    def freeze(self, contact: ContactId, at: datetime) -> None:
        self._change(contact, frozen_at=at, changing=None)

    def thaw(self, contact: ContactId) -> bool:
        was_frozen = self.guard(contact).frozen_at is not None
        self._change(contact, frozen_at=None)
        return was_frozen

    def begin(self, contact: ContactId, operation: OperationId) -> bool:
        if self.guard(contact).changing is not None:
            return False
        self._change(contact, changing=operation)
        return True

    def end(self, contact: ContactId, operation: OperationId) -> None:
        if self.guard(contact).changing == operation:
            self._change(contact, changing=None)

    def give_back(self, operation: OperationId) -> None:
        for proof in [one for one in self.rows.proofs.values() if one.used_by == operation]:
            self.rows.proofs[proof.id] = proof.model_copy(update={"used_by": None})
        for link in [one for one in self.rows.links.values() if one.used_by == operation]:
            self.rows.links[link.id] = link.model_copy(update={"used_by": None, "used_at": None})

    def add_proof(self, proof: Proof) -> bool:
        if proof.id in self.rows.proofs:
            return False
        self.rows.proofs[proof.id] = proof
        return True

    def proof(self, proof: ProofId) -> Proof | None:
        return self.rows.proofs.get(proof)

    def use_proof(self, proof: ProofId, operation: OperationId) -> bool:
        there = self.rows.proofs.get(proof)
        if there is None or there.used_by is not None:
            return False
        self.rows.proofs[proof] = there.model_copy(update={"used_by": operation})
        return True

    def void_proofs(self, contact: ContactId) -> None:
        for proof in [one for one in self.rows.proofs.values() if one.contact == contact]:
            self.rows.proofs[proof.id] = proof.model_copy(update={"right": False})

    def add_link(self, link: Link) -> None:
        self.rows.links.setdefault(link.id, link)

    def link(self, link: LinkId) -> Link:
        if link not in self.rows.links:
            raise LinkUnknown
        return self.rows.links[link]

    def add_token(self, token: str, link: LinkId) -> None:
        self.rows.tokens[digest(token)] = link

    def by_token(self, token: str) -> Link:
        if digest(token) not in self.rows.tokens:
            raise LinkUnknown
        return self.link(self.rows.tokens[digest(token)])

    def attempt(self, link: LinkId) -> int:
        there = self.link(link)
        self.rows.links[link] = there.model_copy(update={"attempts": there.attempts + 1})
        return there.attempts + 1

    def use_link(self, link: LinkId, operation: OperationId | None, now: datetime) -> bool:
        there = self.link(link)
        if there.used_at is not None:
            return False
        used = {"used_at": now, "used_by": operation, "uses": there.uses + 1}
        self.rows.links[link] = there.model_copy(update=used)
        return True

    def links_since(self, contact: ContactId, since: datetime) -> int:
        return sum(
            one.contact == contact and one.created_at >= since and one.purpose is Purpose.EDIT
            for one in self.rows.links.values()
        )

    def close_links(self, contact: ContactId, now: datetime) -> None:
        for link in list(self.rows.links.values()):
            if link.contact == contact and link.expires_at > now and link.purpose is Purpose.EDIT:
                self.rows.links[link.id] = link.model_copy(update={"expires_at": now})

    def recipients(self, contact: ContactId) -> tuple[str, ...]:
        return self.rows.recipients.get(contact, ())

    def save_recipients(self, contact: ContactId, recipients: tuple[str, ...]) -> None:
        self.rows.recipients[contact] = recipients

    def _change(self, contact: ContactId, **values: Any) -> Guard:
        self.rows.guards[contact] = self.guard(contact).model_copy(update=values)
        return self.rows.guards[contact]
