// Drawing again without taking the focus, the caret or the scroll position from the person.

/** Replace the children of a container; whoever had the focus gets it back, found by block and action id. */
export function replaceKeepingFocus(container, nodes) {
  const before = container.contains(document.activeElement) ? remember(document.activeElement) : null;
  const top = container.scrollTop;
  container.replaceChildren(...nodes.filter(Boolean));
  container.scrollTop = top;
  if (before) restore(container, before);
}

function remember(node) {
  return {
    block: node.closest("[data-block-id]")?.dataset.blockId,
    action: node.closest("[data-action-id]")?.dataset.actionId,
    value: node.type === "radio" || node.type === "checkbox" ? node.value : null,
    caret: "selectionStart" in node ? [node.selectionStart, node.selectionEnd] : null,
    at: [
      ...(node.closest("[data-action-id]")?.querySelectorAll("input, textarea, button, [contenteditable]") ?? []),
    ].indexOf(node),
  };
}

function restore(container, { block, action, value, caret, at }) {
  if (!action) return;
  const find = (name, text) => `[data-${name}="${CSS.escape(text)}"]`;
  const element = container.querySelector(`${block ? find("block-id", block) : ""} ${find("action-id", action)}`);
  if (!element) return;
  const inside = [...element.querySelectorAll("input, textarea, button, [contenteditable]")];
  const target =
    value === null ? (inside[at] ?? inside[0] ?? element) : (inside.find((node) => node.value === value) ?? inside[0]);
  target?.focus({ preventScroll: true });
  if (caret && caret[0] !== null && target?.setSelectionRange) target.setSelectionRange(...caret);
}
