// The inbox, and the tabs that it shares its place with the computer by.
import { announce, bringIntoView, byId, elementOf, post } from "./wire.js";

const mails = byId("mails");
const tabs = [...document.querySelectorAll(".tabs [role=tab]")];

// --- the tabs -------------------------------------------------------------------------------

export function turnTo(pane) {
  for (const tab of tabs) {
    const chosen = tab.dataset.pane === pane;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    byId(`pane-${tab.dataset.pane}`).hidden = !chosen;
  }
}

function step(event) {
  const steps = { ArrowLeft: -1, ArrowRight: 1 };
  if (!(event.key in steps)) return;
  const next = tabs.at((tabs.indexOf(event.target) + steps[event.key]) % tabs.length);
  turnTo(next.dataset.pane);
  next.focus();
}

// --- the list -------------------------------------------------------------------------------

export function showMail({ id, html, opened }) {
  const old = byId(id);
  const fresh = elementOf(html);
  if (old !== null) {
    old.replaceWith(fresh);
  } else {
    fresh.classList.add("fresh");
    mails.prepend(fresh);
    byId("no-mail").hidden = true;
  }
  if (old === null && !opened) tellOf(fresh);
  offerNewest();
}

function tellOf(mail) {
  const subject = mail.querySelector(".mail-subject").textContent;
  announce(`New mail: ${subject}`);
}

export function showUnopened(counts) {
  for (const [key, count] of Object.entries(counts)) {
    for (const badge of document.querySelectorAll(`[data-count="${CSS.escape(key)}"]`)) {
      badge.hidden = count === 0;
      badge.querySelector("b").textContent = count;
    }
  }
}

function offerNewest() {
  const banner = byId("mail-banner");
  const newest = mails.querySelector(".mail[data-opened=false]");
  banner.hidden = newest === null;
  if (newest === null) return;
  banner.dataset.mail = newest.querySelector(".mail-open").dataset.mail;
  byId("banner-from").textContent = newest.querySelector(".avatar + .mail-from").lastChild.textContent;
  byId("banner-subject").textContent = newest.querySelector(".mail-subject").textContent;
}

// --- one mail -------------------------------------------------------------------------------

async function open(id) {
  turnTo("inbox");
  try {
    const { html } = await post("open-mail", { id });
    byId("letter").replaceChildren(elementOf(html));
    turnPage(id);
    byId("letter-subject").focus({ preventScroll: true });
  } catch {
    announce("This mail cannot be opened any more.");
  }
}

function turnPage(id) {
  const reading = id !== null;
  byId("letter").hidden = !reading;
  byId("mail-back").hidden = !reading;
  byId("inbox-title").classList.toggle("unseen", reading);
  mails.hidden = reading;
  byId("pane-inbox").dataset.reading = reading;
}

function goBack() {
  const { mail } = byId("letter").firstElementChild.dataset;
  byId("letter").replaceChildren();
  turnPage(null);
  byId(`mail-${mail}`)?.querySelector(".mail-open").focus();
}

function showForm(button) {
  for (const each of byId("letter").querySelectorAll("[data-form]")) {
    const chosen = each === button;
    each.setAttribute("aria-pressed", String(chosen));
    byId(each.dataset.form).hidden = !chosen;
  }
}

if (mails) {
  mails.addEventListener("click", (event) => {
    const button = event.target.closest(".mail-open");
    if (button) open(Number(button.dataset.mail));
  });
  byId("letter").addEventListener("click", (event) => {
    const button = event.target.closest("[data-form]");
    if (button) showForm(button);
  });
  byId("mail-back").addEventListener("click", goBack);
  byId("mail-banner").addEventListener("click", async (event) => {
    await open(Number(event.currentTarget.dataset.mail));
    bringIntoView(byId("pane-inbox"));
  });
  for (const tab of tabs) {
    tab.addEventListener("click", () => turnTo(tab.dataset.pane));
    tab.addEventListener("keydown", step);
  }
  turnTo(tabs.find((tab) => tab.ariaSelected === "true")?.dataset.pane);
  offerNewest();
}
