"""An answer to something that was asked for: shown in the modal, or as a direct message when the modal was closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from blocks.graphemes import fit
from blocks.kit import REMARK, Block, Choices, Message, Modal, group, option
from blocks.texts import Translator


@dataclass(frozen=True)
class Answer:
    """The same words in both places; forms only in the modal, and in the message a button that opens them."""

    title: str  # at most 24 characters
    text: str  # one sentence, for notifications and screen readers
    blocks: Sequence[Block]
    in_modal: Sequence[Block] = ()
    in_message: Sequence[Block] = ()
    callback_id: str = "answer"
    submit: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    final: bool = True  # closing it closes the form and the review below it, too
    over_form: bool = False  # it leaves the form open below, with everything that was typed

    def modal(self, t: Translator, *, is_over_form: bool = False) -> Modal:
        return Modal(
            title=self.title,
            blocks=[*self.blocks, *self.in_modal],
            callback_id=self.callback_id,
            submit=self.submit,
            close=t("Back") if is_over_form else t("Close"),
            metadata=self.metadata,
            clear_on_close=self.final,
        )

    def choices(self) -> Choices:
        """In the place of what a menu would offer: only the words; choosing them does nothing."""
        return Choices([group(fit(self.title, 75), [option(fit(self.text, 75), REMARK)])])

    def message(self) -> Message:
        return Message(text=self.text, blocks=[*self.blocks, *self.in_message])
