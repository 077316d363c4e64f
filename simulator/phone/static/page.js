// Keeps the page in step with the phone and the directory, and carries out what is tapped.
import { showMail, showUnopened, turnTo } from "./inbox.js";
import { tellTheTime, tellTimes } from "./times.js";
import { announce, bringIntoView, byId, elementOf, page, post } from "./wire.js";

const thread = byId("thread");
const scroll = byId("scroll");

// --- what comes in --------------------------------------------------------------------------

function isComing(bubble) {
  return bubble !== null && bubble.dataset.look === "coming";
}

function showBubble({ id, html }) {
  const old = byId(id);
  const fresh = elementOf(html);
  const appears = old === null || (isComing(old) && !isComing(fresh));
  if (appears) fresh.classList.add("fresh");
  if (old === null) thread.append(fresh);
  else old.replaceWith(fresh);
  byId("hint").hidden = true;
  if (appears) {
    scroll.scrollTop = scroll.scrollHeight;
    tellOf(fresh);
  }
  offerPaste();
}

function tellOf(bubble) {
  if (bubble.classList.contains("mine") || isComing(bubble)) return;
  announce(`New text: ${bubble.querySelector(".words").textContent}`);
}

function showLine(html) {
  const list = byId("lines-scroll");
  byId("lines").append(elementOf(html));
  list.scrollTop = list.scrollHeight;
  byId("nothing").hidden = true;
}

function showAccount(html) {
  byId("account").innerHTML = html;
  tellTimes(byId("account"));
}

function listen() {
  const source = new EventSource(`/phones/${page.key}/events?since=${page.since}`);
  source.addEventListener("message", (event) => {
    const news = JSON.parse(event.data);
    for (const bubble of news.bubbles ?? []) showBubble(bubble);
    for (const line of news.lines ?? []) showLine(line);
    for (const mail of news.mails ?? []) showMail(mail);
    if (news.mails) scroll.scrollTop = scroll.scrollHeight; // a banner takes some of its height
    if (news.unopened) showUnopened(news.unopened);
    if (news.account) showAccount(news.account);
  });
}

// --- what goes out --------------------------------------------------------------------------

async function sendText(body) {
  if (body.trim() === "") return;
  try {
    await post("texts", { body });
  } catch {
    announce("The text could not be sent: the simulator does not answer.");
  }
}

function minded(form, act) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act();
  });
}

minded(byId("composer"), () => {
  const input = byId("body");
  sendText(input.value);
  input.value = "";
  input.focus();
});

for (const chip of document.querySelectorAll(".chip")) {
  chip.addEventListener("click", () => sendText(chip.dataset.text));
}

// --- the computer ---------------------------------------------------------------------------

const glass = byId("glass");
const MUST_CHOOSE = ["must_change", "password_expired"];
let typed = "";
let afterOk = signInAgain;

function show(scene) {
  glass.dataset.scene = scene;
  for (const each of glass.querySelectorAll(".scene")) each.hidden = each.id !== `scene-${scene}`;
}

function signInAgain(says = "") {
  show("sign-in");
  byId("says").textContent = says;
  byId("password").value = "";
  byId("password").focus();
}

function tell(words, then) {
  byId("told").textContent = words;
  afterOk = then;
  show("told");
  byId("told-ok").focus();
}

function chooseNew(says = "") {
  show("change");
  byId("change").reset();
  byId("change-says").textContent = says;
  byId("new-password").focus();
}

function welcome() {
  typed = "";
  show("desktop");
  byId("welcome").focus();
}

async function signIn(password) {
  typed = password;
  show("working");
  try {
    const { outcome, says } = await post("sign-in", { password });
    if (outcome === "welcome") welcome();
    else if (outcome === "wrong") signInAgain(says);
    else tell(says, MUST_CHOOSE.includes(outcome) ? chooseNew : signInAgain);
  } catch {
    signInAgain("The simulator does not answer.");
  }
}

async function changePassword() {
  const fresh = byId("new-password").value;
  if (fresh !== byId("again").value) return chooseNew("The passwords do not match. Try again.");
  show("working");
  try {
    const { outcome, says } = await post("password", { old: typed, new: fresh });
    if (outcome === "welcome") tell("Your password has been changed.", () => signIn(fresh));
    else tell(says, outcome === "not_good_enough" ? chooseNew : signInAgain);
  } catch {
    chooseNew("The simulator does not answer.");
  }
}

// --- a password in a text -------------------------------------------------------------------

function tokens() {
  return thread.querySelectorAll(".theirs .token");
}

function offerPaste() {
  if (glass) byId("paste").hidden = tokens().length === 0;
}

function fillIn(token) {
  if (!glass) return;
  turnTo("computer");
  signInAgain();
  byId("password").value = token.textContent;
  bringIntoView(glass);
  announce("The password is in the sign-in box.");
}

// --- a code in a text -----------------------------------------------------------------------

const SHOWN_FOR_MILLISECONDS = 2500;

async function copy(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    code.dataset.does = "Copied";
    announce("The code is copied.");
  } catch {
    code.dataset.does = "Not copied";
    announce("This browser does not let us copy the code: type it over.");
  }
  setTimeout(() => { code.dataset.does = "Copy"; }, SHOWN_FOR_MILLISECONDS);
}

thread.addEventListener("click", (event) => {
  const token = event.target.closest(".token");
  const code = event.target.closest(".code");
  if (token) fillIn(token);
  if (code) copy(code);
});

function peek(button) {
  const input = byId(button.getAttribute("aria-controls"));
  const shown = input.type === "text";
  input.type = shown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!shown));
}

async function mistype() {
  const button = byId("mistype");
  button.disabled = true;
  turnTo("computer");
  signInAgain();
  try {
    const { tries } = await post("wrong-tries", {});
    byId("says").textContent = `A wrong password was typed ${tries} times.`;
  } finally {
    button.disabled = false;
  }
}

if (glass) {
  minded(byId("sign-in"), () => signIn(byId("password").value));
  minded(byId("change"), changePassword);
  byId("told-ok").addEventListener("click", () => afterOk());
  byId("cancel").addEventListener("click", () => signInAgain());
  byId("sign-out").addEventListener("click", () => signInAgain());
  byId("paste").addEventListener("click", () => fillIn([...tokens()].at(-1)));
  byId("mistype").addEventListener("click", mistype);
  for (const button of glass.querySelectorAll(".peek")) {
    button.addEventListener("click", () => peek(button));
  }
}

document.querySelector("[aria-current]").scrollIntoView({ block: "nearest", inline: "center" });
tellTimes(document);
tellTheTime();
setInterval(() => {
  tellTheTime();
  if (byId("account")) tellTimes(byId("account"));
}, 10_000);
scroll.scrollTop = scroll.scrollHeight;
byId("lines-scroll").scrollTop = byId("lines-scroll").scrollHeight;
offerPaste();
listen();
