/* The keys of the review page, and where the focus goes once a card was decided. Without it every
   button is a plain form. Approve and Reject by key work only while a card has the focus. */
(() => {
  "use strict";

  const cards = () => [...document.querySelectorAll(".change-card")];
  const current = () => document.activeElement && document.activeElement.closest(".change-card");
  const waits = (card) => card.querySelector("form.decide") && card.dataset.open === "yes";
  let next = "";

  const show = (card) => {
    if (card) {
      card.focus({ preventScroll: true });
      card.scrollIntoView({ block: "nearest" });
    }
  };

  const go = (step) => {
    const all = cards();
    const place = all.indexOf(current());
    show(all[place < 0 ? 0 : Math.min(Math.max(place + step, 0), all.length - 1)]);
    return true;
  };

  const press = (verdict) => {
    const card = current();
    const button = card && card.querySelector(`form.decide button[value="${verdict}"]`);
    if (button) {
      button.click();
    }
    return Boolean(button);
  };

  const keys = () => {
    const told = document.getElementById("review-keys");
    told.open = !told.open;
    if (told.open) {
      told.querySelector("summary").focus();
    }
    return true;
  };

  // Each says whether it did something. Arrows scroll the page until a card has the focus.
  const doing = new Map([
    ["j", () => go(1)],
    ["k", () => go(-1)],
    ["ArrowDown", () => current() && go(1)],
    ["ArrowUp", () => current() && go(-1)],
    ["a", () => press("approve")],
    ["r", () => press("reject")],
    ["?", keys],
  ]);

  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea, [contenteditable]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !doing.has(event.key)) {
      return;
    }
    if (doing.get(event.key)()) {
      event.preventDefault();
    }
  });

  /* The card that has the focus next: the first that still waits behind the decided one. */
  document.addEventListener("htmx:beforeRequest", (event) => {
    const card = event.target.closest && event.target.closest(".change-card");
    if (card) {
      const all = cards();
      const place = all.indexOf(card);
      const behind = all.slice(place + 1).find(waits) || all.slice(0, place).reverse().find(waits);
      next = behind ? behind.id : card.id;
    }
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (next) {
      show(document.getElementById(next));
      next = "";
    }
  });
  document.addEventListener("htmx:responseError", () => {
    const said = document.getElementById("review-said");
    if (said) {
      said.textContent = "Nothing was decided: load the page again.";
    }
  });

  // What works only with this script is shown by it.
  document.querySelectorAll(".review-why, #review-keys").forEach((each) => each.removeAttribute("hidden"));
})();
